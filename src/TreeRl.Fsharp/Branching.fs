namespace TreeRl

open System
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
    /// <summary>As <c>Transfer</c>, the last branch taking what does not divide evenly, as TreePO's released code has it.</summary>
    | TransferToLast
    /// <summary>An even share of the leaves the prompt has left; <c>fanOut</c> plays no part.</summary>
    | Fill
    /// <summary>
    /// So many tokens of a prompt for each segment of <c>everyTokens</c>: with segments of 512, <c>StepBudget 4096</c> lets 8 branches go on (TreePO's
    /// released code); <c>fanOut</c> plays no part, and every branch goes on.
    /// </summary>
    | StepBudget of tokens: int

    /// <summary>The rule as one writes it.</summary>
    override rule.ToString() =
        match rule with
        | Fixed -> "Fixed"
        | Transfer -> "Transfer"
        | TransferToLast -> "TransferToLast"
        | Fill -> "Fill"
        | StepBudget tokens -> $"(StepBudget {tokens})"

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

/// <summary>When the rule of <c>repeats</c> is asked, relative to the other stop rules.</summary>
type RepetitionPlace =
    /// <summary>After end token and stop texts, before a custom rule.</summary>
    | AfterText
    /// <summary>Before all others.</summary>
    | FirstOfAll
    /// <summary>After all others, lengths and depth included (TreePO 2508.17445).</summary>
    | LastOfAll

/// <summary>What the lines of a <c>branching</c> block set.</summary>
type BranchingSpec =
    internal
        {
            Trees: int option
            TreesUpTo: int option
            Leaves: int
            Trigger: Trigger
            FanOut: int
            FanOutUpTo: int
            FanOuts: int list
            FanOutRule: FanOutRule
            Weights: Phrase<ForkWeights> option
            Distinct: bool option
            MaxDepth: int
            AtDepth: AtDepth
            MaxTokens: int
            MinTokens: int
            StepNodes: Phrase<StepRule> option
            PromptBudget: int64
            TopUp: TopUpRule
            Expansion: Phrase<Expansion> option
            StopTexts: string list
            Repeats: Stop option
            RepetitionOrder: RepetitionPlace
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
