module TreeRl.Tests.WordsTests

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open Microsoft.FSharp.Reflection
open Xunit
open TreeRl

let rec private rootAbove (folder: string) =
    if File.Exists(Path.Combine(folder, "TreeRl.sln")) then
        folder
    else
        match Path.GetDirectoryName folder with
        | null -> failwith "the tests run outside the repository"
        | above -> rootAbove above

let private lines =
    lazy (File.ReadAllLines(Path.Combine(rootAbove AppContext.BaseDirectory, "docs", "words.md")))

/// The code of docs/words.md, comments left out: a word must be used, not only spoken of.
let private code =
    lazy
        (let folder (inside, kept) (line: string) =
            if line.StartsWith("```", StringComparison.Ordinal) then
                (not inside && line = "```fsharp"), kept
            elif inside then
                inside, line.Split("//")[0] :: kept
            else
                inside, kept

         lines.Value |> Array.fold folder (false, []) |> snd |> String.concat "\n")

let private isUsed (word: string) =
    Regex.IsMatch(code.Value, $@"(?<![\w.]){Regex.Escape word}(?!\w)")

/// Everything the builders' modules bring into scope.
let private words =
    [
        for kind in typeof<Branching>.Assembly.GetExportedTypes() do
            if kind.GetCustomAttributes(typeof<AutoOpenAttribute>, false).Length > 0 then
                for item in kind.GetMembers(BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly) do
                    if not (item.Name.StartsWith("get_", StringComparison.Ordinal) || item.Name.Contains '$') then
                        item.Name
    ]

/// Cases that a person writes as they are; the others are made by words.
let private cases =
    [
        for kind in
            [
                typeof<AtDepth>
                typeof<FanOutRule>
                typeof<RepetitionPlace>
                typeof<Group>
                typeof<Divisor>
                typeof<Spread>
                typeof<TrainUnit>
                typeof<OnlyOne>
                typeof<Statistic>
                typeof<Aggregate>
                typeof<Kl>
                typeof<RateDecay>
            ] do
            for case in FSharpType.GetUnionCases kind do
                if
                    case.GetFields().Length = 0
                    || case.Name = "TokenSumOver"
                    || case.Name = "StepBudget"
                then
                    case.Name
    ]

[<Fact>]
let ``every word of every block has an example in docs/words.md, which is executed`` () =
    Assert.True(words.Length > 150, $"{words.Length} words found")
    Assert.Empty(words @ cases |> List.filter (isUsed >> not))
