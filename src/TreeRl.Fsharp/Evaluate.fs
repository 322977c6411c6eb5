namespace TreeRl

open System
open System.Globalization
open TreeRl.Evaluation
open TreeRl.Policies
open TreeRl.Rewards
open TreeRl.Tasks

/// <summary>A policy's graded answers to a set of questions; every metric is computed from them.</summary>
type Evaluated = TreeRl.Evaluation.PolicyEvaluation

/// <summary>One number for a question, whose mean is reported: <c>Metric.Accuracy</c>, <c>Metric.Pass 4</c>, <c>Metric.Maj 8</c>.</summary>
type Metric = TreeRl.Evaluation.Metric

/// <summary>Tables of evaluations for the console.</summary>
module internal EvaluateTable =
    let private number (format: string) (value: float) =
        value.ToString(format, CultureInfo.InvariantCulture)

    let private share (estimate: MeanEstimate) =
        let percent value = number "0.0" (100.0 * value)

        if Double.IsNaN estimate.Low then
            percent estimate.Mean
        else
            $"{percent estimate.Mean} [{percent estimate.Low}, {percent estimate.High}]"

    let private plain (estimate: MeanEstimate) = number "0.0" estimate.Mean

    /// The powers of two up to n, and n itself.
    let ks answers =
        Seq.unfold (fun k -> if k < answers then Some(k, 2 * k) else None) 1
        |> Seq.filter (fun k -> k > 1)
        |> Seq.toList
        |> fun smaller -> if answers > 1 then smaller @ [ answers ] else []

    let metrics (evaluation: Evaluated) =
        let answers = evaluation.AnswersPerItem

        [
            yield! ks answers |> List.map Metric.Pass
            if answers > 2 then
                Metric.Maj answers
        ]

    let private columns (evaluation: Evaluated) =
        [|
            "%"
            "items"
            $"avg@{evaluation.AnswersPerItem}"
            for metric in metrics evaluation do
                metric.Name
            "tokens"
        |]

    let private row (bootstrap: ItemBootstrap) shown (name: string) (evaluation: Evaluated) =
        [|
            name
            string evaluation.Items.Length
            share (evaluation.Measure(Metric.Accuracy, bootstrap))
            for metric in shown do
                share (evaluation.Measure(metric, bootstrap))
            plain (evaluation.Measure(Metric.Tokens, bootstrap))
        |]

    let evaluation (bootstrap: ItemBootstrap) (evaluation: Evaluated) =
        let shown = metrics evaluation

        let groups kind (parts: seq<EvaluationGroup>) =
            let parts = Seq.toArray parts

            if parts.Length < 2 then
                [||]
            else
                parts
                |> Array.map (fun part ->
                    let name = if part.Name = "" then "none" else part.Name
                    row bootstrap shown $"{kind} {name}" part.Evaluation)

        let rows =
            [|
                row bootstrap shown "all" evaluation
                yield! groups "level" (evaluation.ByLevel())
                yield! groups "subject" (evaluation.BySubject())
            |]

        [|
            ($"{evaluation.Policy} on {evaluation.Tasks}, "
             + Show.count evaluation.AnswersPerItem "answer"
             + $" a question at temperature {Show.number evaluation.Picking.Temperature}")
            yield! Format.table (columns evaluation) rows
            if evaluation.Ungraded > 0 then
                (Show.count evaluation.Ungraded "answer"
                 + " failed in grading or ran out of time; counted as wrong")
        |]

    let private p value =
        if value < 0.0001 then "< 0.0001" else number "0.0000" value

    let comparison (compared: PolicyComparison) =
        let row name (estimate: MeanEstimate) = [| name; share estimate |]

        [|
            yield!
                Format.table
                    [| $"{compared.MetricName}, %%"; "mean [95 %]" |]
                    [|
                        row compared.First compared.FirstMean
                        row compared.Second compared.SecondMean
                        row "difference" compared.Difference
                    |]
            ($"better in {compared.Better}, worse in {compared.Worse}, equal in {compared.Equal} of "
             + Show.count compared.Items.Length "question")
            let how =
                if compared.Permutation.IsExact then
                    "exact"
                else
                    "20,000 drawn patterns"

            $"two-sided p: {p compared.Permutation.P} sign-flip permutation ({how}), {p compared.SignP} exact sign test"
        |]

/// <summary>
/// Measures policies on held-out questions and compares them.
/// <code>
/// let before = Evaluate.on (policy, tasks, items = 200, answers = 8)
/// Evaluate.show before
/// Evaluate.compare (before, after) |> Evaluate.showComparison
/// </code>
/// Intervals are 95 % BCa bootstrap intervals over questions.
/// </summary>
[<AbstractClass; Sealed>]
type Evaluate =

    /// <summary>
    /// Samples and grades answers to the first test questions. The same arguments give the same answers; the questions are the same for every policy.
    /// </summary>
    /// <param name="policy">The policy.</param>
    /// <param name="tasks">Its test side is measured.</param>
    /// <param name="items">Questions; 200, or as many as there are, when left out.</param>
    /// <param name="answers">Answers to each; 4 when left out, 1 at temperature 0.</param>
    /// <param name="maxTokens">Longest answer; 128 when left out.</param>
    /// <param name="temperature">1 when left out; 0 takes the likeliest token.</param>
    /// <param name="right">Grades an answer; a score above one half is right. <c>Graders.Correct</c> when left out.</param>
    /// <param name="final">Finds the final answer, which votes, in a text; the extraction of mathematical answers when left out.</param>
    /// <param name="stopAt">Texts that end an answer; none when left out.</param>
    /// <param name="seed">1 when left out.</param>
    static member on
        (
            policy: Policy,
            tasks: TaskSet,
            ?items: int,
            ?answers: int,
            ?maxTokens: int,
            ?temperature: float,
            ?right: Grader,
            ?final: string -> string option,
            ?stopAt: string list,
            ?seed: int64
        ) : Evaluated =
        let source: ITaskSource = tasks.Test
        let defaults = MeasurePlan()
        let temperature = defaultArg temperature 1.0

        let all =
            if source.Count.HasValue then
                min source.Count.Value defaults.Items
            else
                defaults.Items

        let plan =
            MeasurePlan(
                Items = defaultArg items all,
                AnswersPerItem = defaultArg answers (if temperature = 0.0 then 1 else defaults.AnswersPerItem),
                MaxTokens = defaultArg maxTokens defaults.MaxTokens,
                Picking = PickSettings(Temperature = temperature),
                Grader = defaultArg right defaults.Grader,
                StopTexts = System.Collections.Immutable.ImmutableArray.CreateRange(defaultArg stopAt []),
                Final =
                    (match final with
                     | Some find -> Func<_, _>(find >> Option.toObj)
                     | None -> defaults.Final),
                Seed = Seed.Of(defaultArg seed 1L)
            )

        PolicyMeasure.Run(policy.Live, policy.Name, policy.Tokenizer, source, plan)

    /// <summary>
    /// Measures a run's policy before and after training, on the same test questions, as the run itself measures: <c>evaluateBy</c>,
    /// <c>evaluateAt</c>, the sampling's <c>maxTokens</c> and stop texts.
    /// </summary>
    /// <param name="run">The finished run.</param>
    /// <param name="items">Questions; those of <c>evaluateOn</c> when left out.</param>
    /// <param name="answers">Answers to each; those of <c>evaluateOn</c> when left out.</param>
    /// <returns>The answers of the policy "before" and of the policy "after".</returns>
    static member around(run: Run, ?items: int, ?answers: int) : Evaluated * Evaluated =
        let spec, sampling = run.Experiment.Spec, run.Experiment.Plan.Sampling

        let measure name policy =
            Evaluate.on (
                policy,
                spec.Tasks.Value,
                items = defaultArg items spec.EvaluateItems,
                answers = defaultArg answers spec.EvaluateSamples,
                maxTokens = sampling.MaxTokens,
                temperature = spec.EvaluateTemperature,
                right = run.Experiment.Plan.Evaluation.Grader,
                stopAt = List.ofSeq sampling.StopTexts
            )
            |> Evaluate.rename name

        use trained = run.Trained
        measure "before" run.Experiment.Policy, measure "after" trained

    /// <summary>The same answers under another name of the policy, for tables.</summary>
    static member rename (name: string) (evaluation: Evaluated) : Evaluated = evaluation.WithPolicy name

    /// <summary>The table of an evaluation: all questions, then each level and subject, in percent.</summary>
    static member text(evaluation: Evaluated) =
        String.Join(Environment.NewLine, EvaluateTable.evaluation ItemBootstrap.Default evaluation)

    /// <summary>Prints the table of an evaluation.</summary>
    static member show(evaluation: Evaluated) = printfn $"{Evaluate.text evaluation}"

    /// <summary>Compares two policies on the same questions, item by item; by accuracy unless another metric is given.</summary>
    static member compare(first: Evaluated, second: Evaluated, ?metric: Metric) : PolicyComparison =
        PolicyComparison.Of(first, second, defaultArg metric Metric.Accuracy)

    /// <summary>The table of a comparison: both means, their difference, and two paired tests.</summary>
    static member textOf(compared: PolicyComparison) =
        String.Join(Environment.NewLine, EvaluateTable.comparison compared)

    /// <summary>Prints the table of a comparison.</summary>
    static member showComparison(compared: PolicyComparison) = printfn $"{Evaluate.textOf compared}"

    /// <summary>Writes every answer with its score, a line for each question, and returns the full path.</summary>
    static member save (path: string) (evaluation: Evaluated) =
        EvaluationFile.Write(path, evaluation)
        IO.Path.GetFullPath path

    /// <summary>Reads an evaluation that <c>Evaluate.save</c> wrote.</summary>
    /// <exception cref="T:System.IO.InvalidDataException">The file is no whole evaluation.</exception>
    static member load(path: string) : Evaluated = EvaluationFile.Read path
