namespace TreeRl

open System
open System.IO
open TreeRl.Models

/// <summary>What scripts share: options, the small form, folders, and a model to try a script with.</summary>
[<RequireQualifiedAccess>]
module Script =

    /// <summary>True when the environment variable TREERL_SMALL is 1: the script does a few seconds of its work, to see that it runs.</summary>
    let small = Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"

    /// <summary>The word behind <c>--name</c> on the command line; the fallback when there is none.</summary>
    let option (name: string) (fallback: string) =
        Environment.GetCommandLineArgs()
        |> Array.pairwise
        |> Array.tryFind (fun (key, _) -> key = $"--{name}")
        |> function
            | Some(_, value) -> value
            | None -> fallback

    /// <summary>Where a script writes: <c>runs/name</c>, and in the small form a fresh place in the temporary folder.</summary>
    let folder (name: string) =
        if small then
            Path.Combine(Path.GetTempPath(), $"treerl-{name}-{Environment.ProcessId}")
        else
            Path.Combine("runs", name)

    /// <summary>
    /// The path of a data file: in the folder that TREERL_DATA names, by default <c>../shared/data</c> beside the repository, seen from a script's
    /// <c>__SOURCE_DIRECTORY__</c>. The file need not be there.
    /// </summary>
    let data (scripts: string) (file: string) =
        match Environment.GetEnvironmentVariable "TREERL_DATA" with
        | null
        | "" -> Path.Combine(scripts, "..", "..", "shared", "data", file)
        | named -> Path.Combine(named, file)

    /// <summary>Writes a tiny random model over printable characters as a model folder and returns the folder: enough to try a script with.</summary>
    let tinyModel (folder: string) =
        let tokenizer = CharTokenizer("\n" + String([| ' ' .. '~' |]))

        let config =
            ModelConfig(
                VocabSize = tokenizer.VocabSize,
                Width = 32,
                Layers = 2,
                Heads = 2,
                KeyValueHeads = 1,
                HeadSize = 16,
                FeedForward = 64,
                ContextLength = 256
            )

        ModelFolder.Save(folder, ModelWeights.Random(config, Seed.Of 1L, 0.1), tokenizer)
        folder

    /// <summary>Writes five easy questions in GSM8K's format into a folder and returns the file: enough to try a script with.</summary>
    let fewQuestions (folder: string) =
        let path = Path.Combine(folder, "questions.jsonl")
        Directory.CreateDirectory folder |> ignore

        let line n =
            $$"""{"question": "Ann has {{n}} apples and buys 3 more. How many has she?", "answer": "#### {{n + 3}}"}"""

        File.WriteAllLines(path, Seq.map line [ 2; 5; 7; 9; 11 ])
        path

    /// <summary>The number behind <c>--lora</c>, 0 without it; 4 in the small form.</summary>
    let adapterRank = int (option "lora" (if small then "4" else "0"))

    /// <summary>The policy under a fresh adapter of that rank; as it is when the rank is 0.</summary>
    let adapted (policy: Policy) =
        if adapterRank = 0 then
            policy
        else
            policy |> Policy.lora (lora { rank adapterRank })
