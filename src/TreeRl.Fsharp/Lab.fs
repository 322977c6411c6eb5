namespace TreeRl

open System
open System.Diagnostics
open System.IO
open TreeRl.Forests
open TreeRl.Lab
open TreeRl.Values

/// <summary>Several rules on the same graded forest; prints signal, effective tokens and how far the rules agree.</summary>
type RuleComparison = TreeRl.Lab.RuleComparison

/// <summary>A number with its 95 % bootstrap interval.</summary>
type Estimate = TreeRl.Lab.Estimate

/// <summary>Estimates of the true value of every node of a forest.</summary>
type NodeTruth = TreeRl.Lab.NodeTruth

/// <summary>A way to sample, and the rules to be tried on the forest it grows.</summary>
type LabForest =
    {
        /// <summary>The name in tables.</summary>
        Name: string
        /// <summary>How the forest grows.</summary>
        Sample: Branching
        /// <summary>The rules, applied to the same forest.</summary>
        Rules: Redistribution list
    }

/// <summary>What a study measures with.</summary>
type LabSetup =
    {
        /// <summary>The policy whose values and gradient are the truth. It is not trained.</summary>
        Policy: Policy
        /// <summary>Where the questions come from: the first of the training side.</summary>
        Tasks: TaskSet
        /// <summary>What answers earn.</summary>
        Reward: Reward
        /// <summary>Number of questions, the same for all forests.</summary>
        Prompts: int
        /// <summary>Fresh continuations of each place of a forest.</summary>
        TruthSamples: int
        /// <summary>Independent rollouts of each question for the true gradient; even.</summary>
        Rollouts: int
        /// <summary>Names all draws.</summary>
        Seed: int
        /// <summary>Where the truths under way and the report are kept.</summary>
        Folder: string
    }

/// <summary>One rule on one forest, measured.</summary>
type LabRow =
    {
        /// <summary>The forest's name.</summary>
        Forest: string
        /// <summary>The rule's name.</summary>
        Rule: string
        /// <summary>Share of tokens with signal, and effective tokens.</summary>
        Tokens: TokenCredit
        /// <summary>Against the true advantages of all nodes.</summary>
        All: RuleScore
        /// <summary>Against those of inner nodes.</summary>
        Inner: RuleScore
        /// <summary>Against those of leaves.</summary>
        Leaves: RuleScore
        /// <summary>Against the true gradient.</summary>
        Gradient: GradientScore
    }

/// <summary>A forest of a study.</summary>
type LabGrown =
    {
        /// <summary>As asked for.</summary>
        Asked: LabForest
        /// <summary>As sampled and graded.</summary>
        Graded: Graded
        /// <summary>Its rules as applied: those that ask for fresh values with these in place.</summary>
        Rules: Redistribution list
        /// <summary>Tokens drawn for such values; part of what the forest cost.</summary>
        ValueTokens: int64
        /// <summary>Its true values.</summary>
        Truth: NodeTruth
        /// <summary>Its rules side by side.</summary>
        Comparison: RuleComparison
    }

/// <summary>What a study found.</summary>
[<Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type LabStudy =
    {
        /// <summary>The name in the report.</summary>
        Title: string
        /// <summary>What it measured with.</summary>
        Setup: LabSetup
        /// <summary>The forests.</summary>
        Forests: LabGrown list
        /// <summary>Every rule on its forest, in the order given.</summary>
        Rows: LabRow list
        /// <summary>The true gradient.</summary>
        Gradient: TrueGradient
        /// <summary>Wall time.</summary>
        Seconds: float
    }

    /// <summary>For notebooks: every rule on its forest, against the true advantages and the true gradient.</summary>
    member study.ToHtml() =
        let estimate (value: Estimate) =
            if Double.IsFinite value.Value then
                $"{Format.fixedTo 2 value.Value} [{Format.fixedTo 2 value.Low}, {Format.fixedTo 2 value.High}]"
            else
                "-"

        [
            HtmlParts.caption study.Title
            HtmlParts.table
                [| "forest"; "rule"; "cosine"; "r"; "RMSE"; "signal" |]
                [
                    for row in study.Rows ->
                        [|
                            row.Forest
                            row.Rule
                            estimate row.Gradient.Corrected
                            estimate row.All.CorrectedCorrelation
                            estimate row.All.Rmse
                            Format.percent row.Tokens.SignalShare
                        |]
                ]
        ]
        |> HtmlParts.render

/// <summary>
/// The lab: sample once, compare many; sample the truth; score rules against it. All stages can be used one by one:
/// <code>
/// graded |> Lab.compare [ Methods.treeAdv.Redistribute; mine ]      // table; printing it shows all
/// let truth = graded |> Lab.truth policy score forest 64
/// graded |> Lab.score mine truth                                     // bias, variance, RMSE, correlation with the true advantages
/// </code>
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Lab =

    /// <summary>Applies rules to the same graded forest.</summary>
    /// <exception cref="T:System.ArgumentException">No rule, or two of one name.</exception>
    let compare (rules: seq<Redistribution>) (graded: Graded) : RuleComparison =
        RuleComparison.Of(graded.Rollout.Forest, graded.Outcomes, [| for rule in rules -> rule.Rule |])

    /// <summary>A prompt's trees with the advantages of every rule at every node.</summary>
    let nodes (prompt: int) (tokenizer: Models.ITokenizer) (comparison: RuleComparison) =
        comparison.NodeTable(prompt, Func<int, string> tokenizer.Piece)

    /// <summary>
    /// Samples so many fresh continuations from every place where a forest branches, and from its prompts. The file is written batch by
    /// batch; the same call continues it, and equal seeds give equal numbers.
    /// </summary>
    let truthIn
        (file: string | null)
        (seed: int)
        (policy: Policy)
        (reward: Reward)
        (branching: Branching)
        samples
        graded
        =
        let graded: Graded = graded
        let plan = TruthPlan.For(branching.Plan, samples)
        let forest, draws = graded.Rollout.Forest, Seed.Of(int64 seed)
        Truth.Estimate(policy.Live, policy.Tokenizer, forest, graded.Outcomes, reward.Plan, plan, draws, file)

    /// <summary>As <c>truthIn</c>, with seed 1 and without a file.</summary>
    let truth (policy: Policy) (reward: Reward) (branching: Branching) (samples: int) (graded: Graded) : NodeTruth =
        truthIn null 1 policy reward branching samples graded

    /// <summary>Samples the values that a rule with <c>freshValues</c> asks for on a forest, as a training step does. Equal seeds give equal numbers.</summary>
    /// <exception cref="T:System.ArgumentException">The rule asks for none, or the branching ends answers by a rule that looks back over them.</exception>
    let values
        (policy: Policy)
        (reward: Reward)
        (branching: Branching)
        (seed: int)
        (rule: Redistribution)
        (graded: Graded)
        =
        let forest = graded.Rollout.Forest
        let draws = Seed.Of(int64 seed)
        FreshValues.Estimate(rule.Rule, policy.Live, policy.Tokenizer, forest, reward.Plan, branching.Plan, draws)

    /// <summary>A rule with the values it asks for in place, for the forest they were sampled on: it can be applied, compared and scored.</summary>
    let supply (estimates: NodeEstimates) (rule: Redistribution) (graded: Graded) =
        let forest = graded.Rollout.Forest
        let supplied = FreshValues.Supply(rule.Rule, forest, graded.Outcomes, estimates)
        TreeRl.Redistribution(rule.Spec, rule.Given, supplied, rule.Lines)

    /// <summary>A rule's advantages against the true ones, over all nodes.</summary>
    let score (rule: Redistribution) (truth: NodeTruth) (graded: Graded) : RuleScore =
        let credited = Redistribution.apply rule graded
        RuleScore.Of(TokenCredit.Of credited.Result, truth)

    /// <summary>The gradient that a rule would send to the optimiser, prompt by prompt; the policy stays as it is.</summary>
    let gradient (policy: Policy) (rule: Redistribution) (graded: Graded) : PromptGradients =
        PromptGradients.Of(policy.Live, (Redistribution.apply rule graded).Result)

    /// <summary>The gradient of the expected reward on given prompts, from so many independent rollouts of each.</summary>
    let trueGradient
        (policy: Policy)
        (reward: Reward)
        (branching: Branching)
        (rollouts: int)
        (seed: int)
        (prompts: ForestPrompt[])
        : TrueGradient =
        let plan = TruthPlan.For(branching.Plan)
        TrueGradient.Estimate(policy.Live, policy.Tokenizer, prompts, reward.Plan, plan, rollouts, Seed.Of(int64 seed))

    /// <summary>How well a rule's gradient points where the true one does.</summary>
    let align (policy: Policy) (rule: Redistribution) (truth: TrueGradient) (graded: Graded) : GradientScore =
        GradientScore.Of(rule.Rule.Name, gradient policy rule graded, truth)

    /// A rule that can be applied, and the tokens of the values that were sampled for it.
    let private supplied (setup: LabSetup) (forest: LabForest) graded (rule: Redistribution) =
        if rule.Rule.AsksForValues then
            let estimates =
                graded |> values setup.Policy setup.Reward forest.Sample (setup.Seed + 3) rule

            graded |> supply estimates rule, estimates.Tokens
        else
            rule, 0L

    let private measure (setup: LabSetup) truth (gradient: TrueGradient) (forest: LabForest) (rule: TokenCredit) =
        let name = rule.Credit.Rule.Name
        let own = PromptGradients.Of(setup.Policy.Live, rule.Credit)

        {
            Forest = forest.Name
            Rule = name
            Tokens = rule
            All = RuleScore.Of(rule, truth)
            Inner = RuleScore.Of(rule, truth, NodeSet.Inner)
            Leaves = RuleScore.Of(rule, truth, NodeSet.Leaves)
            Gradient = GradientScore.Of(name, own, gradient)
        }

    /// <summary>
    /// Grows each forest on the same questions, samples the truth of all, and measures every rule on its forest; values that a rule asks for are
    /// sampled first, and their tokens count. Prints a line for each stage.
    /// The same arguments give the same numbers; truths under way are kept in the setup's folder and continued.
    /// </summary>
    let study (title: string) (setup: LabSetup) (forests: LabForest list) : LabStudy =
        let clock = Stopwatch.StartNew()

        let say (text: string) =
            printfn $"%5.0f{clock.Elapsed.TotalSeconds} s  {text}"

        let prompts = Forest.prompts setup.Prompts setup.Policy setup.Tasks
        Directory.CreateDirectory setup.Folder |> ignore

        match forests with
        | [] -> invalidArg "forests" "no forest: give at least one way to sample with its rules"
        | first :: _ ->
            let gradient =
                prompts
                |> trueGradient setup.Policy setup.Reward first.Sample setup.Rollouts (setup.Seed + 1)

            say (
                "true gradient: "
                + Show.count setup.Rollouts "rollout"
                + " of "
                + Show.count setup.Prompts "question"
                + ", "
                + Show.wholeCount gradient.Tokens "token"
            )

            let grown =
                [
                    for forest in forests do
                        let rollout = Forest.growFrom forest.Sample setup.Policy prompts setup.Seed
                        let graded = Reward.grade setup.Reward rollout
                        let file = Path.Combine(setup.Folder, $"{forest.Name}.truth")

                        let truth =
                            graded
                            |> truthIn file (setup.Seed + 2) setup.Policy setup.Reward forest.Sample setup.TruthSamples

                        say $"{forest.Name}: {rollout.Forest}; {truth}"
                        let supplied = forest.Rules |> List.map (supplied setup forest graded)

                        {
                            Asked = forest
                            Graded = graded
                            Rules = supplied |> List.map fst
                            ValueTokens = supplied |> List.sumBy snd
                            Truth = truth
                            Comparison = compare (supplied |> List.map fst) graded
                        }
                ]

            let rows =
                [
                    for one in grown do
                        for rule in one.Comparison.Rules do
                            measure setup one.Truth gradient one.Asked rule

                        say ($"{one.Asked.Name}: measured " + Show.count one.Comparison.Rules.Length "rule")
                ]

            {
                Title = title
                Setup = setup
                Forests = grown
                Rows = rows
                Gradient = gradient
                Seconds = clock.Elapsed.TotalSeconds
            }
