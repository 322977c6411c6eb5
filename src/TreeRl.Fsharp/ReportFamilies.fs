namespace TreeRl

open System
open TreeRl.Evaluation

/// <summary>Runs that differ in their seed only, in the order of the report.</summary>
type internal Family = { Name: string; Runs: RunView[] }

/// <summary>Brings seeds together: means with the range from the lowest to the highest, and differences between families.</summary>
module internal Families =

    let of' (runs: RunView[]) =
        runs
        |> Array.groupBy _.Family
        |> Array.map (fun (name, runs) -> { Name = name; Runs = runs })

    let private curve metric (run: RunView) =
        run.Curves |> Array.tryFind (fun curve -> curve.Metric = metric)

    let private single (x: Measurement -> float) name (curve: Curve) =
        let points = curve.Points
        let line = Chart.series name (Array.map x points) (points |> Array.map _.Value)

        if points |> Array.exists (fun point -> Double.IsFinite(point.Low + point.High)) then
            Chart.band (points |> Array.map _.Low) (points |> Array.map _.High) line
        else
            line

    let private steps (curve: Curve) = curve.Points |> Array.map _.Step

    /// One line: of a single run its own; of several seeds with the same steps their mean, the band from the lowest to the highest, and
    /// each seed as a thread. Seeds measured at other steps stand apart.
    let line (x: Measurement -> float) metric (family: Family) =
        match family.Runs |> Array.choose (curve metric) with
        | [||] -> [||]
        | [| only |] -> [| single x family.Name only |]
        | curves when curves |> Array.forall (fun other -> steps other = steps curves[0]) ->
            let across (value: Measurement -> float) (fold: float[] -> float) =
                curves[0].Points
                |> Array.mapi (fun i _ -> curves |> Array.map (fun curve -> value curve.Points[i]) |> fold)

            let threads =
                curves
                |> Array.map (fun curve -> Array.map x curve.Points, curve.Points |> Array.map _.Value)

            [|
                Chart.series family.Name (across x Array.average) (across _.Value Array.average)
                |> Chart.band (across _.Value Array.min) (across _.Value Array.max)
                |> Chart.threads threads
            |]
        | _ ->
            family.Runs
            |> Array.choose (fun run -> curve metric run |> Option.map (single x run.Name))

    /// What lines and bands are, in a sentence.
    let legend (families: Family[]) =
        let most = families |> Array.map _.Runs.Length |> Array.max

        if most > 1 then
            $"Lines are means over {most} seeds; bands go from the lowest to the highest seed; thin lines are the seeds."
        else
            "Bands are 95 % intervals over the test questions."

    let private mean (pick: RunView -> float) (family: Family) = family.Runs |> Array.averageBy pick

    let private accuracy (run: RunView) =
        match run.After with
        | ValueSome after -> after.Mean
        | ValueNone -> nan

    /// Columns and rows of the table over seeds.
    let seedColumns =
        [|
            "runs"
            "seeds"
            "accuracy after, mean"
            "lowest to highest"
            "sampled tokens, mean"
            "seconds, mean"
        |]

    let seedRow (family: Family) =
        let all = family.Runs |> Array.map accuracy

        [|
            family.Name
            family.Runs |> Array.map (fun run -> string run.Seed) |> String.concat ", "
            Format.percent (Array.average all)
            $"{Format.percent (Array.min all)} to {Format.percent (Array.max all)}"
            Show.whole (int64 (mean (fun run -> float run.SampledTokens) family))
            Format.seconds (mean (fun run -> run.SecondsSampling + run.SecondsTraining + run.SecondsRest) family)
        |]

    /// Share of right answers by test question, the mean over seeds; empty when the seeds were measured on different questions.
    let private items (family: Family) =
        let first = family.Runs[0].Items

        if
            family.Runs
            |> Array.forall (fun run -> Array.map fst run.Items = Array.map fst first)
        then
            first
            |> Array.mapi (fun i (id, _) -> id, family.Runs |> Array.averageBy (fun run -> snd run.Items[i]))
        else
            [||]

    /// Accuracy after training minus that of the first family, question by question: the mean with its 95 % interval (BCa bootstrap over
    /// questions); none where the questions differ.
    let difference (first: Family) (other: Family) =
        let mine, theirs = items other, items first

        if mine.Length > 0 && Array.map fst mine = Array.map fst theirs then
            let differences = Array.map2 (fun (_, a) (_, b) -> a - b) mine theirs
            ValueSome(ItemBootstrap.Default.Mean(differences, -1.0, 1.0))
        else
            ValueNone
