// Makes the base policy "arith": a small transformer trained from scratch, by next-token prediction, on worked solutions of chain
// arithmetic. The demonstrations are imperfect on purpose - one step in five is wrong, one line in four needless - so that the policy
// knows the task and makes mistakes: reinforcement learning has something to do.
//
// run      ./treerl scripts/pretrain.fsx [folder]         (default: policies/arith, which is what the other scripts load)
// time     about 4 minutes on two cores; TREERL_SMALL=1 does a few seconds of it into a temporary folder
// expect   sampled accuracy between 25 % and 60 % on held-out chains of 3 to 4 steps, far more when answers are taken greedily

#load "treerl.fsx"

open System
open System.IO
open TreeRl
open TreeRl.Models
open TreeRl.Policies
open TreeRl.Policies.Cpu
open TreeRl.Tasks
open TreeRl.Training

let small = Environment.GetEnvironmentVariable "TREERL_SMALL" = "1"

let folder =
    match fsi.CommandLineArgs |> Array.tail with
    | [| folder |] -> folder
    | _ when small -> Path.Combine(Path.GetTempPath(), $"treerl-pretrain-{Environment.ProcessId}", "arith")
    | _ -> Path.Combine(__SOURCE_DIRECTORY__, "..", "policies", "arith")

let updates = if small then 12 else 900
let tokenizer = ChainTasks.NewTokenizer()

let config =
    ModelConfig(
        VocabSize = tokenizer.VocabSize,
        Width = 96,
        Layers = 3,
        Heads = 3,
        KeyValueHeads = 3,
        HeadSize = 32,
        FeedForward = 288,
        ContextLength = 192
    )

let tasks = ChainTasks(ChainOptions(MinSteps = 3, MaxSteps = 4))

let test =
    ChainTasks(ChainOptions(MinSteps = 3, MaxSteps = 4, Split = TaskSplit.Test))

let imperfect = DemonstrationOptions(WrongStepRate = 0.2, VerboseRate = 0.25)

let plan =
    PretrainingPlan(
        Demonstrations = (fun index -> Demonstrations.Write(tasks.Item index, index, imperfect)),
        Updates = updates,
        BatchSize = 256,
        LearningRate =
            LearningRateSchedule(Peak = 4e-3, WarmupUpdates = updates / 20, Decay = Decay.Cosine, FloorShare = 0.02)
    )

let policy = CpuPolicy.Create(ModelWeights.Random(config, Seed.Of 1L, 0.05))
let clock = Diagnostics.Stopwatch.StartNew()
printfn $"{policy.ParameterCount:N0} parameters on {policy.Engine}"

let show (progress: PretrainingProgress) =
    if (progress.Update + 1) % (max 1 (updates / 16)) = 0 then
        printfn
            $"update {progress.Update + 1, 5} of {updates}   loss {progress.LossPerToken:F4} nats a token   {progress.TokensSoFar:N0} tokens   {clock.Elapsed.TotalSeconds:F0} s"

Pretrainer.Train(policy, tokenizer, plan, show)

for label, temperature in [ "sampled", 1.0; "greedy", 0.0 ] do
    let items = if small then 20 else 400

    let measure =
        EvaluationPlan(Items = items, SamplesPerItem = 2, Picking = PickSettings(Temperature = temperature))

    printfn $"{label}: {Evaluator.Evaluate(policy, tokenizer, test, measure, 96, Seed.Of 2L)}"

ModelFolder.Save(folder, policy.ExportWeights(), tokenizer)
printfn $"written to {Path.GetFullPath folder} in {clock.Elapsed.TotalSeconds:F0} s"
