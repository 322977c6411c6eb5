namespace TreeRl

open System
open TreeRl.Policies
open TreeRl.Sampling

/// <summary>Where a rollout branches; made by <c>entropyAbove</c>, <c>everyTokens</c>, <c>never</c> or <c>customTrigger</c>.</summary>
[<CustomEquality; NoComparison>]
type Trigger =
    internal
    | NeverBranch
    | EveryTokens of int
    | EntropyAbove of threshold: float * minNodeTokens: int
    | CustomTrigger of name: string * Func<BranchContext, bool>

    /// <summary>The trigger as one writes it.</summary>
    override trigger.ToString() =
        match trigger with
        | NeverBranch -> "never"
        | EveryTokens count -> $"(everyTokens {count})"
        | EntropyAbove(threshold, 1) -> $"(entropyAbove {Show.number threshold})"
        | EntropyAbove(threshold, least) -> $"(entropyAbove {Show.number threshold} |> afterTokens {least})"
        | CustomTrigger(name, _) -> $"(customTrigger {Show.text name} ..)"

    override trigger.Equals other =
        match other with
        | :? Trigger as other ->
            match trigger, other with
            | CustomTrigger(_, mine), CustomTrigger(_, others) -> Object.ReferenceEquals(mine, others)
            | _ -> string trigger = string other
        | _ -> false

    override trigger.GetHashCode() = (string trigger).GetHashCode()

/// <summary>A rule that ends a path early; made by <c>repeats</c> or <c>customStop</c>.</summary>
[<CustomEquality; NoComparison>]
type Stop =
    internal
    | Repeats of windowTokens: int * times: int
    | CustomStop of name: string * Func<StopContext, bool>

    /// <summary>The rule as one writes it.</summary>
    override stop.ToString() =
        match stop with
        | Repeats(window, times) -> $"(repeats {window} {times})"
        | CustomStop(name, _) -> $"(customStop {Show.text name} ..)"

    override stop.Equals other =
        match other with
        | :? Stop as other ->
            match stop, other with
            | CustomStop(_, mine), CustomStop(_, others) -> Object.ReferenceEquals(mine, others)
            | _ -> string stop = string other
        | _ -> false

    override stop.GetHashCode() = (string stop).GetHashCode()

/// <summary>What a path does when it has reached the largest depth.</summary>
type AtDepth =
    /// <summary>It goes on without branching.</summary>
    | GoOn
    /// <summary>It ends, with the reason MaxDepth.</summary>
    | EndThere

/// <summary>How many children a branch point gets.</summary>
type FanOutRule =
    /// <summary>As many as <c>fanOut</c> says, first come, first served when leaves run short.</summary>
    | Fixed
    /// <summary>TreePO's budget transfer: what ended answers no longer use goes evenly to those that go on.</summary>
    | Transfer
    /// <summary>An even share of the leaves the prompt has left; <c>fanOut</c> plays no part.</summary>
    | Fill

/// <summary>What happens when a prompt's branches have ended with answers missing; <c>newTrees</c> or <c>noTopUp</c>.</summary>
type TopUpRule =
    internal
    | NewTrees
    | NoTopUp

    /// <summary>The rule as one writes it.</summary>
    override rule.ToString() =
        match rule with
        | NewTrees -> "newTrees"
        | NoTopUp -> "noTopUp"

/// <summary>What the lines of a <c>branching</c> block set.</summary>
type BranchingSpec =
    internal
        {
            Trees: int option
            Leaves: int
            Trigger: Trigger
            FanOut: int
            FanOutRule: FanOutRule
            Distinct: bool option
            MaxDepth: int
            AtDepth: AtDepth
            MaxTokens: int
            PromptBudget: int64
            TopUp: TopUpRule
            StopTexts: string list
            Repeats: Stop option
            CustomStop: Stop option
            Temperature: float
            TopK: int
            TopP: float
            MinP: float
        }

/// <summary>
/// How answers are sampled: a checked and resolved <c>branching</c> block. Printing it shows every number and marks the defaults.
/// </summary>
[<Sealed>]
type Branching internal (spec: BranchingSpec, given: Set<string>, plan: SamplingPlan, lines: ResolvedLine[]) =
    inherit Block<BranchingSpec>("branching", spec, given, lines)

    /// <summary>The plan that the sampler reads.</summary>
    member _.Plan = plan

/// <summary>Checks and resolves <c>branching</c> blocks.</summary>
module internal BranchingCheck =
    let start =
        {
            Trees = None
            Leaves = 0
            Trigger = NeverBranch
            FanOut = 2
            FanOutRule = Fixed
            Distinct = None
            MaxDepth = Int32.MaxValue
            AtDepth = GoOn
            MaxTokens = 0
            PromptBudget = Int64.MaxValue
            TopUp = NoTopUp
            StopTexts = []
            Repeats = None
            CustomStop = None
            Temperature = 1.0
            TopK = 0
            TopP = 1.0
            MinP = 0.0
        }

    let private branches spec = spec.Trigger <> NeverBranch

    /// Without branch points every leaf is a tree of its own.
    let trees spec =
        match spec.Trees with
        | Some trees -> trees
        | None -> if branches spec then 1 else max 1 spec.Leaves

    let distinct spec =
        match spec.Distinct, spec.Trigger with
        | Some distinct, _ -> distinct
        | None, EntropyAbove _ -> true
        | None, _ -> false

    let private required (given: Set<string>) =
        [
            if not (given.Contains "leaves") then
                Check.missing
                    "branching.leaves"
                    "is missing: it says how many answers a prompt gets"
                    "add a line such as 'leaves 16'"
            if not (given.Contains "maxTokens") then
                Check.missing
                    "branching.maxTokens"
                    "is missing: it bounds the tokens of an answer"
                    "add a line such as 'maxTokens 256'"
        ]

    let private trigger spec =
        match spec.Trigger with
        | NeverBranch -> []
        | EveryTokens count ->
            Check.atLeast
                1
                "branching.branchWhen everyTokens"
                count
                " token"
                "write for example 'branchWhen (everyTokens 32)'"
        | EntropyAbove(threshold, least) ->
            Check.rule
                (threshold >= 0.0 && Double.IsFinite threshold)
                "branching.branchWhen entropyAbove"
                (Show.number threshold)
                "must be a finite number of nats, at least 0"
                "write for example 'branchWhen (entropyAbove 1.0)'"
            @ Check.atLeast 1 "branching.branchWhen afterTokens" least " token" ""
        | CustomTrigger(name, _) ->
            Check.rule
                (not (String.IsNullOrWhiteSpace name))
                "branching.branchWhen customTrigger"
                (Show.text name)
                "must have a name, which prints in plans and reports"
                ""

    let private stops spec =
        [
            match spec.Repeats with
            | Some(Repeats(window, times)) ->
                yield!
                    Check.atLeast
                        1
                        "branching.stopWhen repeats (window)"
                        window
                        " token"
                        "the first number is the window in tokens"

                yield!
                    Check.atLeast
                        2
                        "branching.stopWhen repeats (times)"
                        times
                        " (once is no repetition)"
                        "the second number says how often the window may occur"
            | _ -> ()
            for text in spec.StopTexts do
                yield! Check.rule (text <> "") "branching.stopAt" "\"\"" "must not be empty (every text contains it)" ""
        ]

    let private numbers spec (given: Set<string>) =
        [
            if given.Contains "leaves" then
                yield! Check.atLeast 1 "branching.leaves" spec.Leaves "" "write for example 'leaves 16'"
            if given.Contains "maxTokens" then
                yield! Check.atLeast 1 "branching.maxTokens" spec.MaxTokens "" "write for example 'maxTokens 256'"
            match spec.Trees with
            | Some trees -> yield! Check.atLeast 1 "branching.trees" trees "" "leave the line out for the default"
            | None -> ()
            yield!
                Check.atLeast
                    2
                    "branching.fanOut"
                    spec.FanOut
                    " (a node with one child is no branch)"
                    "write 'branchWhen never' for answers that do not branch"
            yield!
                Check.atLeast
                    1
                    "branching.maxDepth"
                    spec.MaxDepth
                    " (it counts the branch points above a node)"
                    "write 'branchWhen never' for answers that do not branch"
            yield!
                Check.rule
                    (spec.PromptBudget >= 1L)
                    "branching.promptBudget"
                    (string spec.PromptBudget)
                    "must be at least 1 token"
                    "leave the line out for no budget"
            yield!
                Check.notNegative
                    "branching.temperature"
                    spec.Temperature
                    "0 takes the likeliest token, 1 leaves the policy as it is"
            yield!
                Check.rule
                    (spec.TopK >= 0)
                    "branching.topK"
                    (string spec.TopK)
                    "must not be negative"
                    "0 keeps every token"
            yield!
                Check.rule
                    (spec.TopP > 0.0 && spec.TopP <= 1.0)
                    "branching.topP"
                    (Show.number spec.TopP)
                    "must lie above 0 and be at most 1"
                    "1 keeps every token"
            yield! Check.within 0.0 1.0 "branching.minP" spec.MinP "0 keeps every token"
        ]

    let private contradictions spec (own: Set<string>) =
        let trees = trees spec

        let needsBranches word =
            [
                if own.Contains word && not (branches spec) then
                    Check.missing
                        $"branching.{word}"
                        "has no meaning when nothing branches"
                        "add a line such as 'branchWhen (entropyAbove 1.0)', or remove this one"
            ]

        [
            for word in [ "fanOut"; "fanOutRule"; "maxDepth"; "atMaxDepth"; "distinctFirstTokens" ] do
                yield! needsBranches word
            if own.Contains "fanOut" && spec.FanOutRule = Fill then
                Check.problem
                    "branching.fanOut"
                    $"{spec.FanOut}"
                    "contradicts 'fanOutRule Fill', which spreads the leaves that are left over the live branches"
                    "keep one of the two lines"
            if spec.Leaves >= 1 && trees > spec.Leaves then
                Check.problem
                    "branching.trees"
                    $"{trees}"
                    $"must not exceed leaves = {spec.Leaves} (every tree has at least one leaf)"
                    $"write 'leaves {trees}' or more"
            if
                spec.Leaves >= 1
                && trees >= 1
                && not (branches spec)
                && trees < spec.Leaves
                && spec.TopUp = NoTopUp
            then
                Check.problem
                    "branching.leaves"
                    $"{spec.Leaves}"
                    $"cannot be reached: nothing branches, so the {trees} trees have {trees} leaves"
                    $"write 'trees {spec.Leaves}', leave 'trees' out, or say when to branch ('branchWhen (entropyAbove 1.0)')"
            if branches spec && spec.Leaves = 1 then
                Check.problem
                    "branching.leaves"
                    "1"
                    "leaves no room for a branch"
                    "write 'leaves 2' or more, or 'branchWhen never'"
            if
                spec.Temperature = 0.0
                && spec.Leaves > 1
                && not (branches spec && distinct spec)
            then
                Check.problem
                    "branching.temperature"
                    "0"
                    "always takes the likeliest token, so all answers of a prompt would be the same"
                    "write a temperature above 0, or 'distinctFirstTokens true' with a trigger"
            match spec.Trigger with
            | EveryTokens count when spec.MaxTokens >= 1 && count >= spec.MaxTokens ->
                Check.problem
                    "branching.branchWhen everyTokens"
                    $"{count}"
                    $"never happens, since a path ends at maxTokens = {spec.MaxTokens}"
                    $"write a number below {spec.MaxTokens}"
            | _ -> ()
            if spec.AtDepth = EndThere && spec.MaxDepth = Int32.MaxValue then
                Check.problem
                    "branching.atMaxDepth"
                    "EndThere"
                    "has no meaning without a depth"
                    "add a line such as 'maxDepth 3'"
        ]

    let describe spec =
        [
            "trees", string (trees spec)
            "leaves", string spec.Leaves
            "branchWhen", string spec.Trigger
            if branches spec then
                if spec.FanOutRule <> Fill then
                    "fanOut", string spec.FanOut

                "fanOutRule", string spec.FanOutRule
                "maxDepth", Show.limit spec.MaxDepth
                "atMaxDepth", string spec.AtDepth
                "distinctFirstTokens", Show.flag (distinct spec)
            "maxTokens", string spec.MaxTokens
            "promptBudget", Show.limit64 spec.PromptBudget
            "topUp", string spec.TopUp
            match spec.Repeats with
            | Some rule -> "stopWhen repeats", string rule
            | None -> ()
            match spec.CustomStop with
            | Some rule -> "stopWhen custom", string rule
            | None -> ()
            for text in List.rev spec.StopTexts do
                $"stopAt {Show.text text}", ""
            "temperature", Show.number spec.Temperature
            "topK", (if spec.TopK = 0 then "all" else string spec.TopK)
            "topP", Show.number spec.TopP
            "minP", Show.number spec.MinP
        ]

    let problems (draft: Draft<BranchingSpec>) =
        let spec, given = draft.Spec, draft.Given

        draft.Problems
        @ required given
        @ numbers spec given
        @ trigger spec
        @ stops spec
        @ contradictions spec draft.Own
