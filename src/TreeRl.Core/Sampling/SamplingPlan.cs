using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using TreeRl.Policies;

namespace TreeRl.Sampling;

/// <summary>How many children a fork gets. In each case the plan's leaf and token limits come first.</summary>
public enum FanOutRule
{
    /// <summary><see cref="SamplingPlan.FanOut"/> children; when leaves run short they are granted in branch order, first come, first served.</summary>
    Fixed,

    /// <summary>
    /// TreePO's budget transfer (arXiv 2508.17445): the m branches of a prompt that fork at one step share
    /// min(leaves left for them, FanOut * (m + answers ended since the prompt's last fork)) children evenly, earlier branches taking the remainder one each.
    /// What ended answers no longer use goes to those that go on.
    /// </summary>
    Transfer,

    /// <summary>As <see cref="Transfer"/>, but the last branch takes the whole remainder, as TreePO's released code has it.</summary>
    TransferToLast,

    /// <summary>
    /// A fork takes its even share of the leaves the prompt has left: with R leaves not yet ended and n live branches, R / n, earlier
    /// branches taking the remainder one each. <see cref="SamplingPlan.FanOut"/> plays no part.
    /// </summary>
    FillLeaves,

    /// <summary>
    /// The branches of a prompt that fork at one step share min(leaves left for them, <see cref="SamplingPlan.StepTokens"/> / n) children evenly,
    /// n the tokens to the next fork of a <see cref="BranchTrigger.EveryTokens"/>, at least one each: a budget of tokens for each segment
    /// (TreePO's public code, which shares one budget among the prompts of a batch). <see cref="SamplingPlan.FanOut"/> plays no part.
    /// </summary>
    StepBudget,
}

/// <summary>What a branch at the depth limit does when its trigger fires.</summary>
public enum DepthLimit
{
    /// <summary>It goes on without forking.</summary>
    Continue,

    /// <summary>It ends with <see cref="Forests.Finish.MaxDepth"/>.</summary>
    Stop,
}

/// <summary>What happens when all branches of a prompt have ended with fewer leaves than <see cref="SamplingPlan.MaxLeaves"/>.</summary>
public enum TopUp
{
    /// <summary>The prompt is done.</summary>
    None,

    /// <summary>
    /// Further trees start at the prompt, as many at a time as <see cref="SamplingPlan.Trees"/> and the missing leaves allow. They may
    /// branch like the first ones. Repeats until the leaves are there or the token budget is spent.
    /// </summary>
    NewTree,
}

/// <summary>How the forest of a prompt grows: where it branches, how wide, and when answers end. Every number is resolved; nothing is adjusted silently.</summary>
/// <remarks>
/// After each token the rules are asked in this order, and the first that holds names the leaf's reason: end token, stop text, repetition
/// (<see cref="RepetitionOrder"/> moves it),
/// custom rule, length (<see cref="MaxTokens"/> or the policy's context), depth; then, before the next token, the prompt's token budget.
/// </remarks>
public sealed record SamplingPlan
{
    /// <summary>Independent trees each prompt starts with; at least 1.</summary>
    public int Trees { get; init; } = 1;

    /// <summary>
    /// Where not 0, each prompt starts with a number of trees drawn uniformly from <see cref="Trees"/> .. this (TreePO's "more init divergence", arXiv 2508.17445: 2 .. 8).
    /// </summary>
    public int TreesUpTo { get; init; }

    /// <summary>Where a branch forks.</summary>
    public BranchTrigger Branch { get; init; } = BranchTrigger.Never;

    /// <summary>Children of a fork, and continuations at each cut of <see cref="Expansion.Fallback"/>; at least 2. See <see cref="FanOutRule"/>.</summary>
    public int FanOut { get; init; } = 2;

    /// <summary>
    /// Children of a fork by the number of forks above it: entry d for depth d; empty for <see cref="FanOut"/> at every depth. It is as long as
    /// <see cref="MaxDepth"/> at least. SPO-tree's 6-5-4 (arXiv 2505.23564) is 6 trees with fan-outs 5, 4.
    /// </summary>
    public ImmutableArray<int> FanOuts { get; init; } = [];

    /// <summary>
    /// Where not 0, the fan-out of a prompt's forks at one step is drawn uniformly from <see cref="FanOut"/> .. this, the same for all of them (TreePO's
    /// public code). Belongs to the rules Fixed, Transfer and TransferToLast; the cuts of an expansion have <see cref="FanOut"/> continuations.
    /// </summary>
    public int FanOutUpTo { get; init; }

    /// <summary>The budget of <see cref="FanOutRule.StepBudget"/>, in tokens of a prompt between two forks; 0 with other rules.</summary>
    public long StepTokens { get; init; }

    /// <summary>How leaves are granted to forks.</summary>
    public FanOutRule FanOutRule { get; init; } = FanOutRule.Fixed;

    /// <summary>Shares the children of forks by likelihood; null for the even share of <see cref="FanOutRule"/>.</summary>
    public ForkWeights? Weights { get; init; }

    /// <summary>
    /// Whether the children of a fork begin with different tokens (drawn without replacement; a fork gets fewer children where the
    /// truncated distribution has fewer tokens, and none where it has one). Null: as the trigger has it.
    /// </summary>
    public bool? DistinctFirstTokens { get; init; }

    /// <summary>Largest number of answers per prompt, ended and growing together; at least <see cref="Trees"/>.</summary>
    public int MaxLeaves { get; init; } = 16;

    /// <summary>
    /// Shortest answer that counts; 0 for none. One that ends with fewer tokens is dropped: it ends with <see cref="Forests.Finish.Pruned"/>, is not
    /// graded, and leaves its place to another (TreePO's filter of short answers). At most <see cref="MaxLeaves"/> answers of a prompt are dropped,
    /// further short ones count, so that a policy that only writes short answers comes to an end; nor is an answer dropped that the prompt's
    /// token budget cut off.
    /// </summary>
    public int MinTokens { get; init; }

    /// <summary>
    /// Where not null, grown nodes are cut at the ends of steps, so that every step is a node (VinePPO's states, arXiv 2410.01679). Cutting draws
    /// nothing: tokens and answers are those of the plan without it.
    /// </summary>
    public StepRule? StepNodes { get; init; }

    /// <summary>Largest number of forks above a node; 0 forbids forks.</summary>
    public int MaxDepth { get; init; } = int.MaxValue;

    /// <summary>What a branch at <see cref="MaxDepth"/> does where it would fork.</summary>
    public DepthLimit AtMaxDepth { get; init; } = DepthLimit.Continue;

    /// <summary>Largest number of tokens of one answer. The policy's context caps it further, to context length minus prompt.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>
    /// Largest number of unique tokens of one prompt's forest; at least <see cref="Trees"/>. When fewer tokens are left than branches are
    /// growing, they go to the earlier branches and the others end with <see cref="Forests.Finish.PromptBudget"/>.
    /// </summary>
    public long PromptTokenBudget { get; init; } = long.MaxValue;

    /// <summary>Continues ended answers from inside, when all branches of a prompt have ended with leaves missing; <see cref="Expansion.Never"/> for none.</summary>
    public Expansion Expansion { get; init; } = Expansion.Never;

    /// <summary>What happens when a prompt's branches have all ended too early, and no expansion goes on.</summary>
    public TopUp TopUp { get; init; } = TopUp.None;

    /// <summary>Texts that end an answer as soon as its decoded text contains one of them; they may span tokens. Ordinal comparison; none empty.</summary>
    public ImmutableArray<string> StopTexts { get; init; } = [];

    /// <summary>Ends answers that repeat themselves; null switches the rule off.</summary>
    public RepetitionRule? Repetition { get; init; }

    /// <summary>When the repetition rule is asked, relative to the other stop rules.</summary>
    public RepetitionOrder RepetitionOrder { get; init; } = RepetitionOrder.AfterText;

    /// <summary>A stop rule of the user's; null for none.</summary>
    public StopRule? Custom { get; init; }

    /// <summary>How tokens are drawn. The forest records log-probabilities and entropies of the full-vocabulary, temperature-1 distribution all the same.</summary>
    public PickSettings Picking { get; init; } = new();

    /// <summary>
    /// Largest number of branches decoded together, counting <see cref="MaxLeaves"/> for each prompt under way; further prompts wait, and at
    /// least one is always under way. 0: <see cref="DefaultWaveBranches"/>. Bounds the cache's memory; the forest does not depend on it.
    /// </summary>
    public int WaveBranches { get; init; }

    /// <summary>What <see cref="WaveBranches"/> = 0 stands for.</summary>
    public const int DefaultWaveBranches = 512;

    /// <summary>The resolved <see cref="DistinctFirstTokens"/>.</summary>
    public bool Distinct => DistinctFirstTokens ?? Branch.DistinctByDefault;

    /// <summary>Every broken rule, as "name = value: rule"; empty for a sound plan.</summary>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        void Check(bool holds, string name, object? value, string rule)
        {
            if (!holds) problems.Add(FormattableString.Invariant($"{name} = {value}: {rule}"));
        }
        Check(Trees >= 1, nameof(Trees), Trees, "must be at least 1");
        Check(TreesUpTo == 0 || TreesUpTo >= Trees, nameof(TreesUpTo), TreesUpTo, $"must be 0, or at least Trees = {Trees}");
        int mostTrees = Math.Max(Trees, TreesUpTo);
        Check(Branch is not null, nameof(Branch), "null", "must be a trigger; BranchTrigger.Never for flat rollouts");
        Check(FanOut >= 2, nameof(FanOut), FanOut, "must be at least 2 (a node with one child is no branch)");
        Check(Enum.IsDefined(FanOutRule), nameof(FanOutRule), FanOutRule, "must be one of the named rules");
        Check(MaxLeaves >= mostTrees, nameof(MaxLeaves), MaxLeaves, $"must be at least {(TreesUpTo > Trees ? nameof(TreesUpTo) : nameof(Trees))} = {mostTrees}: each tree has a leaf");
        Check(MaxDepth >= 0, nameof(MaxDepth), MaxDepth, "must not be negative");
        Check(Enum.IsDefined(AtMaxDepth), nameof(AtMaxDepth), AtMaxDepth, "must be one of the named rules");
        Check(MaxTokens >= 1, nameof(MaxTokens), MaxTokens, "must be at least 1");
        Check(PromptTokenBudget >= mostTrees, nameof(PromptTokenBudget), PromptTokenBudget, $"must be at least {(TreesUpTo > Trees ? nameof(TreesUpTo) : nameof(Trees))} = {mostTrees}: each tree has a token");
        Check(MinTokens >= 0 && MinTokens <= MaxTokens, nameof(MinTokens), MinTokens, $"must lie in 0 .. MaxTokens = {MaxTokens}; 0 keeps every answer");
        if (StepNodes?.Problem() is { } step) problems.Add($"StepNodes.{step}");
        CheckForks(Check);
        CheckExpansion(Check, problems, mostTrees);
        Check(Enum.IsDefined(TopUp), nameof(TopUp), TopUp, "must be one of the named rules");
        Check(WaveBranches >= 0, nameof(WaveBranches), WaveBranches, "must not be negative; 0 for the default");
        if (StopTexts.IsDefault) Check(false, nameof(StopTexts), "default", "must be an array; [] for none");
        else
        {
            for (int i = 0; i < StopTexts.Length; i++)
                Check(!string.IsNullOrEmpty(StopTexts[i]), $"StopTexts[{i}]", "\"\"", "must not be empty: every answer contains the empty text");
        }
        if (Repetition is { } r)
        {
            Check(r.WindowTokens >= 1, "Repetition.WindowTokens", r.WindowTokens, "must be at least 1");
            Check(r.Times >= 2, "Repetition.Times", r.Times, "must be at least 2: every run of tokens occurs once");
        }
        Check(Enum.IsDefined(RepetitionOrder), nameof(RepetitionOrder), RepetitionOrder, "must be one of the named orders");
        if (Custom is { } c)
        {
            Check(!string.IsNullOrWhiteSpace(c.Name), "Custom.Name", $"'{c.Name}'", "must not be blank: messages name the rule");
            Check(c.Fires is not null, "Custom.Fires", "null", "must be a function");
        }
        if (Picking is null) Check(false, nameof(Picking), "null", "must be given; new PickSettings() draws from the full distribution");
        else foreach (string problem in TokenPicker.Problems(Picking)) problems.Add("Picking." + problem);
        return problems.ToImmutable();
    }

    private void CheckForks(Action<bool, string, object?, string> check)
    {
        if (FanOuts.IsDefault) check(false, nameof(FanOuts), "default", "must be an array; [] for FanOut at every depth");
        else if (!FanOuts.IsEmpty)
        {
            for (int d = 0; d < FanOuts.Length; d++) check(FanOuts[d] >= 2, $"FanOuts[{d}]", FanOuts[d], "must be at least 2 (a node with one child is no branch)");
            check(FanOutRule == FanOutRule.Fixed, nameof(FanOuts), string.Join("-", FanOuts), $"belongs to FanOutRule.Fixed, not {FanOutRule}");
            check(MaxDepth <= FanOuts.Length, nameof(MaxDepth), MaxDepth, $"must be at most {FanOuts.Length}, the number of FanOuts");
        }
        bool ranged = FanOutRule is FanOutRule.Fixed or FanOutRule.Transfer or FanOutRule.TransferToLast && FanOuts.IsDefaultOrEmpty;
        check(FanOutUpTo == 0 || (FanOutUpTo >= FanOut && ranged), nameof(FanOutUpTo), FanOutUpTo, $"must be 0, or at least FanOut = {FanOut} with a rule that reads the fan-out");
        bool budgeted = FanOutRule == FanOutRule.StepBudget;
        check(budgeted ? StepTokens >= 1 : StepTokens == 0, nameof(StepTokens), StepTokens, budgeted ? "must be at least 1 token" : $"belongs to FanOutRule.StepBudget, not {FanOutRule}");
        check(!budgeted || Branch is { SegmentTokens: > 0 }, nameof(FanOutRule), FanOutRule, "needs BranchTrigger.EveryTokens, whose segments the budget is divided by");
        if (Weights is not { } weights) return;
        check(weights.LastTemperature is null || (double.IsFinite(weights.LastTemperature.Value) && weights.LastTemperature > 0), "Weights.LastTemperature", weights.LastTemperature, "must be a finite number above 0, or null");
        check(Enum.IsDefined(weights.Score), "Weights.Score", weights.Score, "must be one of the named scores");
        check(Enum.IsDefined(weights.Prefer), "Weights.Prefer", weights.Prefer, "must be one of the named preferences");
        check(double.IsFinite(weights.Temperature) && weights.Temperature > 0, "Weights.Temperature", weights.Temperature, "must be a finite number above 0");
    }

    private void CheckExpansion(Action<bool, string, object?, string> check, ImmutableArray<string>.Builder problems, int mostTrees)
    {
        if (Expansion is null)
        {
            check(false, nameof(Expansion), "null", "must be given; Expansion.Never for none");
            return;
        }
        problems.AddRange(Expansion.Problems());
        if (Expansion is Expansion.None) return;
        check(MaxDepth == int.MaxValue, nameof(MaxDepth), MaxDepth, "must be unlimited with an expansion, which forks above answers that are there; MaxLeaves and MaxTokens bound it");
        if (Expansion.LeavesPerTree is { } each && each > 0)
            check(MaxLeaves >= mostTrees * each, nameof(MaxLeaves), MaxLeaves, $"must be at least {mostTrees * each}: the expansion brings each of {Counted.Of(mostTrees, "tree")} to {Counted.Of(each, "answer")}");
    }

    /// <summary>This plan, if it breaks no rule.</summary>
    /// <exception cref="ArgumentException">Rules are broken; the message lists all of them.</exception>
    public SamplingPlan Validated()
    {
        var problems = Problems();
        if (problems.Length > 0) throw new ArgumentException("sampling plan: " + string.Join("; ", problems));
        return this;
    }

    /// <summary>The plan in one line.</summary>
    public override string ToString()
    {
        var parts = new List<string> { TreesUpTo > Trees ? $"{Trees} .. {TreesUpTo} trees" : Counted.Of(Trees, "tree") };
        if (Branch != BranchTrigger.Never)
        {
            string range = FanOutUpTo > FanOut ? $"{FanOut} .. {FanOutUpTo}" : $"{FanOut}";
            string width = FanOutRule switch
            {
                FanOutRule.Fixed => $"fan out {(FanOuts.IsEmpty ? range : string.Join("-", FanOuts))}",
                FanOutRule.Transfer or FanOutRule.TransferToLast => $"fan out {range} with transfer",
                FanOutRule.StepBudget => $"fan out by {Counted.Of(StepTokens, "token")} a step",
                _ => "fan out to fill",
            };
            parts.Add($"branch {Branch}, {width}{(Distinct ? ", distinct" : "")}");
            if (Weights is { } weights) parts.Add(weights.ToString());
            if (MaxDepth != int.MaxValue) parts.Add($"depth <= {MaxDepth}{(AtMaxDepth == DepthLimit.Stop ? " then stop" : "")}");
        }
        if (Expansion is not Expansion.None) parts.Add(Expansion.ToString());
        parts.Add($"leaves <= {MaxLeaves}{(TopUp == TopUp.NewTree ? " topped up" : "")}");
        parts.Add($"tokens <= {MaxTokens}");
        if (MinTokens > 0) parts.Add($"tokens >= {MinTokens}");
        if (StepNodes is not null) parts.Add($"nodes cut into {StepNodes}");
        if (PromptTokenBudget != long.MaxValue) parts.Add($"prompt budget {PromptTokenBudget}");
        foreach (string stop in StopTexts) parts.Add($"stop at \"{stop}\"");
        if (Repetition is { } r) parts.Add($"stop at {r.Times} times the same {Counted.Of(r.WindowTokens, "token")}");
        if (Custom is { } c) parts.Add($"stop by '{c.Name}'");
        var picking = new StringBuilder(FormattableString.Invariant($"temperature {Picking.Temperature}"));
        if (Picking.TopK > 0) picking.Append(FormattableString.Invariant($", top-k {Picking.TopK}"));
        if (Picking.TopP < 1) picking.Append(FormattableString.Invariant($", top-p {Picking.TopP}"));
        if (Picking.MinP > 0) picking.Append(FormattableString.Invariant($", min-p {Picking.MinP}"));
        parts.Add(picking.ToString());
        return string.Join(", ", parts);
    }
}
