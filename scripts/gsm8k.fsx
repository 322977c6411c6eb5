// Tree RL of a published checkpoint on GSM8K (arXiv 2110.14168), from a file of JSON lines: questions in a template, answers graded by
// equivalence, forests that branch where the model is unsure, TreeAdv's credit, GRPO's update; the same held-out questions before and after.
//
// run      ./treerl scripts/gsm8k.fsx --model <folder> [--data <gsm8k.jsonl>] [--steps 50] [--lora <rank>]
//          The folder is one of Hugging Face's: config.json, safetensors, tokenizer.json. With --lora an adapter of that rank is trained in place
//          of the weights, at a tenfold learning rate, and written in PEFT's format. The data defaults to gsm8k_test.jsonl in the folder that
//          TREERL_DATA names (../shared/data beside the repository); one question in five is held out. To report numbers, train on GSM8K's train
//          file. TREERL_SMALL=1 needs neither: a tiny random model, right about nothing, five questions, and an adapter of rank 4.
// time     small: seconds. A model of 100 million parameters takes minutes a step on two cores
// expect   a table of the answers after, a paired comparison with those before, the run's table and the report's path

#load "treerl.fsx"

open System.IO
open TreeRl
open TreeRl.Rewards
open TreeRl.Tasks

let folder = Script.folder "gsm8k"

let model, data =
    if Script.small then
        Script.tinyModel (Path.Combine(folder, "tiny")), Script.fewQuestions folder
    else
        Script.option "model" "", Script.option "data" (Script.data __SOURCE_DIRECTORY__ "gsm8k_test.jsonl")

if model = "" || not (File.Exists data) then
    eprintfn $"give --model <folder>, and --data <file> where {data} is not there; TREERL_SMALL=1 needs neither"
    exit 2

let start = Policy.load model |> Script.adapted
let parts = TaskOrder.Split(MathDatasets.Gsm8k data, 0.2, Seed.Of 1L)
let longest = if Script.small then 24 else 320

let forest =
    branching {
        leaves 8
        branchWhen (entropyAbove 1.0)
        topUp newTrees
        maxTokens longest
    }

let score =
    reward {
        grader "correct" 1.0 MathGraders.Gsm8k.Invoke

        if Script.small then // a random model is never right: brevity gives it something to learn
            term "brief" 1.0 (fun answer -> 1.0 - float answer.TokenCount / float longest)
    }

let run =
    experiment "gsm8k" {
        policy start
        tasks (Tasks.ofSources "gsm8k" parts.Train parts.Test)
        sample forest
        grade score
        redistribute Methods.treeAdv.Redistribute
        update Objectives.grpo
        steps (if Script.small then 2 else int (Script.option "steps" "50"))
        promptsPerStep (if Script.small then 2 else 8)
        learningRate (if Script.adapterRank = 0 then 2e-6 else 2e-5)
        evaluateOn (min 200 parts.Test.Count.Value) 2
        evaluateBy "GSM8K's key" MathGraders.Gsm8k
        saveTo folder
    }
    |> Experiment.run

let before, after = Evaluate.around run
Evaluate.show after
Evaluate.compare (before, after) |> Evaluate.showComparison

if Script.adapterRank > 0 then
    Policy.saveAdapter (Path.Combine(folder, "adapter")) run.Trained

Report.show run
