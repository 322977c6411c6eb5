namespace TreeRl

open System
open TreeRl.Sampling

/// <summary>Checks and resolves <c>branching</c> blocks.</summary>
module internal BranchingCheck =
    let start =
        {
            Trees = None
            TreesUpTo = None
            Leaves = 0
            Trigger = NeverBranch
            FanOut = 2
            FanOutUpTo = 0
            FanOuts = []
            FanOutRule = Fixed
            Weights = None
            Distinct = None
            MaxDepth = Int32.MaxValue
            AtDepth = GoOn
            MaxTokens = 0
            MinTokens = 0
            StepNodes = None
            PromptBudget = Int64.MaxValue
            TopUp = NoTopUp
            Expansion = None
            StopTexts = []
            Repeats = None
            RepetitionOrder = AfterText
            CustomStop = None
            Temperature = 1.0
            TopK = 0
            TopP = 1.0
            MinP = 0.0
        }

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
                    (spec.MinTokens >= 0)
                    "branching.minTokens"
                    (string spec.MinTokens)
                    "must not be negative"
                    "0 keeps every answer"
            yield! spec.StepNodes |> Option.map _.Problems |> Option.defaultValue []
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
        let trees = ExpansionCheck.mostTrees spec

        let needsBranches word =
            [
                if own.Contains word && not (ExpansionCheck.branches spec) then
                    Check.missing
                        $"branching.{word}"
                        "has no meaning when nothing branches"
                        "add a line such as 'branchWhen (entropyAbove 1.0)', or remove this one"
            ]

        [
            if not (ExpansionCheck.fallsBack spec) then
                yield! needsBranches "fanOut"
            for word in
                [
                    "fanOutBetween"
                    "fanOuts"
                    "fanOutRule"
                    "weigh"
                    "maxDepth"
                    "atMaxDepth"
                    "distinctFirstTokens"
                ] do
                yield! needsBranches word
            if own.Contains "repetitionOrder" && spec.Repeats.IsNone then
                Check.missing
                    "branching.repetitionOrder"
                    "has no meaning without a rule about repetitions"
                    "add a line such as 'stopWhen (repeats 8 4)', or remove this one"
            match spec.FanOutRule with
            | Fill when own.Contains "fanOut" || own.Contains "fanOutBetween" ->
                Check.problem
                    "branching.fanOut"
                    $"{spec.FanOut}"
                    "contradicts 'fanOutRule Fill', which spreads the leaves that are left over the live branches"
                    "keep one of the two lines"
            | StepBudget _ when own.Contains "fanOut" || own.Contains "fanOutBetween" ->
                Check.problem
                    "branching.fanOut"
                    $"{spec.FanOut}"
                    $"contradicts 'fanOutRule {spec.FanOutRule}', which divides the budget by the segment"
                    "keep one of the two lines"
            | _ -> ()
            match spec.FanOutRule, spec.Trigger with
            | StepBudget tokens, EveryTokens segment when segment >= 1 ->
                yield!
                    Check.rule
                        (tokens >= segment)
                        "branching.fanOutRule StepBudget"
                        (string tokens)
                        $"must be at least {segment}, the tokens of one segment"
                        $"write for example 'fanOutRule (StepBudget {8 * segment})'"
            | StepBudget tokens, trigger when trigger <> NeverBranch ->
                Check.problem
                    "branching.fanOutRule StepBudget"
                    (string tokens)
                    $"divides a budget by segments of one length, but branches open at {trigger}"
                    "write 'branchWhen (everyTokens ..)', or another rule"
            | _ -> ()
            if spec.MaxTokens >= 1 && spec.MinTokens > spec.MaxTokens then
                Check.problem
                    "branching.minTokens"
                    $"{spec.MinTokens}"
                    $"exceeds maxTokens = {spec.MaxTokens}, so that no answer is long enough"
                    $"write a number of at most {spec.MaxTokens}"
            if spec.Leaves >= 1 && trees > spec.Leaves then
                Check.problem
                    "branching.trees"
                    $"{trees}"
                    $"must not exceed leaves = {spec.Leaves} (every tree has at least one leaf)"
                    $"write 'leaves {trees}' or more"
            if
                spec.Leaves >= 1
                && trees >= 1
                && not (ExpansionCheck.branches spec)
                && trees < spec.Leaves
                && spec.TopUp = NoTopUp
                && spec.Expansion.IsNone
            then
                Check.problem
                    "branching.leaves"
                    $"{spec.Leaves}"
                    ("cannot be reached: nothing branches, so the "
                     + if trees = 1 then
                           "tree has 1 leaf"
                       else
                           $"{trees} trees have {trees} leaves")
                    $"write 'trees {spec.Leaves}', leave 'trees' out, or say when to branch ('branchWhen (entropyAbove 1.0)')"
            if ExpansionCheck.branches spec && spec.Leaves = 1 then
                Check.problem
                    "branching.leaves"
                    "1"
                    "leaves no room for a branch"
                    "write 'leaves 2' or more, or 'branchWhen never'"
            if
                spec.Temperature = 0.0
                && spec.Leaves > 1
                && not (ExpansionCheck.branches spec && distinct spec)
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
            if spec.AtDepth = EndThere && ExpansionCheck.maxDepth spec = Int32.MaxValue then
                Check.problem
                    "branching.atMaxDepth"
                    "EndThere"
                    "has no meaning without a depth"
                    "add a line such as 'maxDepth 3'"
        ]

    let describe spec =
        [
            match spec.TreesUpTo with
            | Some most -> "firstFork", $"{ExpansionCheck.trees spec} {most}"
            | None -> "trees", string (ExpansionCheck.trees spec)
            "leaves", string spec.Leaves
            "branchWhen", string spec.Trigger
            let readsFanOut =
                match spec.FanOutRule with
                | Fill
                | StepBudget _ -> false
                | _ -> ExpansionCheck.branches spec

            if not spec.FanOuts.IsEmpty then
                "fanOuts", string spec.FanOuts
            elif readsFanOut && spec.FanOutUpTo <> 0 then
                "fanOutBetween", $"{spec.FanOut} {spec.FanOutUpTo}"
            elif ExpansionCheck.fallsBack spec || readsFanOut then
                "fanOut", string spec.FanOut

            if ExpansionCheck.branches spec then
                "fanOutRule", string spec.FanOutRule

                match spec.Weights with
                | Some weights -> "weigh", string weights
                | None -> "weigh", "evenly"

                "maxDepth", Show.limit (ExpansionCheck.maxDepth spec)
                "atMaxDepth", string spec.AtDepth
                "distinctFirstTokens", Show.flag (distinct spec)

            "maxTokens", string spec.MaxTokens
            "minTokens", string spec.MinTokens
            "stepNodes", (spec.StepNodes |> Option.map string |> Option.defaultValue "wholeNodes")
            "promptBudget", Show.limit64 spec.PromptBudget

            match spec.Expansion with
            | Some phrase -> "expand", string phrase
            | None -> "expand", "noExpansion"

            if not (ExpansionCheck.fallsBack spec) then
                "topUp", string spec.TopUp

            match spec.Repeats with
            | Some rule ->
                "stopWhen repeats", string rule
                "repetitionOrder", string spec.RepetitionOrder
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
        @ ExpansionCheck.problems spec draft.Own
        @ contradictions spec draft.Own
