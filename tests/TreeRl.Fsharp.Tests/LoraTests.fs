module TreeRl.Tests.LoraTests

open System
open System.IO
open Xunit
open TreeRl
open TreeRl.Models
open TreeRl.Tasks

let private tokenizer = ChainTasks.NewTokenizer()

let private tiny () =
    let config =
        ModelConfig(
            VocabSize = tokenizer.VocabSize,
            Width = 16,
            Layers = 2,
            Heads = 1,
            KeyValueHeads = 1,
            HeadSize = 16,
            FeedForward = 16,
            ContextLength = 64
        )

    Policy.ofWeights "tiny" (ModelWeights.Random(config, Seed.Of 1L, 0.2)) tokenizer

let private fresh name =
    Path.Combine(Directory.CreateTempSubdirectory("treerl-test-").FullName, name)

let private small =
    lora {
        rank 2
        alpha 3.0
        layers [ "q_proj"; "lm_head" ]
        blocks [ 1 ]
    }

[<Fact>]
let ``a lora block prints its numbers and takes twice the rank for alpha`` () =
    let printed = string (lora { rank 4 })
    Assert.Contains("alpha    8   (default)", printed)
    Assert.Contains("rank     4", printed)

    let changed =
        lora {
            from small
            rank 5
        }

    Assert.Equal((5, 3.0), (changed.Settings.Rank, changed.Settings.Alpha))

[<Fact>]
let ``every mistake of a lora block is reported`` () =
    let error =
        Assert.Throws<SpecException>(fun () ->
            lora {
                rank 0
                alpha -1.0
                layers [ "query"; "q_proj"; "q_proj" ]
                blocks [ -1 ]
            }
            |> ignore)

    for part in
        [
            "lora.rank = 0"
            "lora.alpha = -1"
            "lora.layers = \"query\": is no linear layer of the model; choose among \"q_proj\""
            "\"q_proj\": is named more than once"
            "lora.blocks = -1"
        ] do
        Assert.Contains(part, error.Message)

[<Fact>]
let ``an adapter is trained, saved alone, loaded on the base, and merged into an ordinary model`` () =
    use start = tiny () |> Policy.lora small

    let run =
        experiment "adapter" {
            policy start
            tasks (Tasks.chains 1)

            sample (
                branching {
                    leaves 4
                    maxTokens 8
                }
            )

            grade (reward { term "brief" 1.0 (fun answer -> 1.0 - float answer.TokenCount / 8.0) })
            redistribute Methods.grpo.Redistribute
            update Objectives.grpo
            steps 2
            promptsPerStep 2
            learningRate 0.01
            evaluateOn 2 1
        }
        |> Experiment.runQuietly

    use run = run
    use trained = run.Trained
    Assert.Contains("an adapter of rank 2 on q_proj, lm_head is trained alone", string trained)
    Assert.Equal(start.Weights.WithAdapter(null).Fingerprint(), trained.Weights.WithAdapter(null).Fingerprint())
    let folder = fresh "adapter"
    Policy.saveAdapter folder trained
    use loaded = tiny () |> Policy.loadAdapter folder
    Assert.Equal(trained.Weights.Fingerprint(), loaded.Weights.Fingerprint())
    Assert.NotEqual<string>(start.Weights.Fingerprint(), loaded.Weights.Fingerprint())
    use merged = Policy.merge loaded
    let model = fresh "model"
    Policy.save model merged
    use read = Policy.load model
    Assert.Equal(merged.Weights.Fingerprint(), read.Weights.Fingerprint())
    Policy.saveAs TensorType.BF16 (fresh "half") merged

[<Fact>]
let ``what cannot be meant is refused and says what to do`` () =
    use plain = tiny ()
    use adapted = Policy.lora small plain

    let refusal (action: unit -> unit) =
        Assert.ThrowsAny<ArgumentException>(action).Message

    Assert.Contains("merge it first (Policy.merge)", refusal (fun () -> Policy.lora small adapted |> ignore))
    Assert.Contains("has no adapter", refusal (fun () -> Policy.saveAdapter (fresh "none") plain))
    Assert.Contains("nothing to merge", refusal (fun () -> Policy.merge plain |> ignore))
    Assert.Contains("merge it", refusal (fun () -> Policy.save (fresh "model") adapted))
    Assert.Contains("Blocks has 7", refusal (fun () -> Policy.lora (lora { blocks [ 7 ] }) plain |> ignore))
