namespace TreeRl

open System
open TreeRl.Credit
open TreeRl.Forests

/// <summary>
/// What a score or value is compared with. <c>Prompt</c>, <c>Tree</c> and <c>Batch</c> are sets of leaves, for <c>centre</c>,
/// <c>scale</c> and <c>leaveOneOut</c>; all but <c>Batch</c> are baselines, for <c>over</c>.
/// </summary>
[<CustomEquality; NoComparison>]
type Group =
    /// <summary>The leaves of the prompt, over all its trees.</summary>
    | Prompt
    /// <summary>The leaves of the node's tree.</summary>
    | Tree
    /// <summary>All leaves of the forest.</summary>
    | Batch
    /// <summary>Nothing: the value itself counts.</summary>
    | Zero
    /// <summary>The value of the parent; for a root, that of the prompt.</summary>
    | Parent
    /// <summary>The value of the root of the node's tree.</summary>
    | Root
    /// <summary>The mean value of the node and its siblings.</summary>
    | Siblings
    /// <summary>The mean value of the siblings without the node.</summary>
    | OtherSiblings
    /// <summary>The mean over the nested groups of leaves that contain the node (TreePO 2508.17445), each weighing the same.</summary>
    | Ancestors
    /// <summary>As <c>Ancestors</c>, each group weighing as many as its leaves.</summary>
    | AncestorsBySize
    /// <summary>Made by <c>skipEqualGroups</c>.</summary>
    | SkippingEqual of bySize: bool
    /// <summary>Made by <c>customBaseline</c>.</summary>
    | CustomGroup of name: string * Func<Forest, float[], float[]>

    /// <summary>The group as one writes it.</summary>
    override group.ToString() =
        match group with
        | Prompt -> "Prompt"
        | Tree -> "Tree"
        | Batch -> "Batch"
        | Zero -> "Zero"
        | Parent -> "Parent"
        | Root -> "Root"
        | Siblings -> "Siblings"
        | OtherSiblings -> "OtherSiblings"
        | Ancestors -> "Ancestors"
        | AncestorsBySize -> "AncestorsBySize"
        | SkippingEqual bySize -> $"""(skipEqualGroups {if bySize then "AncestorsBySize" else "Ancestors"})"""
        | CustomGroup(name, _) -> $"(customBaseline {Show.text name} ..)"

    override group.Equals other =
        match other with
        | :? Group as other ->
            match group, other with
            | CustomGroup(_, mine), CustomGroup(_, others) -> Object.ReferenceEquals(mine, others)
            | _ -> string group = string other
        | _ -> false

    override group.GetHashCode() = (string group).GetHashCode()

/// <summary>What a score or a difference is divided by.</summary>
[<CustomEquality; NoComparison>]
type Divisor =
    /// <summary>The standard deviation with n-1, plus 1e-6 (GRPO's public implementations).</summary>
    | Std
    /// <summary>The standard deviation with n, plus 1e-8.</summary>
    | PopulationStd
    /// <summary>sqrt(mu (1 - mu)) of the group's mean mu, plus 1e-6; for rewards between 0 and 1.</summary>
    | BernoulliStd
    /// <summary>mu (1 - mu) of the group's mean mu, plus 1e-6; for rewards between 0 and 1.</summary>
    | BernoulliVariance
    /// <summary>The square root of the number of scored leaves below the node (TreeRL 2506.11902); for terms only.</summary>
    | SqrtLeafCount
    /// <summary>Made by <c>epsilon</c>: a deviation with another number added.</summary>
    | WithEpsilon of float * Divisor
    /// <summary>Made by <c>customDivisor</c>; for terms only.</summary>
    | CustomDivisor of name: string * Func<Forest, float[], float[]>

    /// <summary>The divisor as one writes it.</summary>
    override divisor.ToString() =
        match divisor with
        | Std -> "Std"
        | PopulationStd -> "PopulationStd"
        | BernoulliStd -> "BernoulliStd"
        | BernoulliVariance -> "BernoulliVariance"
        | SqrtLeafCount -> "SqrtLeafCount"
        | WithEpsilon(value, inner) -> $"(epsilon {Show.number value} {inner})"
        | CustomDivisor(name, _) -> $"(customDivisor {Show.text name} ..)"

    override divisor.Equals other =
        match other with
        | :? Divisor as other ->
            match divisor, other with
            | CustomDivisor(_, mine), CustomDivisor(_, others) -> Object.ReferenceEquals(mine, others)
            | _ -> string divisor = string other
        | _ -> false

    override divisor.GetHashCode() = (string divisor).GetHashCode()

/// <summary>One step from rewards to leaf scores.</summary>
type internal LeafStep =
    | CentreStep of Group
    | ScaleStep of Group * Divisor
    | LeaveOneOutStep of Group
    | CustomLeafStep of name: string * Func<Forest, float[], float[]>

    override step.ToString() =
        match step with
        | CentreStep group -> $"centre {group}"
        | ScaleStep(group, divisor) -> $"scale {group} {divisor}"
        | LeaveOneOutStep group -> $"leaveOneOut {group}"
        | CustomLeafStep(name, _) -> $"customLeaves {Show.text name} .."

/// <summary>Steps from rewards to leaf scores, chained by <c>>></c>: <c>centre Prompt >> scale Prompt Std</c>.</summary>
[<Sealed>]
type LeafSteps internal (steps: LeafStep list) =
    member internal _.Steps = steps

    /// <summary>The steps as one writes them.</summary>
    override _.ToString() =
        match steps with
        | [] -> "id"
        | [ step ] -> $"({step})"
        | _ -> "(" + String.Join(" >> ", steps |> List.map string) + ")"

/// <summary>One term of an advantage: weight * (value - baseline) / divisor.</summary>
type internal Term =
    {
        Weight: float
        Group: Group
        Divisor: Divisor option
    }

    override term.ToString() =
        let divided =
            match term.Divisor with
            | Some divisor -> $"over {term.Group} / {divisor}"
            | None -> $"over {term.Group}"

        if term.Weight = 1.0 then
            divided
        else
            $"{Show.number term.Weight} * {divided}"

/// <summary>
/// The terms of an advantage: <c>over Parent + over Root</c>, <c>over Prompt / Std</c>, <c>0.5 * over Tree</c>.
/// </summary>
[<Sealed>]
type Terms internal (terms: Term list) =
    member internal _.List = terms

    /// <summary>Both.</summary>
    static member (+)(left: Terms, right: Terms) = Terms(left.List @ right.List)

    /// <summary>Both; the same as +.</summary>
    static member (++)(left: Terms, right: Terms) = Terms(left.List @ right.List)

    /// <summary>Divides each term that has no divisor yet.</summary>
    static member (/)(terms: Terms, divisor: Divisor) =
        Terms(
            terms.List
            |> List.map (fun term ->
                match term.Divisor with
                | None -> { term with Divisor = Some divisor }
                | Some earlier ->
                    invalidArg "divisor" $"'{term}' is divided by {earlier} already: write one divisor for a term")
        )

    /// <summary>Multiplies the weight of each term.</summary>
    static member (*)(weight: float, terms: Terms) =
        Terms(
            terms.List
            |> List.map (fun term ->
                { term with
                    Weight = weight * term.Weight
                })
        )

    /// <summary>The terms as one writes them.</summary>
    override _.ToString() =
        "(" + String.Join(" + ", terms |> List.map string) + ")"

/// <summary>How an advantage reaches tokens.</summary>
type Spread =
    /// <summary>A node's tokens get the node's advantage.</summary>
    | Segments
    /// <summary>Every token of a leaf's path gets the leaf's advantage; a shared token gets one for each path.</summary>
    | Paths

/// <summary>What one training sample is.</summary>
type TrainUnit =
    /// <summary>Every token of the forest counts once; a sequence is a node.</summary>
    | OncePerToken
    /// <summary>As <c>OncePerToken</c>, nodes with an advantage of exactly 0 left out.</summary>
    | OncePerEdge
    /// <summary>A node counts once, inside its sibling group; groups weigh the same.</summary>
    | SiblingGroup
    /// <summary>A sequence is a whole path; a shared token counts once for each path, at the cost of one.</summary>
    | EveryPath

/// <summary>What a group of a single value gets.</summary>
type OnlyOne =
    /// <summary>Zero: one value says nothing relative to its group.</summary>
    | GetsZero
    /// <summary>The value itself (mean 0, deviation 1).</summary>
    | KeepsValue

/// <summary>How far apart the values of a group are.</summary>
type Statistic =
    /// <summary>Largest minus smallest.</summary>
    | Gap
    /// <summary>Standard deviation with n.</summary>
    | Deviation
    /// <summary>Variance with n.</summary>
    | Variance

/// <summary>Which groups are left out of training; made by <c>equalPrompts</c>, <c>equalSiblings</c> or <c>narrow</c>.</summary>
type Pruning =
    internal
        {
            Over: Group
            Statistic: Statistic
            Threshold: float
            KeepSingletons: bool
            Refill: int
        }

    /// <summary>The rule as one writes it.</summary>
    override rule.ToString() =
        let words =
            match rule.Over, rule.Statistic, rule.Threshold with
            | Prompt, Gap, 0.0 -> "equalPrompts"
            | Siblings, Gap, 0.0 -> "equalSiblings"
            | over, statistic, threshold -> $"(narrow {over} {statistic} {Show.number threshold})"

        let further =
            [
                if rule.KeepSingletons then
                    "keepSingletons"
                if rule.Refill <> 0 then
                    $"refilled {rule.Refill}"
            ]

        if further.IsEmpty then
            words
        else
            "(" + String.Join(" |> ", words.Trim('(', ')') :: further) + ")"

/// <summary>A step on token advantages after the terms were summed.</summary>
type internal AfterEach =
    | WhitenStep of epsilon: float
    | LimitStep of float
    | TokensStep of name: string * Func<Forest, float[], float[]>
    | LeavesStep of name: string * Func<Forest, float[], float[]>

    override step.ToString() =
        match step with
        | WhitenStep 1e-8 -> "whiten"
        | WhitenStep value -> $"whitenWith {Show.number value}"
        | LimitStep limit -> $"limit {Show.number limit}"
        | TokensStep(name, _) -> $"customTokens {Show.text name} .."
        | LeavesStep(name, _) -> $"customPaths {Show.text name} .."

/// <summary>Steps on token advantages, chained by <c>>></c>: <c>whiten >> limit 5.0</c>.</summary>
[<Sealed>]
type AfterSteps internal (steps: AfterEach list) =
    member internal _.Steps = steps

    /// <summary>The steps as one writes them.</summary>
    override _.ToString() =
        match steps with
        | [] -> "id"
        | [ WhitenStep 1e-8 ] -> "whiten"
        | _ -> "(" + String.Join(" >> ", steps |> List.map string) + ")"

/// <summary>What the lines of a <c>redistribution</c> block set.</summary>
type RedistributionSpec =
    internal
        {
            Leaves: LeafSteps
            Backup: Backup
            BackupShown: string
            BackupProblems: Problem list
            Terms: Terms
            Spread: Spread option
            Prune: Pruning option
            Choice: Phrase<LeafChoice> option
            Mask: Phrase<TokenMask> option
            After: AfterSteps
            Train: TrainUnit option
            OnlyOne: OnlyOne
        }

/// <summary>
/// How the rewards of leaves become advantages of tokens: a checked and resolved <c>redistribution</c> block. Printing it shows
/// every line and marks the defaults.
/// </summary>
[<Sealed>]
type Redistribution internal (spec: RedistributionSpec, given: Set<string>, rule: CreditRule, lines: ResolvedLine[]) =
    inherit Block<RedistributionSpec>("redistribution", spec, given, lines)

    /// <summary>The rule that the core applies.</summary>
    member _.Rule = rule
