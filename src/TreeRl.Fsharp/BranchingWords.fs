namespace TreeRl

open System
open TreeRl.Policies
open TreeRl.Sampling

/// <summary>Turns checked <c>branching</c> blocks into plans of the sampler.</summary>
module internal BranchingPlan =
    let private trigger branchWhen =
        match branchWhen with
        | NeverBranch -> BranchTrigger.Never
        | EveryTokens count -> BranchTrigger.EveryTokens count
        | EntropyAbove(threshold, least) -> BranchTrigger.EntropyAbove(threshold, least)
        | CustomTrigger(name, fires) -> BranchTrigger.Custom(name, fires)

    let private repetition spec : RepetitionRule | null =
        match spec.Repeats with
        | Some(Repeats(window, times)) -> RepetitionRule(window, times)
        | _ -> null

    let private custom spec : StopRule | null =
        match spec.CustomStop with
        | Some(CustomStop(name, fires)) -> StopRule(name, fires)
        | _ -> null

    let private fanOutRule spec =
        match spec.FanOutRule with
        | Fixed -> Sampling.FanOutRule.Fixed
        | Transfer -> Sampling.FanOutRule.Transfer
        | TransferToLast -> Sampling.FanOutRule.TransferToLast
        | Fill -> Sampling.FanOutRule.FillLeaves
        | StepBudget _ -> Sampling.FanOutRule.StepBudget

    let private stepTokens spec =
        match spec.FanOutRule with
        | StepBudget tokens -> int64 tokens
        | _ -> 0L

    let private stepNodes spec : StepRule | null =
        match spec.StepNodes with
        | Some phrase -> phrase.Value
        | None -> null

    let private repetitionOrder spec =
        match spec.RepetitionOrder with
        | AfterText -> RepetitionOrder.AfterText
        | FirstOfAll -> RepetitionOrder.First
        | LastOfAll -> RepetitionOrder.Last

    let private weights spec : ForkWeights | null =
        match spec.Weights with
        | Some phrase -> phrase.Value
        | None -> null

    let private picking spec =
        PickSettings(Temperature = spec.Temperature, TopK = spec.TopK, TopP = spec.TopP, MinP = spec.MinP)

    let ofSpec spec =
        SamplingPlan(
            Trees = ExpansionCheck.trees spec,
            TreesUpTo = Option.defaultValue 0 spec.TreesUpTo,
            Branch = trigger spec.Trigger,
            FanOut = spec.FanOut,
            FanOutUpTo = spec.FanOutUpTo,
            StepTokens = stepTokens spec,
            FanOuts = Collections.Immutable.ImmutableArray.CreateRange spec.FanOuts,
            FanOutRule = fanOutRule spec,
            Weights = weights spec,
            DistinctFirstTokens = Nullable(BranchingCheck.distinct spec),
            MaxLeaves = spec.Leaves,
            MaxDepth = ExpansionCheck.maxDepth spec,
            AtMaxDepth =
                (if spec.AtDepth = EndThere then
                     DepthLimit.Stop
                 else
                     DepthLimit.Continue),
            MaxTokens = spec.MaxTokens,
            MinTokens = spec.MinTokens,
            StepNodes = stepNodes spec,
            PromptTokenBudget = spec.PromptBudget,
            TopUp = (if spec.TopUp = NewTrees then TopUp.NewTree else TopUp.None),
            Expansion = (spec.Expansion |> Option.map _.Value |> Option.defaultValue Expansion.Never),
            StopTexts = Collections.Immutable.ImmutableArray.CreateRange(List.rev spec.StopTexts),
            Repetition = repetition spec,
            RepetitionOrder = repetitionOrder spec,
            Custom = custom spec,
            Picking = picking spec
        )

    /// Problems the plan itself finds, should a rule of the sampler be stricter than the block's.
    let leftovers (plan: SamplingPlan) =
        [ for text in plan.Problems() -> Check.refused "branching" text ]

/// <summary>The builder behind <c>branching { .. }</c>.</summary>
[<Sealed>]
type BranchingBuilder internal () =
    inherit BlockBuilder<BranchingSpec, Branching>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "branching" BranchingCheck.start settings
        Blocks.insist "branching" (BranchingCheck.problems draft)
        let plan = BranchingPlan.ofSpec draft.Spec
        Blocks.insist "branching" (BranchingPlan.leftovers plan)
        Branching(draft.Spec, draft.Given, plan, Blocks.lines draft.Given (BranchingCheck.describe draft.Spec))

/// <summary>The words of <c>branching { .. }</c>: how answers are sampled, and where they branch.</summary>
[<AutoOpen>]
module BranchingWords =

    /// <summary>
    /// Says how answers are sampled. Needs <c>leaves</c> and <c>maxTokens</c>; everything else has a default, which printing shows.
    /// </summary>
    let branching = BranchingBuilder()

    /// <summary>Number of answers a prompt gets at most, over all its trees.</summary>
    let leaves (count: int) : Setting<BranchingSpec> =
        Setting.whole "leaves" count (fun count spec -> { spec with Leaves = count })

    /// <summary>Number of independent trees a prompt starts with. Default: 1, or one for each leaf when nothing branches.</summary>
    let trees (count: int) : Setting<BranchingSpec> =
        Setting.whole "trees" count (fun count spec ->
            { spec with
                Trees = Some count
                TreesUpTo = None
            })

    /// <summary>A prompt starts with a random number of trees, drawn for each from this range (TreePO's "more init divergence": 2 8).</summary>
    let firstFork (fewest: int) (most: int) : Setting<BranchingSpec> =
        Setting.make "firstFork" $"{fewest} {most}" (fun spec ->
            { spec with
                Trees = Some fewest
                TreesUpTo = Some most
            })

    /// <summary>Where an answer branches. Default: <c>never</c>.</summary>
    let branchWhen (trigger: Trigger) : Setting<BranchingSpec> =
        Setting.make "branchWhen" (string trigger) (fun spec -> { spec with Trigger = trigger })

    /// <summary>Answers do not branch: a prompt's trees are separate answers, as in GRPO.</summary>
    let never = NeverBranch

    /// <summary>Branch after every run of so many tokens (TreeRPO 2506.05183, TreePO 2508.17445, SPO-tree 2505.23564).</summary>
    let everyTokens (count: int) = EveryTokens count

    /// <summary>Branch where the entropy of the next token's distribution, in nats, exceeds the threshold (TreeAdv 2601.03703).</summary>
    let entropyAbove (nats: float) = EntropyAbove(nats, 1)

    /// <summary>Lets an entropy trigger fire only when the node has so many tokens: <c>entropyAbove 1.0 |> afterTokens 8</c>.</summary>
    /// <exception cref="T:System.ArgumentException">The trigger is no entropy trigger.</exception>
    let afterTokens (count: int) (trigger: Trigger) =
        match trigger with
        | EntropyAbove(threshold, _) -> EntropyAbove(threshold, count)
        | other ->
            invalidArg
                "trigger"
                $"afterTokens {count} on {other}: it belongs to 'entropyAbove'; a custom trigger can read NodeTokens itself"

    /// <summary>
    /// A trigger of your own. The function sees a live branch before its next token; it must depend on its argument alone. Its
    /// exceptions end the sampling with a message that names the trigger.
    /// </summary>
    let customTrigger (name: string) (fires: BranchContext -> bool) =
        CustomTrigger(name, Func<BranchContext, bool> fires)

    /// <summary>Number of children of a branch point. Default: 2.</summary>
    let fanOut (count: int) : Setting<BranchingSpec> =
        Setting.whole "fanOut" count (fun count spec ->
            { spec with
                FanOut = count
                FanOutUpTo = 0
                FanOuts = []
            })

    /// <summary>
    /// A random number of children, drawn from this range for each prompt and step, the same for all branch points of the step (TreePO's released
    /// code, "by_random_div"). The cuts of <c>fallback</c> have the smaller number.
    /// </summary>
    let fanOutBetween (fewest: int) (most: int) : Setting<BranchingSpec> =
        Setting.make "fanOutBetween" $"{fewest} {most}" (fun spec ->
            { spec with
                FanOut = fewest
                FanOutUpTo = most
                FanOuts = []
            })

    /// <summary>
    /// Number of children by depth, the first branch point's first; below the list nothing branches. SPO-tree's 6-5-4
    /// (2505.23564) is 'trees 6' with 'fanOuts [ 5; 4 ]'.
    /// </summary>
    let fanOuts (counts: int list) : Setting<BranchingSpec> =
        Setting.make "fanOuts" (string counts) (fun spec -> { spec with FanOuts = counts })

    /// <summary>How leaves are granted to branch points: <c>Fixed</c> (default), <c>Transfer</c>, <c>TransferToLast</c>, <c>Fill</c> or <c>StepBudget tokens</c>.</summary>
    let fanOutRule (rule: TreeRl.FanOutRule) : Setting<BranchingSpec> =
        Setting.make "fanOutRule" (string rule) (fun spec -> { spec with FanOutRule = rule })

    /// <summary>Largest number of branch points above a node. Default: unlimited.</summary>
    let maxDepth (depth: int) : Setting<BranchingSpec> =
        Setting.whole "maxDepth" depth (fun depth spec -> { spec with MaxDepth = depth })

    /// <summary>What a path at the largest depth does: <c>GoOn</c> without branching (default), or <c>EndThere</c>.</summary>
    let atMaxDepth (what: AtDepth) : Setting<BranchingSpec> =
        Setting.make "atMaxDepth" (string what) (fun spec -> { spec with AtDepth = what })

    /// <summary>Largest number of tokens of an answer.</summary>
    let maxTokens (count: int) : Setting<BranchingSpec> =
        Setting.whole "maxTokens" count (fun count spec -> { spec with MaxTokens = count })

    /// <summary>
    /// Shortest answer that counts: a shorter one is dropped, not graded, and another takes its place where the plan can grow one (TreePO's filter); at
    /// most <c>leaves</c> answers of a prompt are dropped. Default: 0, which keeps all.
    /// </summary>
    let minTokens (count: int) : Setting<BranchingSpec> =
        Setting.whole "minTokens" count (fun count spec -> { spec with MinTokens = count })

    /// <summary>Largest number of unique tokens sampled for a prompt. Default: unlimited.</summary>
    let promptBudget (tokens: int) : Setting<BranchingSpec> =
        Setting.whole "promptBudget" tokens (fun tokens spec ->
            { spec with
                PromptBudget = int64 tokens
            })

    /// <summary>
    /// Whether the children of a branch point start with different tokens. Default: true for <c>entropyAbove</c>, false for the others.
    /// </summary>
    let distinctFirstTokens (distinct: bool) : Setting<BranchingSpec> =
        Setting.flag "distinctFirstTokens" distinct (fun distinct spec -> { spec with Distinct = Some distinct })

    /// <summary>Further trees start at the prompt, which may branch too.</summary>
    let newTrees = NewTrees

    /// <summary>The prompt is done, with fewer answers than <c>leaves</c>.</summary>
    let noTopUp = NoTopUp

    /// <summary>What happens when a prompt's branches have ended with fewer answers than <c>leaves</c>: <c>newTrees</c> or <c>noTopUp</c> (default).</summary>
    let topUp (rule: TopUpRule) : Setting<BranchingSpec> =
        Setting.make "topUp" (string rule) (fun spec -> { spec with TopUp = rule })

    /// <summary>Ends an answer in which a run of so many tokens occurs so many times.</summary>
    let repeats (windowTokens: int) (times: int) = Repeats(windowTokens, times)

    /// <summary>A stop rule of your own; an answer it fires on ends with the reason Custom.</summary>
    let customStop (name: string) (fires: StopContext -> bool) =
        CustomStop(name, Func<StopContext, bool> fires)

    /// <summary>Ends an answer early: <c>stopWhen (repeats 8 4)</c>. May stand twice, for <c>repeats</c> and for <c>customStop</c>.</summary>
    let stopWhen (rule: Stop) : Setting<BranchingSpec> =
        match rule with
        | Repeats _ -> Setting.make "stopWhen repeats" (string rule) (fun spec -> { spec with Repeats = Some rule })
        | CustomStop _ ->
            Setting.make "stopWhen custom" (string rule) (fun spec -> { spec with CustomStop = Some rule })

    /// <summary>When the rule of <c>repeats</c> is asked: <c>AfterText</c> (default), <c>FirstOfAll</c> or <c>LastOfAll</c>. Where several rules hold, the first names the reason.</summary>
    let repetitionOrder (place: RepetitionPlace) : Setting<BranchingSpec> =
        Setting.make "repetitionOrder" (string place) (fun spec -> { spec with RepetitionOrder = place })

    /// <summary>Ends an answer whose text comes to contain this text. May stand several times.</summary>
    let stopAt (text: string) : Setting<BranchingSpec> =
        Setting.make $"stopAt {Show.text text}" "" (fun spec ->
            if List.contains text spec.StopTexts then
                spec
            else
                { spec with
                    StopTexts = text :: spec.StopTexts
                })

    /// <summary>Divides the logits before a token is drawn; 0 takes the likeliest. Default: 1.</summary>
    let temperature (value: float) : Setting<BranchingSpec> =
        Setting.number "temperature" value (fun value spec -> { spec with Temperature = value })

    /// <summary>Draws from the likeliest tokens only; 0 keeps all (default).</summary>
    let topK (count: int) : Setting<BranchingSpec> =
        Setting.whole "topK" count (fun count spec -> { spec with TopK = count })

    /// <summary>Draws from the smallest set of likeliest tokens with this probability; 1 keeps all (default).</summary>
    let topP (share: float) : Setting<BranchingSpec> =
        Setting.number "topP" share (fun share spec -> { spec with TopP = share })

    /// <summary>Draws from the tokens with at least this share of the likeliest one's probability; 0 keeps all (default).</summary>
    let minP (share: float) : Setting<BranchingSpec> =
        Setting.number "minP" share (fun share spec -> { spec with MinP = share })
