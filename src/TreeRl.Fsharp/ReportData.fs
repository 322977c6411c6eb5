namespace TreeRl

/// <summary>A mean with its confidence interval.</summary>
[<Struct>]
type Interval =
    {
        /// <summary>The mean.</summary>
        Mean: float
        /// <summary>Lower end.</summary>
        Low: float
        /// <summary>Upper end.</summary>
        High: float
        /// <summary>Number of cases behind it.</summary>
        Count: int
    }

/// <summary>One measurement of a run.</summary>
[<Struct>]
type Measurement =
    {
        /// <summary>Training steps done.</summary>
        Step: int
        /// <summary>Tokens sampled so far in training.</summary>
        Tokens: int64
        /// <summary>Seconds of sampling, grading and training so far, evaluations left out.</summary>
        Seconds: float
        /// <summary>The value; NaN leaves a gap in the curve.</summary>
        Value: float
        /// <summary>Lower end of its interval; NaN for none.</summary>
        Low: float
        /// <summary>Upper end of its interval; NaN for none.</summary>
        High: float
    }

/// <summary>Where a curve stands in a report.</summary>
[<RequireQualifiedAccess>]
type CurveGroup =
    /// <summary>What is to be learned: drawn large, over tokens, seconds and steps.</summary>
    | Learning
    /// <summary>The terms of the reward, one by one.</summary>
    | Terms
    /// <summary>Ratios new / old, clipping and divergence.</summary>
    | Ratios
    /// <summary>The rest.</summary>
    | Along

/// <summary>A quantity measured along a run.</summary>
type Curve =
    {
        /// <summary>Where it is drawn.</summary>
        Group: CurveGroup
        /// <summary>What it is, with its unit; curves of the same name share a chart.</summary>
        Metric: string
        /// <summary>The measurements, in the order of the steps.</summary>
        Points: Measurement[]
    }

/// <summary>Shares that make up a whole at every step, such as prompts by the outcome of their answers.</summary>
type ShareView =
    {
        /// <summary>What is divided.</summary>
        Title: string
        /// <summary>Training steps done.</summary>
        Steps: int[]
        /// <summary>The parts from the bottom of the figure: name, place in the palette, and a share for each step.</summary>
        Parts: (string * int * float[])[]
    }

    /// <summary>The title and the names of the parts.</summary>
    override share.ToString() =
        let names =
            share.Parts |> Array.map (fun (name, _, _) -> name) |> String.concat ", "

        $"{share.Title}: {names} over " + Show.count share.Steps.Length "step"

/// <summary>A token of a sampled tree.</summary>
[<Struct>]
type TokenView =
    {
        /// <summary>The token as text.</summary>
        Piece: string
        /// <summary>Log-probability under the sampling policy, in nats.</summary>
        LogProb: float
        /// <summary>Entropy of the distribution it was drawn from, in nats.</summary>
        Entropy: float
        /// <summary>Advantage of the token; NaN when it takes no part in training.</summary>
        Advantage: float
    }

/// <summary>A node of a sampled tree: its tokens, and its children or its outcome.</summary>
type NodeView =
    {
        /// <summary>The node's own tokens.</summary>
        Tokens: TokenView[]
        /// <summary>Value of the node; NaN for none.</summary>
        Value: float
        /// <summary>Why a leaf ended; empty for an inner node.</summary>
        Finish: string
        /// <summary>What a leaf earned, as text; empty for an inner node.</summary>
        Outcome: string
        /// <summary>The score of a leaf; NaN for none.</summary>
        Score: float
        /// <summary>The nodes below.</summary>
        Children: NodeView[]
    }

/// <summary>The trees of one prompt.</summary>
type TreeView =
    {
        /// <summary>What the tree shows, as in "treeAdv, step 60".</summary>
        Caption: string
        /// <summary>The prompt.</summary>
        Prompt: string
        /// <summary>The key the answers are compared with.</summary>
        Reference: string
        /// <summary>The trees.</summary>
        Roots: NodeView[]
    }

/// <summary>What one run measured. Seconds and lengths that were not measured are NaN and shown as "-".</summary>
type RunView =
    {
        /// <summary>Name of the run.</summary>
        Name: string
        /// <summary>Name without the seed: runs of one family differ in their seed only, and are drawn as one line with a band.</summary>
        Family: string
        /// <summary>The run's seed.</summary>
        Seed: int
        /// <summary>Short facts for the head, as in ("policy", "arith, 0.2M parameters").</summary>
        Facts: (string * string)[]
        /// <summary>The plan in words: a heading and a printed block for each part.</summary>
        Plan: (string * string)[]
        /// <summary>Accuracy before training.</summary>
        Before: Interval voption
        /// <summary>Accuracy after training.</summary>
        After: Interval voption
        /// <summary>Mean tokens of an answer before training.</summary>
        LengthBefore: float
        /// <summary>Mean tokens of an answer after training.</summary>
        LengthAfter: float
        /// <summary>Tokens sampled in training.</summary>
        SampledTokens: int64
        /// <summary>Tokens the same answers would have had without shared prefixes.</summary>
        FlatTokens: int64
        /// <summary>Seconds spent sampling.</summary>
        SecondsSampling: float
        /// <summary>Seconds spent in forward and backward passes and updates.</summary>
        SecondsTraining: float
        /// <summary>Seconds spent on the rest: grading, evaluation, files.</summary>
        SecondsRest: float
        /// <summary>What was measured along the run.</summary>
        Curves: Curve[]
        /// <summary>Share of right answers after training by test question: id and share.</summary>
        Items: (string * float)[]
        /// <summary>Shares along the run: prompts by outcome, answers by the reason they ended.</summary>
        Shares: ShareView[]
        /// <summary>The steps whose trees can be inspected: 0-based step and trees as JSON (<c>TreeRl.Inspection.TreeJson</c>).</summary>
        Inspected: (int * string)[]
        /// <summary>Warnings and remarks, as in "2 graders timed out".</summary>
        Notes: string[]
    }

/// <summary>A report over one run or several.</summary>
[<Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type ReportView =
    {
        /// <summary>Heading.</summary>
        Title: string
        /// <summary>One sentence below it.</summary>
        Summary: string
        /// <summary>The runs; the first is drawn first.</summary>
        Runs: RunView[]
    }

/// <summary>Shared formats of reports, on the console and in HTML.</summary>
module internal Format =
    open System
    open System.Globalization

    let fixedTo (digits: int) (value: float) =
        if Double.IsFinite value then
            value.ToString("F" + string digits, CultureInfo.InvariantCulture)
        else
            "-"

    let signed (value: float) =
        if Double.IsFinite value then
            value.ToString("+0.000;-0.000;0", CultureInfo.InvariantCulture)
        else
            "-"

    let percent (share: float) =
        if Double.IsFinite share then
            (100.0 * share).ToString("F1", CultureInfo.InvariantCulture) + "%"
        else
            "-"

    let interval (value: Interval voption) =
        match value with
        | ValueSome v -> $"{percent v.Mean} [{percent v.Low}, {percent v.High}]"
        | ValueNone -> "-"

    let seconds (value: float) =
        if not (Double.IsFinite value) then "-"
        elif value < 10.0 then fixedTo 1 value + " s"
        elif value < 600.0 then fixedTo 0 value + " s"
        else fixedTo 1 (value / 60.0) + " min"

    /// Columns of the table of results and each run's cells.
    let resultColumns =
        [|
            "run"
            "accuracy before"
            "accuracy after"
            "answer tokens"
            "sampled tokens"
            "shared"
            "sampling"
            "training"
            "rest"
        |]

    let resultRow (run: RunView) =
        let saved =
            if run.FlatTokens > 0L then
                percent (1.0 - float run.SampledTokens / float run.FlatTokens)
            else
                "-"

        [|
            run.Name
            interval run.Before
            interval run.After
            $"{fixedTo 1 run.LengthBefore} to {fixedTo 1 run.LengthAfter}"
            Show.whole run.SampledTokens
            saved
            seconds run.SecondsSampling
            seconds run.SecondsTraining
            seconds run.SecondsRest
        |]

    /// Lines of a table for the console; the first column is left-aligned, the others right.
    let table (columns: string[]) (rows: string[][]) =
        let widths =
            columns
            |> Array.mapi (fun i head -> rows |> Array.fold (fun widest row -> max widest row[i].Length) head.Length)

        let line (cells: string[]) =
            cells
            |> Array.mapi (fun i cell ->
                if i = 0 then
                    cell.PadRight widths[i]
                else
                    cell.PadLeft widths[i])
            |> String.concat "  "

        Array.append [| line columns |] (Array.map line rows)

type ReportView with

    /// <summary>For notebooks: the table of results. <c>Report.write</c> makes the whole page.</summary>
    member report.ToHtml() =
        [
            HtmlParts.caption report.Title
            HtmlParts.table Format.resultColumns (report.Runs |> Array.map Format.resultRow)
        ]
        |> HtmlParts.render
