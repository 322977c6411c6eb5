namespace TreeRl

open System
open System.Collections.Immutable
open System.IO
open TreeRl.Inspection
open TreeRl.Policies
open TreeRl.Rewards
open TreeRl.Training

/// <summary>What a checked <c>experiment</c> block resolves to: the plan that the core runs, and the lines that print it.</summary>
module internal ExperimentResolution =
    /// What the round does about questions that say nothing, and the words for it.
    let private dynamicSampling (spec: ExperimentSpec) : (DynamicSampling | null) * string =
        match spec.DynamicSampling, spec.Redistribution with
        | Some rule, _ when rule.Text = "noRefill" -> null, "noRefill"
        | Some rule, _ -> rule.Value, string rule
        | None, Some redistribution ->
            match redistribution.Spec.Prune with
            | Some pruning when pruning.Refill > 0 ->
                DynamicSampling(pruning.Refill, Uninformative = RedistributionCheck.prune pruning),
                $"(tries {pruning.Refill}), as 'prune {pruning}' of {redistribution.Rule.Name} says"
            | _ -> null, "noRefill"
        | None, None -> null, "noRefill"

    let private schedule (spec: ExperimentSpec) =
        LearningRateSchedule(
            Peak = spec.LearningRate,
            WarmupUpdates = spec.Warmup,
            Decay =
                (match spec.Decay with
                 | Constant -> Decay.Constant
                 | Cosine -> Decay.Cosine
                 | Linear -> Decay.Linear),
            FloorShare = (if spec.Decay = Constant then 0.0 else 0.05)
        )

    let plan (name: string) (spec: ExperimentSpec) =
        let folder: string | null =
            match spec.SaveTo with
            | Some folder -> Path.Combine(folder, name)
            | None -> null

        ExperimentPlan(
            Name = name,
            PolicyName = spec.Policy.Value.Name,
            TrainTasks = spec.Tasks.Value.Train,
            TestTasks = spec.Tasks.Value.Test,
            Sampling = spec.Sample.Value.Plan,
            Reward = spec.Reward.Value.Plan,
            Credit = spec.Redistribution.Value.Rule,
            Objective = spec.Objective.Value.Loss,
            Steps = spec.Steps,
            PromptsPerStep = spec.PromptsPerStep,
            DynamicSampling = fst (dynamicSampling spec),
            Epochs = spec.Epochs,
            MiniBatches = spec.MiniBatches,
            LearningRate = schedule spec,
            Optimizer = OptimizerSettings(WeightDecay = spec.WeightDecay, MaxGradientNorm = spec.MaxGradientNorm),
            Seed = Seed.Of(int64 spec.Seed),
            Evaluation =
                EvaluationPlan(
                    Items = spec.EvaluateItems,
                    SamplesPerItem = spec.EvaluateSamples,
                    Picking = PickSettings(Temperature = spec.EvaluateTemperature),
                    Grader =
                        (match spec.EvaluateBy with
                         | Some(_, grader) -> grader
                         | None -> Graders.Correct),
                    Every = spec.EvaluateEvery
                ),
            CheckpointEvery = spec.CheckpointEvery,
            ForestEvery = spec.ForestEvery,
            Inspection =
                (let usual = InspectionPlan()

                 let rules =
                     match spec.InspectBy with
                     | Some rules -> ImmutableArray.CreateRange(rules |> List.map (fun rule -> rule.Rule))
                     | None -> usual.Rules

                 InspectionPlan(Steps = spec.InspectSteps, Rules = rules)),
            Folder = folder
        )

    let describe (spec: ExperimentSpec) =
        [
            "policy", spec.Policy.Value.Name
            "tasks", spec.Tasks.Value.Name
            "steps", string spec.Steps
            "promptsPerStep", string spec.PromptsPerStep
            "dynamicSampling", snd (dynamicSampling spec)
            "epochs", string spec.Epochs
            "miniBatches", string spec.MiniBatches
            "learningRate", Show.number spec.LearningRate
            "warmup", Show.count spec.Warmup "update"
            "decay", string spec.Decay
            "weightDecay", Show.number spec.WeightDecay
            "maxGradientNorm", Show.number spec.MaxGradientNorm
            "seed", string spec.Seed
            "evaluateOn",
            (Show.count spec.EvaluateItems "question"
             + ", "
             + Show.count spec.EvaluateSamples "answer"
             + " each")
            "evaluateAt", $"temperature {Show.number spec.EvaluateTemperature}"
            "evaluateBy",
            (match spec.EvaluateBy with
             | Some(name, _) -> Show.text name
             | None -> "the final number")
            "evaluateEvery",
            (if spec.EvaluateEvery = 0 then
                 "before and after"
             else
                 Show.count spec.EvaluateEvery "step")
            "inspectSteps", Show.count spec.InspectSteps "step"
            "inspectBy",
            (let rules =
                match spec.InspectBy with
                | Some rules -> rules |> List.map (fun rule -> rule.Rule.Name)
                | None -> InspectionPlan().Rules |> Seq.map _.Name |> Seq.toList

             if rules.IsEmpty then
                 "its own rule"
             else
                 "its own rule beside " + String.Join(", ", rules))
            match spec.SaveTo with
            | Some folder ->
                "saveTo", folder

                "checkpointEvery",
                (if spec.CheckpointEvery = 0 then
                     "last step"
                 else
                     Show.count spec.CheckpointEvery "step")

                "forestEvery",
                (if spec.ForestEvery = 0 then
                     "last step"
                 else
                     Show.count spec.ForestEvery "step")
            | None -> "saveTo", "nowhere"
        ]

    let parts (spec: ExperimentSpec) =
        [|
            "sample", string spec.Sample.Value
            "grade", string spec.Reward.Value
            "redistribute", string spec.Redistribution.Value
            "update", string spec.Objective.Value
        |]
