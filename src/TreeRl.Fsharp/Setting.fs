namespace TreeRl

open System
open System.Diagnostics
open System.Globalization
open System.IO

/// <summary>One mistake in a block: where it stands, what was written, which rule it breaks and how to mend it.</summary>
type Problem =
    {
        /// <summary>The block and the setting, as in "branching.fanOut".</summary>
        Path: string
        /// <summary>The value as written; None when a setting is missing.</summary>
        Value: string option
        /// <summary>The rule that is broken, with its reason.</summary>
        Rule: string
        /// <summary>What to write instead; empty when the rule says it.</summary>
        Cure: string
    }

    /// <summary>One line: "path = value: rule; cure", or "path rule; cure" without a value.</summary>
    override problem.ToString() =
        let subject =
            match problem.Value with
            | Some value -> $"{problem.Path} = {value}:"
            | None -> problem.Path

        let cure = if problem.Cure = "" then "" else $"; {problem.Cure}"
        $"{subject} {problem.Rule}{cure}"

/// <summary>
/// A block that cannot be run as written. The message lists every problem of the block, not only the first;
/// <c>Problems</c> holds them as values.
/// </summary>
type SpecException(block: string, problems: Problem[]) =
    inherit
        ArgumentException(
            let count =
                if problems.Length = 1 then
                    "1 problem"
                else
                    $"{problems.Length} problems"

            let lines = problems |> Array.map (fun problem -> "\n  " + string problem)
            $"{block} has {count}:" + String.Concat lines
        )

    /// <summary>The name of the block, as in "branching".</summary>
    member _.Block = block

    /// <summary>Every problem found, in the order of the lines that cause them.</summary>
    member _.Problems = problems

    /// <summary>The message, and the line of the script when there is one; no stack trace, since the mistake is in the block.</summary>
    override this.ToString() =
        let isScriptLine (frame: StackFrame) =
            match frame.GetFileName() with
            | null -> false
            | file -> file.EndsWith(".fsx", StringComparison.OrdinalIgnoreCase)

        let place =
            StackTrace(this, true).GetFrames()
            |> Array.tryFind isScriptLine
            |> Option.map (fun frame ->
                $"\n  at {Path.GetFileName(frame.GetFileName())}, line {frame.GetFileLineNumber()}")

        this.Message + Option.defaultValue "" place

/// <summary>How a setting treats the lines before it.</summary>
type internal SettingKind =
    /// Sets one thing, once in a block.
    | Once
    /// Takes over a finished block; the lines after it override.
    | Base

/// <summary>
/// One line of a block: a name, the value as written, and the change it makes to the block's record. A setting is an
/// ordinary value: it can be bound by <c>let</c>, stand behind <c>if</c>, or be yielded from a list.
/// </summary>
[<Sealed; AllowNullLiteral(false)>]
type Setting<'Spec>
    internal (kind: SettingKind, name: string, shown: string, given: Set<string>, change: 'Spec -> 'Spec) =

    /// <summary>The word, as in "fanOut"; with its own name where a word may stand several times, as in "term brief".</summary>
    member _.Name = name

    /// <summary>The value as written, as in "2".</summary>
    member _.Shown = shown

    member internal _.Kind = kind
    member internal _.Given = given
    member internal _.Change = change

    /// <summary>The line as one writes it.</summary>
    override _.ToString() =
        if shown = "" then name else $"{name} {shown}"

/// <summary>Numbers and texts as they are shown: invariant culture, shortest form that reads back.</summary>
module internal Show =
    let number (value: float) =
        if Double.IsPositiveInfinity value then
            "unlimited"
        else
            value.ToString("R", CultureInfo.InvariantCulture)

    let list (values: float list) =
        values |> List.map number |> String.concat ", "

    let whole (value: int64) =
        value.ToString("#,0", CultureInfo.InvariantCulture)

    /// "1 step", "2 steps".
    let count (value: int) (one: string) =
        if value = 1 then $"1 {one}" else $"{value} {one}s"

    /// "1 branch", "2 branches": where an s does not make the plural.
    let countOf (value: int) (one: string) (many: string) =
        if value = 1 then $"1 {one}" else $"{value} {many}"

    /// "1 token", "2,000 tokens".
    let wholeCount (value: int64) (one: string) =
        whole value + " " + (if value = 1L then one else one + "s")

    let limit (value: int) =
        if value = Int32.MaxValue then "unlimited" else string value

    let limit64 (value: int64) =
        if value = Int64.MaxValue then "unlimited" else whole value

    let text (value: string) =
        "\""
        + value.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\t", "\\t").Replace("\"", "\\\"")
        + "\""

    /// At most so many characters, the last ones an ellipsis when there are more.
    let cut (longest: int) (value: string) =
        if value.Length <= longest then
            value
        else
            value.Substring(0, longest - 2) + ".."

    let flag value = if value then "true" else "false"

    let span (time: TimeSpan) =
        if time = Threading.Timeout.InfiniteTimeSpan then
            "unlimited"
        else
            number time.TotalSeconds + " s"

/// <summary>Makes settings.</summary>
module internal Setting =
    let make name shown change =
        Setting<'Spec>(Once, name, shown, Set.singleton name, change)

    let whole name (value: int) change = make name (string value) (change value)

    let number name (value: float) change =
        make name (Show.number value) (change value)

    let flag name (value: bool) change =
        make name (Show.flag value) (change value)

    /// The lines of a finished block: they count as given, and later lines override them.
    let takeOver shown given (spec: 'Spec) =
        Setting<'Spec>(Base, "from", shown, given, (fun _ -> spec))

/// <summary>Builds lists of problems.</summary>
module internal Check =
    let problem path value rule cure =
        {
            Path = path
            Value = Some value
            Rule = rule
            Cure = cure
        }

    /// A problem without a value; the rule goes on from the path: "branching.leaves" "is missing: ..".
    let missing path rule cure =
        {
            Path = path
            Value = None
            Rule = rule
            Cure = cure
        }

    /// A rule of the core that the block's own checks did not catch.
    let refused block text = missing block $"is refused: {text}" ""

    /// One problem unless the rule holds.
    let rule holds path value text cure =
        [
            if not holds then
                problem path value text cure
        ]

    let atLeast (least: int) path (value: int) why cure =
        rule (value >= least) path (string value) $"must be at least {least}{why}" cure

    let positive path (value: float) cure =
        rule (value > 0.0 && Double.IsFinite value) path (Show.number value) "must be a finite number above 0" cure

    let notNegative path (value: float) cure =
        rule
            (value >= 0.0 && Double.IsFinite value)
            path
            (Show.number value)
            "must be a finite number of at least 0"
            cure

    let within low high path (value: float) cure =
        rule
            (value >= low && value <= high)
            path
            (Show.number value)
            $"must lie between {Show.number low} and {Show.number high}"
            cure

/// <summary>
/// The lines of a block put together: the record they make, which settings were given, and the problems of the list itself
/// (a setting given twice, a <c>from</c> below other lines).
/// </summary>
type internal Draft<'Spec> =
    {
        Spec: 'Spec
        /// Settings given by this block or by the block it starts from.
        Given: Set<string>
        /// Settings given by this block's own lines.
        Own: Set<string>
        Problems: Problem list
    }

module internal Draft =
    let private twice block (setting: Setting<'Spec>) (earlier: Setting<'Spec>) =
        let first = if earlier.Shown = "" then "given" else earlier.Shown
        let second = if setting.Shown = "" then "given again" else setting.Shown

        Check.problem
            $"{block}.{setting.Name}"
            $"{first}, then {second}"
            "given twice"
            "keep one line (to change a finished block, start with 'from' and write the new value below it)"

    /// Applies the lines in order. Lines below a `from` override what it brought; two lines of the same word are a problem.
    let gather block (start: 'Spec) (settings: Setting<'Spec> list) =
        let step (draft, seen: Map<string, Setting<'Spec>>) (setting: Setting<'Spec>) =
            let problems =
                match setting.Kind, Map.tryFind setting.Name seen with
                | Once, Some earlier -> [ twice block setting earlier ]
                | Base, _ when not seen.IsEmpty ->
                    [
                        Check.problem
                            $"{block}.from"
                            setting.Shown
                            "must be the first line, for it sets every other line"
                            "move it to the top of the block"
                    ]
                | _ -> []

            {
                Spec = setting.Change draft.Spec
                Given = draft.Given + setting.Given
                Own =
                    match setting.Kind with
                    | Once -> draft.Own.Add setting.Name
                    | Base -> draft.Own
                Problems = draft.Problems @ problems
            },
            Map.add setting.Name setting seen

        let empty =
            {
                Spec = start
                Given = Set.empty
                Own = Set.empty
                Problems = []
            }

        settings |> List.fold step (empty, Map.empty) |> fst

/// <summary>One resolved setting of a block, for printing.</summary>
[<Struct>]
type ResolvedLine =
    {
        /// <summary>The word.</summary>
        Word: string
        /// <summary>The resolved value.</summary>
        Resolved: string
        /// <summary>True when no line of the block gave it.</summary>
        IsDefault: bool
    }

/// <summary>Prints blocks.</summary>
module internal Blocks =
    let print (title: string) (lines: ResolvedLine[]) =
        let width = lines |> Array.fold (fun widest line -> max widest line.Word.Length) 0

        let shown =
            lines
            |> Array.map (fun line ->
                let mark = if line.IsDefault then "   (default)" else ""
                $"  {line.Word.PadRight width}  {line.Resolved}{mark}".TrimEnd())

        String.Join("\n", Array.append [| title |] shown)

    let lines given (pairs: (string * string) list) =
        pairs
        |> List.map (fun (word, shown) ->
            {
                Word = word
                Resolved = shown
                IsDefault = not (Set.contains word given)
            })
        |> List.toArray

    /// Throws when there are problems.
    let insist block problems =
        if not (List.isEmpty problems) then
            raise (SpecException(block, List.toArray problems))

/// <summary>A checked and resolved block. Printing it shows every setting with its value and marks what no line gave.</summary>
[<AbstractClass; Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Block<'Spec> internal (title: string, spec: 'Spec, given: Set<string>, lines: ResolvedLine[]) =
    member internal _.Spec = spec
    member internal _.Given = given

    /// <summary>Every setting with its resolved value.</summary>
    member _.Lines = lines

    /// <summary>The block, one setting a line.</summary>
    override _.ToString() = Blocks.print title lines

    /// <summary>The block as a table for notebooks; what no line gave is lighter.</summary>
    member _.ToHtml() =
        lines
        |> Array.map (fun line -> line.Word, line.Resolved, line.IsDefault)
        |> HtmlParts.settings title
        |> HtmlParts.render

/// <summary>
/// The shape of every block: each line is a <c>Setting</c>, so that <c>let</c>, <c>if</c>, <c>for</c>, <c>match</c> and
/// <c>yield!</c> (of a list of settings) work inside, and the block's own type differs from its settings, so that a block
/// cannot slip in where a line is meant.
/// </summary>
[<AbstractClass>]
type BlockBuilder<'Spec, 'Block>() =

    /// <summary>Checks the lines of the block and resolves them.</summary>
    /// <exception cref="T:TreeRl.SpecException">The block has problems; the message lists all.</exception>
    abstract Resolve: Setting<'Spec> list -> 'Block

    /// <summary>How a block is written.</summary>
    override _.ToString() =
        "a block without lines: write them in braces, as in 'branching { leaves 16; maxTokens 80 }'"

    /// <summary>A line of the block.</summary>
    member _.Yield(setting: Setting<'Spec>) = [ setting ]

    /// <summary>Several lines, as in <c>yield! common</c>.</summary>
    member _.YieldFrom(settings: seq<Setting<'Spec>>) = List.ofSeq settings

    /// <summary>No line, as behind an <c>if</c> that does not hold.</summary>
    member _.Zero() : Setting<'Spec> list = []

    /// <summary>Lines, and the lines below them.</summary>
    member _.Combine(upper: Setting<'Spec> list, lower: unit -> Setting<'Spec> list) = upper @ lower ()

    /// <summary>Lines not yet evaluated.</summary>
    member _.Delay(lines: unit -> Setting<'Spec> list) = lines

    /// <summary>The lines of a loop.</summary>
    member _.For(items: seq<'Item>, lines: 'Item -> Setting<'Spec> list) = items |> Seq.map lines |> List.concat

    /// <summary>Checks and resolves the block.</summary>
    /// <exception cref="T:TreeRl.SpecException">The block has problems; the message lists all.</exception>
    member builder.Run(lines: unit -> Setting<'Spec> list) : 'Block = builder.Resolve(lines ())

/// <summary>Words that every block knows.</summary>
[<AutoOpen>]
module BlockWords =

    /// <summary>
    /// Starts a block with all lines of a finished one; the lines below override:
    /// <c>branching { from mine; leaves 32 }</c>. Must be the first line.
    /// </summary>
    let from (block: Block<'Spec>) : Setting<'Spec> =
        Setting.takeOver "(another block)" block.Given block.Spec
