namespace TreeRl

open System
open System.Collections.Immutable
open TreeRl.Credit

/// <summary>Checks <c>redistribution</c> blocks and turns them into credit rules.</summary>
module internal RedistributionCheck =
    let start: RedistributionSpec =
        {
            Leaves = LeafSteps []
            Backup = Backup.None
            BackupShown = "noBackup"
            BackupProblems = []
            Terms = Terms []
            Spread = None
            Prune = None
            Choice = None
            Mask = None
            After = AfterSteps []
            Train = None
            OnlyOne = GetsZero
        }

    let spread (spec: RedistributionSpec) =
        match spec.Spread with
        | Some spread -> spread
        | None when spec.BackupShown = "noBackup" -> Paths
        | None -> Segments

    let train spec =
        match spec.Train with
        | Some unit -> unit
        | None -> if spread spec = Paths then EveryPath else OncePerToken

    let private scopeOf group =
        match group with
        | Prompt -> Some CreditScope.Prompt
        | Tree -> Some CreditScope.Tree
        | Batch -> Some CreditScope.Batch
        | _ -> None

    let private baselineOf group =
        match group with
        | Prompt -> Some Baseline.Prompt
        | Tree -> Some Baseline.Tree
        | Batch -> None
        | Zero -> Some Baseline.Zero
        | Parent -> Some Baseline.Parent
        | Root -> Some Baseline.Root
        | Siblings -> Some Baseline.Siblings
        | OtherSiblings -> Some Baseline.OtherSiblings
        | Ancestors -> Some(Baseline.AncestorGroups(false, false))
        | AncestorsBySize -> Some(Baseline.AncestorGroups(true, false))
        | SkippingEqual bySize -> Some(Baseline.AncestorGroups(bySize, true))
        | CustomGroup(name, compute) -> Some(Baseline.Custom(name, compute))

    let rec private stdOf divisor =
        match divisor with
        | Std -> Some(StdRule.Sample())
        | PopulationStd -> Some(StdRule.Population())
        | BernoulliStd -> Some(StdRule.BernoulliStd())
        | BernoulliVariance -> Some(StdRule.BernoulliVariance())
        | WithEpsilon(value, inner) -> stdOf inner |> Option.map (fun rule -> StdRule(rule.Kind, value))
        | SqrtLeafCount
        | CustomDivisor _ -> None

    let private named what name =
        Check.rule
            (not (String.IsNullOrWhiteSpace name))
            what
            (Show.text name)
            "must have a name, which prints in reports and errors"
            ""

    let private divisorProblems path divisor =
        match divisor with
        | WithEpsilon(value, inner) ->
            Check.notNegative (path + " epsilon") value "it is added to the divisor"
            @ (match inner with
               | SqrtLeafCount
               | CustomDivisor _ ->
                   [
                       Check.problem
                           (path + " epsilon")
                           (string inner)
                           "belongs to a deviation"
                           "write for example 'epsilon 1e-4 Std'"
                   ]
               | _ -> [])
        | CustomDivisor(name, _) -> named (path + " customDivisor") name
        | _ -> []

    let private leafProblems step =
        let path = "redistribution.leafScore"

        let scope word group =
            Check.rule
                ((scopeOf group).IsSome)
                $"{path} {word}"
                (string group)
                "needs a set of leaves: Prompt, Tree or Batch"
                $"to compare a node's value with {group}, write 'advantage (over {group})'"

        match step with
        | CentreStep group -> scope "centre" group
        | LeaveOneOutStep group -> scope "leaveOneOut" group
        | ScaleStep(group, divisor) ->
            scope "scale" group
            @ divisorProblems path divisor
            @ Check.rule
                ((stdOf divisor).IsSome)
                $"{path} scale"
                (string divisor)
                "is for the terms of an advantage"
                "divide leaf scores by Std, PopulationStd, BernoulliStd or BernoulliVariance"
        | CustomLeafStep(name, _) -> named $"{path} customLeaves" name

    let private readsInner group =
        match group with
        | Parent
        | Root
        | Siblings
        | OtherSiblings -> true
        | _ -> false

    let private termProblems (spec: RedistributionSpec) (term: Term) =
        let path = "redistribution.advantage"

        [
            if not (Double.IsFinite term.Weight) then
                Check.problem path (string term) "must have a finite weight" ""
            match term.Group with
            | Batch ->
                Check.problem
                    path
                    (string term)
                    "Batch is no baseline"
                    "centre the leaf scores instead: 'leafScore (centre Batch)' with 'advantage (over Zero)'"
            | CustomGroup(name, _) -> yield! named $"{path} customBaseline" name
            | _ -> ()
            if spec.BackupShown = "noBackup" && readsInner term.Group then
                Check.problem
                    path
                    (string term)
                    "reads the values of inner nodes, but no backup gives them"
                    "add a line such as 'backup meanOfLeaves'"
            match term.Divisor with
            | Some divisor -> yield! divisorProblems path divisor
            | None -> ()
        ]

    let private pruneProblems spec =
        match spec.Prune with
        | None -> []
        | Some rule ->
            let path = "redistribution.prune"

            [
                if rule.Over <> Prompt && rule.Over <> Siblings then
                    Check.problem
                        path
                        (string rule)
                        "works on Prompt or Siblings"
                        "write for example 'prune (narrow Siblings Gap 0.1)'"
                yield! Check.notNegative (path + " narrow") rule.Threshold "0 drops only groups of equal values"
                if rule.Refill <> 0 then
                    yield!
                        Check.atLeast
                            1
                            (path + " refilled")
                            rule.Refill
                            " try"
                            "leave 'refilled' out to train the prompts that are left"

                    if rule.Over = Siblings then
                        Check.problem
                            (path + " refilled")
                            (string rule)
                            "replaces prompts, but the rule leaves sibling groups out"
                            "write for example 'prune (equalPrompts |> refilled 10)'"
                if rule.Over = Siblings && spread spec = Paths then
                    Check.problem
                        path
                        (string rule)
                        "contradicts 'spread Paths', which keeps or drops a path as a whole"
                        "write 'prune equalPrompts', or 'spread Segments'"
                if rule.Over = Siblings && spec.BackupShown = "noBackup" then
                    Check.problem
                        path
                        (string rule)
                        "reads the values of inner nodes, but no backup gives them"
                        "add a line such as 'backup meanOfChildren'"
            ]

    let private afterProblems spec step =
        let path = "redistribution.after"

        match step with
        | WhitenStep value -> Check.notNegative (path + " whitenWith") value "it is added to the variance"
        | LimitStep limit -> Check.positive (path + " limit") limit "advantages are kept between -limit and limit"
        | TokensStep(name, _) ->
            named $"{path} customTokens" name
            @ Check.rule
                (spread spec = Segments)
                path
                (string step)
                "works on tokens, but with 'spread Paths' a shared token has one advantage for each path"
                "use 'customPaths', or 'spread Segments'"
        | LeavesStep(name, _) ->
            named $"{path} customPaths" name
            @ Check.rule
                (spread spec = Paths)
                path
                (string step)
                "works on paths, but with 'spread Segments' advantages belong to nodes"
                "use 'customTokens', or 'spread Paths'"

    let private contradictions (spec: RedistributionSpec) =
        [
            if spec.Spread = Some Segments && spec.BackupShown = "noBackup" then
                Check.problem
                    "redistribution.spread"
                    "Segments"
                    "needs values of inner nodes, but no backup gives them"
                    "add a line such as 'backup meanOfLeaves', or write 'spread Paths'"
            match spec.Train with
            | Some unit when spread spec = Paths && unit <> EveryPath ->
                Check.problem
                    "redistribution.train"
                    (string unit)
                    "contradicts 'spread Paths', where a shared token has one advantage for each path"
                    "write 'train EveryPath', or 'spread Segments' with a backup"
            | _ -> ()
        ]

    let problems (draft: Draft<RedistributionSpec>) =
        let spec = draft.Spec

        [
            yield! draft.Problems
            if not (draft.Given.Contains "advantage") then
                Check.missing
                    "redistribution.advantage"
                    "is missing: it says what a value is compared with"
                    "add a line such as 'advantage (over Parent)', or 'advantage (over Zero)' for the value itself"
            for step in spec.Leaves.Steps do
                yield! leafProblems step
            for term in spec.Terms.List do
                yield! termProblems spec term
            yield! spec.BackupProblems
            if spec.BackupShown.Contains "freshValues" && not spec.Leaves.Steps.IsEmpty then
                Check.problem
                    "redistribution.leafScore"
                    (string spec.Leaves)
                    "changes the scores of leaves, but fresh values are rewards, which they would be compared with"
                    "leave one of the two lines out"
            yield! pruneProblems spec
            yield! spec.Choice |> Option.map _.Problems |> Option.defaultValue []
            yield! spec.Mask |> Option.map _.Problems |> Option.defaultValue []
            for step in spec.After.Steps do
                yield! afterProblems spec step
            yield! contradictions spec
        ]

    let private leafStep step =
        match step with
        | CentreStep group -> LeafTransform.Centre (scopeOf group).Value
        | LeaveOneOutStep group -> LeafTransform.LeaveOneOut (scopeOf group).Value
        | ScaleStep(group, divisor) -> LeafTransform.Scale((scopeOf group).Value, (stdOf divisor).Value)
        | CustomLeafStep(name, compute) -> LeafTransform.Custom(name, compute)

    let private term (term: Term) =
        let scale =
            match term.Divisor with
            | None -> TermScale.None
            | Some SqrtLeafCount -> TermScale.SqrtLeafCount
            | Some(CustomDivisor(name, compute)) -> TermScale.Custom(name, compute)
            | Some divisor -> TermScale.Std (stdOf divisor).Value

        CreditTerm(term.Weight, (baselineOf term.Group).Value, scale)

    let private after step =
        match step with
        | WhitenStep value -> AfterStep.Whiten value
        | LimitStep limit -> AfterStep.Clip limit
        | TokensStep(name, compute) -> AfterStep.Tokens(name, compute)
        | LeavesStep(name, compute) -> AfterStep.Leaves(name, compute)

    let prune (rule: Pruning) =
        let groups =
            if rule.Over = Siblings then
                PruneGroups.Siblings
            else
                PruneGroups.Prompt

        let statistic =
            match rule.Statistic with
            | Gap -> SpreadStatistic.Range
            | Deviation -> SpreadStatistic.Std
            | Variance -> SpreadStatistic.Variance

        PruneRule(groups, statistic, rule.Threshold, rule.KeepSingletons)

    let private unitOf unit =
        match unit with
        | OncePerToken -> TrainingUnit.TokenOnce
        | OncePerEdge -> TrainingUnit.EdgeOnce
        | SiblingGroup -> TrainingUnit.SiblingGroup
        | EveryPath -> TrainingUnit.PathDuplicated

    let ofSpec name (spec: RedistributionSpec) =
        let rule =
            CreditRule(
                name,
                Leaves = ImmutableArray.CreateRange(spec.Leaves.Steps |> List.map leafStep),
                Backup = spec.Backup,
                Terms = ImmutableArray.CreateRange(spec.Terms.List |> List.map term),
                Spread =
                    (if spread spec = Paths then
                         CreditSpread.Path
                     else
                         CreditSpread.Segment),
                After = ImmutableArray.CreateRange(spec.After.Steps |> List.map after),
                Unit = unitOf (train spec),
                Singletons =
                    (if spec.OnlyOne = KeepsValue then
                         SingletonRule.KeepValue
                     else
                         SingletonRule.Zero)
            )

        let set change value (rule: CreditRule) =
            match value with
            | Some value -> change rule value
            | None -> rule

        rule
        |> set (fun rule pruning -> rule.WithPrune(prune pruning)) spec.Prune
        |> set (fun rule (choice: Phrase<LeafChoice>) -> rule.WithChoice choice.Value) spec.Choice
        |> set (fun rule (mask: Phrase<TokenMask>) -> rule.WithMask mask.Value) spec.Mask

    let describe (spec: RedistributionSpec) =
        [
            "leafScore", string spec.Leaves
            "backup", spec.BackupShown
            "advantage", string spec.Terms
            "spread", string (spread spec)
            "prune", (spec.Prune |> Option.map string |> Option.defaultValue "none")
            "choose", (spec.Choice |> Option.map string |> Option.defaultValue "allLeaves")
            "mask", (spec.Mask |> Option.map string |> Option.defaultValue "noMask")
            "after", string spec.After
            "train", string (train spec)
            "onlyOne", string spec.OnlyOne
        ]

    /// Problems the rule itself finds, should the core be stricter than the block.
    let leftovers (rule: CreditRule) =
        [ for text in rule.Problems() -> Check.refused "redistribution" text ]
