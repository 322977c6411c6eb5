// A real pretrained model learns to tell other stories: stories260K (260 thousand parameters, trained on TinyStories) is tuned by tree RL
// until its stories mention a given word. Nothing else is rewarded, so look at what the stories lose on the way.
//
// run      ./treerl scripts/stories.fsx [--word dog]      (TREERL_SMALL=1: a few seconds)
// needs    stories260K.bin and tok512.bin in the folder that TREERL_DATA names, by default ../shared/data beside the repository; without
//          them the script says so and ends
// time     about half a minute on two cores
// expect   the share of stories with the word rises from about 7 % to nearly all, and they come to repeat it; the same openings are
//          continued before and after, and the two policies are compared opening by opening; the last lines are the table and the report's path. To start afresh, delete runs/stories

#load "treerl.fsx"

open System.IO
open TreeRl
open TreeRl.Models
open TreeRl.Rewards
open TreeRl.Tasks

let word = Script.option "word" "dog"
let model = Script.data __SOURCE_DIRECTORY__ "stories260K.bin"
let pieces = Script.data __SOURCE_DIRECTORY__ "tok512.bin"

if not (File.Exists model && File.Exists pieces) then
    printfn "stories260K.bin and tok512.bin are absent: set TREERL_DATA to the folder that has them. Nothing was run."
    exit 0

let mentions = Graders.Matches $@"(?i)\b{word}s?\b"
let names = [| "Lily"; "Tom"; "Mia"; "Ben"; "Sue"; "Max"; "Anna" |]
let places = [| "in the park"; "at home"; "near a big tree"; "by the sea" |]

/// Openings of stories with some of the names.
let openings side chosen =
    let items =
        [
            for name in chosen do
                for place in places do
                    TaskItem($"{name} {place}", $"One day, {name} was playing {place}.", "", "")
        ]

    ListTasks($"openings, {side}", items)

let forest =
    branching {
        trees 4
        leaves 16
        branchWhen (entropyAbove 2.0)
        topUp newTrees
        maxTokens 80
    }

let run =
    experiment $"stories-{word}" {
        policy (Policy.ofWeights "stories260K" (Llama2CReader.Read model) (Llama2CTokenizer.Load pieces))
        tasks (Tasks.ofSources "openings" (openings "train" names[..4]) (openings "test" names[5..]))
        sample forest
        grade (reward { grader $"mentions {word}" 1.0 mentions.Invoke })
        redistribute Methods.treeAdv.Redistribute
        update Objectives.grpo
        steps (if Script.small then 2 else 16)
        promptsPerStep (if Script.small then 2 else 8)
        learningRate 3e-4
        evaluateOn 8 (if Script.small then 4 else 32)
        evaluateBy $"mentions {word}" mentions
        seed 3
        saveTo (Script.folder "stories")
    }
    |> Experiment.run

let before, after = Evaluate.around run

for told in [ before; after ] do
    printfn $"\n{told.Policy}: {told.Items[0].Prompt} {told.Items[0].Answers[0].Text.Trim()}"

printfn ""
Evaluate.compare (before, after) |> Evaluate.showComparison
Report.show run
