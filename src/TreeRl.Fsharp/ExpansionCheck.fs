namespace TreeRl

open System
open TreeRl.Sampling

/// <summary>Checks the lines of a <c>branching</c> block about starts, widths by depth, shares and expansions.</summary>
module internal ExpansionCheck =
    let branches spec = spec.Trigger <> NeverBranch

    /// Without branch points every leaf is a tree of its own.
    let trees spec =
        match spec.Trees with
        | Some trees -> trees
        | None when branches spec || spec.Expansion.IsSome -> 1
        | None -> max 1 spec.Leaves

    /// A prompt never starts with more trees than this.
    let mostTrees spec =
        spec.TreesUpTo |> Option.defaultValue (trees spec)

    /// Ended answers are cut until all leaves are there.
    let fallsBack spec =
        match spec.Expansion with
        | Some phrase -> phrase.Value :? Expansion.Fallback
        | None -> false

    /// A list of fan-outs is a depth too.
    let maxDepth spec =
        if spec.MaxDepth = Int32.MaxValue && not spec.FanOuts.IsEmpty then
            spec.FanOuts.Length
        else
            spec.MaxDepth

    let private fanOuts spec (own: Set<string>) =
        [
            if own.Contains "fanOuts" && own.Contains "fanOut" then
                Check.problem
                    "branching.fanOut"
                    $"{spec.FanOut}"
                    "contradicts 'fanOuts', which says the fan-out of each depth"
                    "keep one of the two lines"
            if
                own.Contains "fanOutBetween"
                && (own.Contains "fanOut" || own.Contains "fanOuts")
            then
                Check.problem
                    "branching.fanOutBetween"
                    $"{spec.FanOut} {spec.FanOutUpTo}"
                    "contradicts the line that fixes the fan-out"
                    "keep one of the two lines"
            if spec.FanOutUpTo <> 0 && spec.FanOutUpTo < spec.FanOut then
                Check.problem
                    "branching.fanOutBetween"
                    $"{spec.FanOut} {spec.FanOutUpTo}"
                    "must be a range, the smaller number first"
                    $"write 'fanOutBetween {spec.FanOutUpTo} {spec.FanOut}'"
            for width in spec.FanOuts do
                yield!
                    Check.atLeast
                        2
                        "branching.fanOuts"
                        width
                        " (a node with one child is no branch)"
                        "list the fan-outs from the first branch point down: 'fanOuts [ 6; 6 ]'"
            if not spec.FanOuts.IsEmpty && spec.FanOutRule <> Fixed then
                Check.problem
                    "branching.fanOutRule"
                    $"{spec.FanOutRule}"
                    "contradicts 'fanOuts', which says the fan-out of each depth"
                    "keep one of the two lines"
            if not spec.FanOuts.IsEmpty && maxDepth spec > spec.FanOuts.Length then
                Check.problem
                    "branching.maxDepth"
                    $"{spec.MaxDepth}"
                    $"exceeds the {spec.FanOuts.Length} fan-outs of 'fanOuts'"
                    "leave the line out: the list is the depth"
        ]

    let private firstFork spec (own: Set<string>) =
        [
            match spec.TreesUpTo with
            | Some most ->
                if own.Contains "trees" && own.Contains "firstFork" then
                    Check.problem
                        "branching.firstFork"
                        $"{trees spec} {most}"
                        "contradicts 'trees', which says the number of trees"
                        "keep one of the two lines"

                if most < trees spec then
                    Check.problem
                        "branching.firstFork"
                        $"{trees spec} {most}"
                        "must be a range, the smaller number first"
                        $"write 'firstFork {most} {trees spec}'"
            | None -> ()
        ]

    let private expansion spec =
        match spec.Expansion with
        | None -> []
        | Some phrase when not phrase.Problems.IsEmpty -> phrase.Problems
        | Some phrase ->
            [
                if maxDepth spec <> Int32.MaxValue then
                    Check.problem
                        "branching.maxDepth"
                        $"{maxDepth spec}"
                        "cannot be kept by 'expand', which branches above answers that are there"
                        "leave the depth out: 'leaves' and 'maxTokens' are the bounds"
                if phrase.Value.LeavesPerTree.HasValue then
                    let each = phrase.Value.LeavesPerTree.Value
                    let all = int64 (mostTrees spec) * each

                    if spec.Leaves >= 1 && int64 spec.Leaves < all then
                        Check.problem
                            "branching.leaves"
                            $"{spec.Leaves}"
                            ($"must be at least {all}: the expansion brings each of "
                             + Show.count (mostTrees spec) "tree"
                             + " to "
                             + Show.wholeCount each "answer")
                            $"write 'leaves {all}', or fewer trees"
                if fallsBack spec && spec.TopUp = NewTrees then
                    Check.problem
                        "branching.topUp"
                        "newTrees"
                        "has no meaning with 'expand (fallback ..)', which goes on until the leaves are there"
                        "remove the line, or write 'topUp noTopUp'"
            ]

    let problems spec (own: Set<string>) =
        firstFork spec own
        @ fanOuts spec own
        @ (spec.Weights |> Option.map _.Problems |> Option.defaultValue [])
        @ expansion spec
