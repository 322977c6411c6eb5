namespace TreeRl

open System
open System.IO
open TreeRl.Inspection

/// <summary>What is wrong with an <c>experiment</c> block, and what may surprise.</summary>
module internal ExperimentCheck =
    let start =
        {
            Policy = None
            Tasks = None
            Sample = None
            Reward = None
            Redistribution = None
            Objective = None
            Steps = 0
            PromptsPerStep = 16
            DynamicSampling = None
            Epochs = 1
            MiniBatches = 1
            LearningRate = 4e-4
            Warmup = 0
            Decay = Constant
            WeightDecay = 0.0
            MaxGradientNorm = 1.0
            Seed = 0
            EvaluateEvery = 0
            EvaluateItems = 200
            EvaluateSamples = 4
            EvaluateTemperature = 1.0
            EvaluateBy = None
            CheckpointEvery = 0
            ForestEvery = 0
            InspectSteps = InspectionPlan().Steps
            InspectBy = None
            Quiet = false
            SaveTo = None
        }

    let private required (given: Set<string>) =
        let need word what cure =
            [
                if not (given.Contains word) then
                    Check.missing $"experiment.{word}" $"is missing: it says {what}" $"add a line such as '{cure}'"
            ]

        [
            yield! need "policy" "which policy is trained" "policy (Policy.pretrained \"arith\")"
            yield! need "tasks" "what it is trained and measured on" "tasks (Tasks.chains 3)"
            yield!
                need
                    "sample"
                    "how answers are sampled"
                    "sample (branching { trees 4; leaves 16; branchWhen (entropyAbove 0.5); maxTokens 80 })"
            yield! need "grade" "what an answer earns" "grade (reward { correct 1.0 })"
            yield! need "redistribute" "how rewards become advantages" "redistribute Methods.treeAdv.Redistribute"
            yield! need "update" "what is minimised" "update Objectives.grpo"
            yield! need "steps" "how many rounds of sampling and training there are" "steps 60"
        ]

    let private numbers (spec: ExperimentSpec) (given: Set<string>) =
        let least word minimum value why cure =
            Check.atLeast minimum $"experiment.{word}" value why cure

        [
            if given.Contains "steps" then
                yield! least "steps" 1 spec.Steps "" ""
            yield! least "promptsPerStep" 1 spec.PromptsPerStep "" ""
            yield! least "epochs" 1 spec.Epochs "" "1 uses each forest once"
            yield! least "miniBatches" 1 spec.MiniBatches "" "1 makes one update of each forest"
            if spec.PromptsPerStep >= 1 && spec.MiniBatches > spec.PromptsPerStep then
                Check.problem
                    "experiment.miniBatches"
                    (string spec.MiniBatches)
                    $"must not exceed promptsPerStep = {spec.PromptsPerStep} (a prompt is not split)"
                    $"write 'miniBatches {spec.PromptsPerStep}' or less"
            yield! Check.positive "experiment.learningRate" spec.LearningRate "write for example 'learningRate 4e-4'"
            yield! least "warmup" 0 spec.Warmup " update" "0 starts at the full rate"
            yield! Check.notNegative "experiment.weightDecay" spec.WeightDecay "0 switches it off"
            yield!
                Check.rule
                    (spec.MaxGradientNorm > 0.0)
                    "experiment.maxGradientNorm"
                    (Show.number spec.MaxGradientNorm)
                    "must be above 0"
                    "'infinity' switches clipping off"
            yield! least "evaluateEvery" 0 spec.EvaluateEvery " step" "0 measures only before and after"
            yield! least "evaluateOn (questions)" 1 spec.EvaluateItems "" "write for example 'evaluateOn 200 4'"
            yield! least "evaluateOn (answers)" 1 spec.EvaluateSamples "" "write for example 'evaluateOn 200 4'"
            yield! Check.notNegative "experiment.evaluateAt" spec.EvaluateTemperature "0 measures the likeliest answer"
            yield! least "checkpointEvery" 0 spec.CheckpointEvery " step" "0 keeps only the last"
            yield! least "inspectSteps" 0 spec.InspectSteps " step" "0 keeps no trees to be looked at"
            yield! least "forestEvery" 0 spec.ForestEvery " step" "0 keeps only the last"
        ]

    let private termProblems (spec: ExperimentSpec) =
        let looksAt =
            spec.DynamicSampling |> Option.bind (fun rule -> Option.ofObj rule.Value.Term)

        match looksAt, spec.Reward with
        | Some term, Some reward ->
            let terms = reward.Plan.Terms |> Seq.map _.Name |> Seq.toList

            Check.rule
                (List.contains term terms)
                "experiment.dynamicSampling judgedBy"
                (Show.text term)
                ("is no term of the reward, which has "
                 + String.Join(", ", terms |> List.map Show.text))
                "leave 'judgedBy' out to look at the whole reward"
        | _ -> []

    let private contradictions (spec: ExperimentSpec) (own: Set<string>) =
        let total = int64 spec.Steps * int64 spec.Epochs * int64 spec.MiniBatches

        [
            for word in [ "checkpointEvery"; "forestEvery" ] do
                if own.Contains word && spec.SaveTo.IsNone then
                    Check.missing
                        $"experiment.{word}"
                        "has no meaning without a folder"
                        "add the line 'saveTo \"runs\"'"
            if spec.Steps >= 1 && int64 spec.Warmup >= total && spec.Warmup > 0 then
                Check.problem
                    "experiment.warmup"
                    (string spec.Warmup)
                    (if total = 1L then
                         "must be below the 1 update of the run"
                     else
                         $"must be below the {total} updates of the run")
                    "warmup counts updates: steps * epochs * miniBatches"
            match spec.Tasks with
            | Some tasks when tasks.Test.Count.HasValue && tasks.Test.Count.Value < spec.EvaluateItems ->
                Check.problem
                    "experiment.evaluateOn (questions)"
                    (string spec.EvaluateItems)
                    ("exceeds the "
                     + Show.count tasks.Test.Count.Value "test question"
                     + $" of {Show.text tasks.Name}")
                    $"write 'evaluateOn {tasks.Test.Count.Value} {spec.EvaluateSamples}'"
            | _ -> ()
            match spec.Tasks with
            | Some tasks when tasks.Train.Count.HasValue && tasks.Train.Count.Value < spec.PromptsPerStep ->
                Check.problem
                    "experiment.promptsPerStep"
                    (string spec.PromptsPerStep)
                    ("exceeds the "
                     + Show.count tasks.Train.Count.Value "training question"
                     + $" of {Show.text tasks.Name}")
                    ""
            | _ -> ()
            match spec.Policy, spec.Sample with
            | Some policy, Some sample when sample.Plan.MaxTokens >= policy.Weights.Config.ContextLength ->
                Check.problem
                    "experiment.sample (maxTokens)"
                    (string sample.Plan.MaxTokens)
                    $"leaves no room for a question in the context of {Show.text policy.Name}, {policy.Weights.Config.ContextLength} tokens"
                    $"write 'branching {{ from ..; maxTokens {policy.Weights.Config.ContextLength / 2} }}'"
            | _ -> ()
        ]

    let private nameProblems (name: string) =
        let allowed (c: char) =
            Char.IsAsciiLetterOrDigit c || c = '-' || c = '_' || c = '.'

        Check.rule
            (name <> "" && name[0] <> '.' && String.forall allowed name)
            "experiment (name)"
            (Show.text name)
            "is also a folder: letters, digits, '-', '_' and '.' only"
            "write for example experiment \"mine-1\" { .. }"

    let rec private fileInTheWay (folder: string) =
        if File.Exists folder then
            Some folder
        else
            match Path.GetDirectoryName folder with
            | null -> None
            | above -> fileInTheWay above

    let private folderProblems (spec: ExperimentSpec) =
        let problem folder text cure =
            [ Check.problem "experiment.saveTo" (Show.text folder) text cure ]

        match spec.SaveTo with
        | None -> []
        | Some folder when String.IsNullOrWhiteSpace folder || folder.Contains '\000' ->
            problem folder "names no folder" "write for example 'saveTo \"runs\"'"
        | Some folder ->
            match fileInTheWay (Path.GetFullPath folder) with
            | Some file -> problem folder $"cannot be made a folder: {file} is a file" ""
            | None -> []

    let problems name (draft: Draft<ExperimentSpec>) =
        [
            yield! nameProblems name
            yield! draft.Problems
            yield! folderProblems draft.Spec
            yield! required draft.Given
            yield! numbers draft.Spec draft.Given
            yield! draft.Spec.DynamicSampling |> Option.map _.Problems |> Option.defaultValue []
            yield! termProblems draft.Spec
            yield! contradictions draft.Spec draft.Own
        ]

    let rec private isBernoulli divisor =
        match divisor with
        | BernoulliStd
        | BernoulliVariance -> true
        | WithEpsilon(_, inner) -> isBernoulli inner
        | _ -> false

    /// Divisors that need scores within 0 .. 1, as words.
    let private bernoulli (redistribution: Redistribution) =
        let ofSteps =
            redistribution.Spec.Leaves.Steps
            |> List.choose (fun step ->
                match step with
                | ScaleStep(_, divisor) -> Some divisor
                | _ -> None)

        let ofTerms = redistribution.Spec.Terms.List |> List.choose _.Divisor
        ofSteps @ ofTerms |> List.tryFind isBernoulli

    let private rangeNote (reward: Reward) (redistribution: Redistribution) =
        let weights = reward.Plan.Terms |> Seq.map _.Weight |> Seq.toList
        let sum = List.sum weights

        match bernoulli redistribution with
        | Some divisor when sum > 1.0 || List.exists (fun weight -> weight < 0.0) weights ->
            [|
                $"{divisor} needs rewards within 0 .. 1, but the weights {Show.list weights} can leave that range, which stops the run; let them be positive with a sum of at most 1, or divide by PopulationStd"
            |]
        | _ -> [||]

    /// What is allowed but may surprise.
    let notes (spec: ExperimentSpec) =
        match spec.Sample, spec.Redistribution, spec.Objective with
        | Some sample, Some redistribution, Some objective ->
            [|
                let updates = spec.Epochs * spec.MiniBatches

                match objective.Spec.Loss with
                | ClipLoss _
                | CispoLoss _ when updates = 1 ->
                    "one update a step, so every ratio is 1 and clipping plays no part ('epochs' or 'miniBatches' above 1 change that)"
                | _ -> ()

                match objective.Spec.Aggregate with
                | TokenSumOver constant when constant <> float sample.Plan.MaxTokens ->
                    $"the objective divides by {Show.number constant}, but an answer may have {sample.Plan.MaxTokens} tokens"
                | _ -> ()

                match spec.Reward with
                | Some reward -> yield! rangeNote reward redistribution
                | None -> ()

                if sample.Spec.Trigger = NeverBranch && redistribution.Spec.Spread = Some Segments then
                    "nothing branches, so every node is a whole answer and a redistribution along the tree has nothing to do"
            |]
        | _ -> [||]
