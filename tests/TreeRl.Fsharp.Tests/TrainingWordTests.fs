module TreeRl.Tests.TrainingWordTests

open System
open Xunit
open TreeRl
open TreeRl.Credit
open TreeRl.Training
open TreeRl.Tests.SettingTests
open TreeRl.Tests.StageTests

/// The first token decides, so that two answers to a question often earn the same.
let private odd =
    reward { term "odd" 1.0 (fun answer -> float (answer.TokenIds[0] % 2)) }

let private following (method: Method) name more =
    experiment name {
        policy (smallPolicy ())
        tasks (Tasks.chains 2)

        sample (
            branching {
                trees 2
                leaves 2
                maxTokens 8
            }
        )

        grade odd
        redistribute method.Redistribute
        update method.Update
        steps 2
        promptsPerStep 3
        evaluateOn 2 2
        yield! more
    }

[<Fact>]
let ``DAPO samples dynamically in an experiment unless it is told not to`` () =
    let dapo = following Methods.dapo "dapo" []
    let rule = dapo.Plan.DynamicSampling |> nonNull
    Assert.Equal(10, rule.MaxTries)
    Assert.Equal(PruneRule.EqualPrompts, rule.Uninformative)

    Assert.Contains(
        "dynamicSampling  (tries 10), as 'prune (equalPrompts |> refilled 10)' of dapo says   (default)",
        string dapo
    )

    let plain = following Methods.dapo "plain" [ dynamicSampling noRefill ]
    Assert.Null plain.Plan.DynamicSampling
    let fewer = following Methods.dapo "fewer" [ dynamicSampling (tries 3) ]
    Assert.Equal(3, (nonNull fewer.Plan.DynamicSampling).MaxTries)

    use run = Experiment.runQuietly dapo

    for step in run.Result.Steps do
        Assert.Equal(3, step.PromptsTrained)
        Assert.Equal(3 * step.Tries, step.PromptsSampled)

    use plainRun = Experiment.runQuietly plain
    Assert.All(plainRun.Result.Steps, fun step -> Assert.Equal((1, 3), (step.Tries, step.PromptsSampled)))

[<Fact>]
let ``any method samples dynamically when an experiment says so`` () =
    let rule =
        tries 5
        |> judgedBy "odd"
        |> missingOnly
        |> leavingOut (narrow Prompt Deviation 0.1)

    let block = following Methods.treeAdv "trees" [ dynamicSampling rule ]
    let plan = block.Plan.DynamicSampling |> nonNull

    Assert.Equal(
        DynamicSampling(
            5,
            Term = "odd",
            Refill = RefillSize.Missing,
            Uninformative = PruneRule(PruneGroups.Prompt, SpreadStatistic.Std, 0.1)
        ),
        plan
    )

    Assert.Contains(
        "dynamicSampling  (tries 5 |> judgedBy \"odd\" |> missingOnly |> leavingOut (narrow Prompt Deviation 0.1))",
        string block
    )

    Assert.Null((following Methods.treeAdv "none" []).Plan.DynamicSampling)

[<Fact>]
let ``mistakes in dynamic sampling are reported with the rest`` () =
    let problems =
        problemsOf (fun () ->
            following
                Methods.grpo
                "wrong"
                [
                    dynamicSampling (tries 0 |> judgedBy "even" |> leavingOut equalSiblings)
                    epochs 0
                ])

    Assert.Contains(
        "experiment.dynamicSampling tries = 0: must be at least 1; 1 leaves questions out without replacing them; write 'dynamicSampling noRefill' to train all",
        problems
    )

    Assert.Contains(
        "experiment.dynamicSampling leavingOut = equalSiblings: must be about whole prompts; write for example 'leavingOut equalPrompts'",
        problems
    )

    Assert.Contains(
        "experiment.dynamicSampling judgedBy = \"even\": is no term of the reward, which has \"odd\"; leave 'judgedBy' out to look at the whole reward",
        problems
    )

    let pruning =
        problemsOf (fun () ->
            redistribution {
                backup meanOfChildren
                advantage (over Parent)
                prune (equalSiblings |> refilled 4)
            })

    Assert.Contains(
        "redistribution.prune refilled = (equalSiblings |> refilled 4): replaces prompts, but the rule leaves sibling groups out; write for example 'prune (equalPrompts |> refilled 10)'",
        pruning
    )

[<Fact>]
let ``leaves are chosen and tokens masked by words that print as they are written`` () =
    let block =
        redistribution {
            from Methods.treeRl.Redistribute
            choose (goodFirst 4 |> goodFrom 1.0 |> choiceSeed 3)
            mask (probabilityBelow 0.8)
        }

    Assert.Equal(LeafChoice(4, true, GoodScore = 1.0, Seed = 3L), block.Rule.Choice)
    Assert.Equal(TokenMask 0.8, block.Rule.Mask)
    let text = string block
    Assert.Contains("choose     (goodFirst 4 |> goodFrom 1 |> choiceSeed 3)", text)
    Assert.Contains("mask       (probabilityBelow 0.8)", text)

    let all =
        redistribution {
            from block
            choose allLeaves
            mask noMask
        }

    Assert.Null all.Rule.Choice
    Assert.Null all.Rule.Mask

    let problems =
        problemsOf (fun () ->
            redistribution {
                advantage (over Prompt)
                choose (anyLeaves 0)
                mask (probabilityBelow 1.5)
            })

    Assert.Contains(
        "redistribution.choose anyLeaves = 0: must be at least 1 answer; write 'choose allLeaves' to train all",
        problems
    )

    Assert.Contains(
        "redistribution.mask probabilityBelow = 1.5: must lie above 0 and be at most 1; write 'mask noMask' to train every token",
        problems
    )
