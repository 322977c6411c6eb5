namespace TreeRl

open TreeRl.Rewards
open TreeRl.Training

/// <summary>The builder behind <c>experiment "name" { .. }</c>.</summary>
[<Sealed>]
type ExperimentBuilder internal (name: string) =
    inherit BlockBuilder<ExperimentSpec, Experiment>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "experiment" ExperimentCheck.start settings
        Blocks.insist "experiment" (ExperimentCheck.problems name draft)
        let spec = draft.Spec

        Experiment(
            name,
            spec,
            draft.Given,
            spec.Policy.Value,
            ExperimentResolution.plan name spec,
            ExperimentResolution.parts spec,
            ExperimentCheck.notes spec,
            Blocks.lines draft.Given (ExperimentResolution.describe spec)
        )

/// <summary>
/// The words of <c>experiment "name" { .. }</c>: a run as a value. The stages are verbs - sample, grade, redistribute, update - and take the
/// blocks of their names.
/// </summary>
[<AutoOpen>]
module ExperimentWords =

    /// <summary>
    /// Says what is run. Needs <c>policy</c>, <c>tasks</c>, <c>sample</c>, <c>grade</c>, <c>redistribute</c>, <c>update</c> and <c>steps</c>.
    /// The name is also the run's folder.
    /// </summary>
    let experiment (name: string) = ExperimentBuilder name

    /// <summary>The policy that is trained; the value itself is not changed.</summary>
    let policy (policy: Policy) : Setting<ExperimentSpec> =
        Setting.make "policy" policy.Name (fun spec -> { spec with Policy = Some policy })

    /// <summary>What the policy is trained and measured on.</summary>
    let tasks (tasks: TaskSet) : Setting<ExperimentSpec> =
        Setting.make "tasks" tasks.Name (fun spec -> { spec with Tasks = Some tasks })

    /// <summary>How answers are sampled, and where they branch.</summary>
    let sample (branching: Branching) : Setting<ExperimentSpec> =
        Setting.make "sample" "(a branching)" (fun spec -> { spec with Sample = Some branching })

    /// <summary>What an answer earns.</summary>
    let grade (reward: Reward) : Setting<ExperimentSpec> =
        Setting.make "grade" "(a reward)" (fun spec -> { spec with Reward = Some reward })

    /// <summary>How rewards become advantages.</summary>
    let redistribute (redistribution: Redistribution) : Setting<ExperimentSpec> =
        Setting.make "redistribute" redistribution.Rule.Name (fun spec ->
            { spec with
                Redistribution = Some redistribution
            })

    /// <summary>What is minimised.</summary>
    let update (objective: Objective) : Setting<ExperimentSpec> =
        Setting.make "update" objective.Name (fun spec -> { spec with Objective = Some objective })

    /// <summary>Number of rounds: sample a forest, grade, redistribute, update.</summary>
    let steps (count: int) : Setting<ExperimentSpec> =
        Setting.whole "steps" count (fun count spec -> { spec with Steps = count })

    /// <summary>Questions in a round. Default: 16.</summary>
    let promptsPerStep (count: int) : Setting<ExperimentSpec> =
        Setting.whole "promptsPerStep" count (fun count spec -> { spec with PromptsPerStep = count })

    /// <summary>
    /// At most so many samplings of a round, the first included; whole rewards are looked at, and a further try samples <c>promptsPerStep</c> questions.
    /// </summary>
    let tries (most: int) =
        Phrase.check
            $"tries {most}"
            (Check.atLeast
                1
                "experiment.dynamicSampling tries"
                most
                ""
                "1 leaves questions out without replacing them; write 'dynamicSampling noRefill' to train all")
            (DynamicSampling most)

    let private tried (rule: DynamicSampling) uninformative (term: string | null) refill =
        DynamicSampling(rule.MaxTries, Uninformative = uninformative, Term = term, Refill = refill)

    /// <summary>Looks at one term of the reward instead of the whole: <c>tries 10 |> judgedBy "correct"</c> (DAPO's public code looks at accuracy).</summary>
    let judgedBy (term: string) (rule: Phrase<DynamicSampling>) =
        let value = rule.Value
        Phrase.extend $"judgedBy {Show.text term}" [] (tried value value.Uninformative term value.Refill) rule

    /// <summary>A further try samples only as many questions as are missing.</summary>
    let missingOnly (rule: Phrase<DynamicSampling>) =
        let value = rule.Value
        Phrase.extend "missingOnly" [] (tried value value.Uninformative value.Term RefillSize.Missing) rule

    /// <summary>Which questions are not informative: <c>tries 10 |> leavingOut (narrow Prompt Gap 0.1)</c>. Default: <c>equalPrompts</c>.</summary>
    let leavingOut (groups: Pruning) (rule: Phrase<DynamicSampling>) =
        let value = rule.Value

        let problems =
            Check.rule
                (groups.Over = Prompt)
                "experiment.dynamicSampling leavingOut"
                (string groups)
                "must be about whole prompts"
                "write for example 'leavingOut equalPrompts'"
            @ Check.notNegative
                "experiment.dynamicSampling leavingOut"
                groups.Threshold
                "0 leaves out only prompts of equal rewards"

        let uninformative = RedistributionCheck.prune groups
        Phrase.extend $"leavingOut {groups}" problems (tried value uninformative value.Term value.Refill) rule

    /// <summary>Every question sampled is trained, or what the redistribution's <c>prune</c> leaves of them.</summary>
    let noRefill = Phrase.make "noRefill" (DynamicSampling 1)

    /// <summary>
    /// DAPO's dynamic sampling (2503.14476), for flat answers and trees: a round samples further questions until <c>promptsPerStep</c> of them have
    /// answers that differ in reward, or the tries are spent: <c>dynamicSampling (tries 10)</c>. All tokens count. Default: what the
    /// redistribution's <c>prune (.. |> refilled n)</c> says, else <c>noRefill</c>.
    /// </summary>
    let dynamicSampling (rule: Phrase<DynamicSampling>) : Setting<ExperimentSpec> =
        Setting.make "dynamicSampling" (string rule) (fun spec ->
            { spec with
                DynamicSampling = Some rule
            })

    /// <summary>Passes over each round's forest. Default: 1.</summary>
    let epochs (count: int) : Setting<ExperimentSpec> =
        Setting.whole "epochs" count (fun count spec -> { spec with Epochs = count })

    /// <summary>Updates in a pass; the round's questions are dealt into so many parts. Default: 1.</summary>
    let miniBatches (count: int) : Setting<ExperimentSpec> =
        Setting.whole "miniBatches" count (fun count spec -> { spec with MiniBatches = count })

    /// <summary>The highest learning rate of AdamW. Default: 4e-4, for small models.</summary>
    let learningRate (rate: float) : Setting<ExperimentSpec> =
        Setting.number "learningRate" rate (fun rate spec -> { spec with LearningRate = rate })

    /// <summary>Updates over which the learning rate rises. Default: 0.</summary>
    let warmup (updates: int) : Setting<ExperimentSpec> =
        Setting.whole "warmup" updates (fun updates spec -> { spec with Warmup = updates })

    /// <summary>How the learning rate goes on: <c>Constant</c> (default), <c>Cosine</c> or <c>Linear</c>.</summary>
    let decay (how: RateDecay) : Setting<ExperimentSpec> =
        Setting.make "decay" (string how) (fun spec -> { spec with Decay = how })

    /// <summary>AdamW's decoupled weight decay. Default: 0.</summary>
    let weightDecay (value: float) : Setting<ExperimentSpec> =
        Setting.number "weightDecay" value (fun value spec -> { spec with WeightDecay = value })

    /// <summary>Largest norm of the gradient; larger ones are scaled down. Default: 1; <c>infinity</c> switches it off.</summary>
    let maxGradientNorm (value: float) : Setting<ExperimentSpec> =
        Setting.number "maxGradientNorm" value (fun value spec -> { spec with MaxGradientNorm = value })

    /// <summary>Names every draw of the run: the same seed gives the same bytes. Default: 0.</summary>
    let seed (number: int) : Setting<ExperimentSpec> =
        Setting.whole "seed" number (fun number spec -> { spec with Seed = number })

    /// <summary>Steps between measurements on the test side. Default: before and after only.</summary>
    let evaluateEvery (steps: int) : Setting<ExperimentSpec> =
        Setting.whole "evaluateEvery" steps (fun steps spec -> { spec with EvaluateEvery = steps })

    /// <summary>Test questions of a measurement, and answers to each. Default: 200 4.</summary>
    let evaluateOn (questions: int) (answers: int) : Setting<ExperimentSpec> =
        Setting.make "evaluateOn" $"{questions} {answers}" (fun spec ->
            { spec with
                EvaluateItems = questions
                EvaluateSamples = answers
            })

    /// <summary>Temperature at which a measurement samples. Default: 1; 0 takes the likeliest answer.</summary>
    let evaluateAt (temperature: float) : Setting<ExperimentSpec> =
        Setting.number "evaluateAt" temperature (fun temperature spec ->
            { spec with
                EvaluateTemperature = temperature
            })

    /// <summary>
    /// What counts as right in a measurement, with a name for reports: a score above one half. Default: the final number equals the reference.
    /// </summary>
    let evaluateBy (name: string) (right: Grader) : Setting<ExperimentSpec> =
        Setting.make "evaluateBy" (Show.text name) (fun spec ->
            { spec with
                EvaluateBy = Some(name, right)
            })

    /// <summary>
    /// Keeps the run below a folder, as in <c>saveTo "runs"</c>: plan, metrics, forests, checkpoints, report. A run that was stopped goes on
    /// from its last checkpoint.
    /// </summary>
    let saveTo (folder: string) : Setting<ExperimentSpec> =
        Setting.make "saveTo" (Show.text folder) (fun spec -> { spec with SaveTo = Some folder })

    /// <summary>Steps between checkpoints. Default: the last step only.</summary>
    let checkpointEvery (steps: int) : Setting<ExperimentSpec> =
        Setting.whole "checkpointEvery" steps (fun steps spec -> { spec with CheckpointEvery = steps })

    /// <summary>Steps between stored forests. Default: the last step only.</summary>
    let forestEvery (steps: int) : Setting<ExperimentSpec> =
        Setting.whole "forestEvery" steps (fun steps spec -> { spec with ForestEvery = steps })

    /// <summary>
    /// Steps whose trees are kept for the tree inspector of the report, spread evenly from the first to the last: up to six prompts and 20,000
    /// tokens of each. Default: 6; 0 keeps none.
    /// </summary>
    let inspectSteps (count: int) : Setting<ExperimentSpec> =
        Setting.whole "inspectSteps" count (fun count spec -> { spec with InspectSteps = count })

    /// <summary>
    /// Rules that the tree inspector shows beside the run's own, on the same trees. Default: GRPO, TreeAdv and SPO. They train nothing.
    /// </summary>
    let inspectBy (rules: Redistribution list) : Setting<ExperimentSpec> =
        Setting.make "inspectBy" ("(" + Show.count rules.Length "rule" + ")") (fun spec ->
            { spec with InspectBy = Some rules })

    /// <summary>Says nothing on the console while the experiment runs; so does the environment variable TREERL_QUIET when it is 1.</summary>
    let quiet: Setting<ExperimentSpec> =
        Setting.make "quiet" "" (fun spec -> { spec with Quiet = true })
