module TreeRl.Tests.EvaluateTests

open System.IO
open Xunit
open TreeRl
open TreeRl.Evaluation
open TreeRl.Models
open TreeRl.Rewards
open TreeRl.Tasks

let private tokenizer = ChainTasks.NewTokenizer()

let private config =
    ModelConfig(
        VocabSize = tokenizer.VocabSize,
        Width = 16,
        Layers = 1,
        Heads = 1,
        KeyValueHeads = 1,
        HeadSize = 16,
        FeedForward = 16,
        ContextLength = 64
    )

let private random name seed =
    Policy.ofWeights name (ModelWeights.Random(config, Seed.Of seed, 0.2)) tokenizer

let private hasDigitOne = Graders.When(fun answer -> answer.Text.Contains '1')

let private measure (policy: Policy) =
    Evaluate.on (policy, Tasks.chainsBetween 1 2, items = 6, answers = 4, maxTokens = 12, right = hasDigitOne)

[<Fact>]
let ``an evaluation prints a line for all questions and one for each level`` () =
    use policy = random "one" 1L
    let text = Evaluate.text (measure policy)
    Assert.StartsWith("one on chains of 1-2, test, 4 answers a question at temperature 1", text)

    for word in [ "avg@4"; "pass@2"; "pass@4"; "maj@4"; "\nall "; "\nlevel 1"; "\nlevel 2" ] do
        Assert.Contains(word, text)

[<Fact>]
let ``two policies are compared on the same questions`` () =
    use first = random "one" 1L
    use second = random "two" 2L
    let before, after = measure first, measure second
    let compared = Evaluate.compare (before, after, Metric.Pass 2)
    Assert.Equal(6, compared.Items.Length)

    Assert.Equal(
        after.Measure(Metric.Pass 2).Mean - before.Measure(Metric.Pass 2).Mean,
        compared.Difference.Mean,
        1e-12
    )

    let text = Evaluate.textOf compared
    Assert.Contains("difference", text)
    Assert.Contains("sign-flip permutation (exact)", text)
    let same = Evaluate.compare (before, Evaluate.rename "again" before)
    Assert.Equal(1.0, same.SignP)
    Assert.Equal(6, same.Equal)

[<Fact>]
let ``answers are kept in a file and read back`` () =
    use policy = random "one" 1L
    let evaluation = measure policy

    let path =
        Path.Combine(Directory.CreateTempSubdirectory("treerl-test-").FullName, "answers.jsonl")

    Assert.Equal(path, Evaluate.save path evaluation)
    Assert.Equal(Evaluate.text evaluation, Evaluate.text (Evaluate.load path))

[<Fact>]
let ``a run is measured by what it says is right`` () =
    use policy = random "one" 1L
    let tasks = Tasks.chainsBetween 1 2

    use run =
        experiment "ones" {
            TreeRl.ExperimentWords.policy policy
            TreeRl.ExperimentWords.tasks tasks

            sample (
                branching {
                    leaves 4
                    maxTokens 12
                }
            )

            grade (reward { grader "ones" 1.0 hasDigitOne.Invoke })
            redistribute Methods.grpo.Redistribute
            update Objectives.grpo
            steps 1
            promptsPerStep 2
            evaluateOn 6 4
            evaluateBy "a one" hasDigitOne
        }
        |> Experiment.runQuietly

    let before, _ = Evaluate.around run
    Assert.Equal("before", before.Policy)
    Assert.Equal(24, before.Items |> Seq.sumBy _.Answers.Length)

    for item in before.Items do
        for answer in item.Answers do
            Assert.Equal(answer.Text.Contains '1', answer.IsRight)

    Assert.Contains("evaluateBy", string run.Experiment)
    Assert.True(run.Result.Before.Accuracy > 0.0)
