module TreeRl.Tests.TrainingWordTests

open System
open Xunit
open TreeRl
open TreeRl.Credit
open TreeRl.Training
open TreeRl.Tests.SettingTests
open TreeRl.Tests.DeskFixtures

/// The first token decides, so that two answers to a question often earn the same.
let private odd =
    reward { term "odd" 1.0 (fun answer -> float (answer.TokenIds[0] % 2)) }

let private following (method: Method) name more =
    experiment name {
        policy (TinyPolicy.make ())
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

/// VinePPO on a small policy: steps of three tokens, two continuations.
let private vine name more =
    experiment name {
        policy (TinyPolicy.make ())
        tasks (Tasks.chains 2)

        sample (
            branching {
                from Methods.vinePpo.Sample
                stepNodes (stepEvery 3)
                maxTokens 9
            }
        )

        grade odd

        redistribute (
            redistributionNamed "vinePpo" {
                from Methods.vinePpo.Redistribute
                backup (freshValues 2)
            }
        )

        update Methods.vinePpo.Update
        steps 2
        promptsPerStep 2
        evaluateOn 2 2
        yield! more
    }

[<Fact>]
let ``VinePPO runs as an experiment and counts the tokens of its values`` () =
    use run = Experiment.runQuietly (vine "vine" [])

    for step in run.Result.Steps do
        Assert.True(step.ValueTokens > 0L)
        Assert.Equal(1, step.Updates)

    let last = run.Result.Steps[1]
    let first = run.Result.Steps[0]
    Assert.Equal(first.TokensSoFar + last.Tokens + last.ValueTokens, last.TokensSoFar)
    Assert.Equal("vinePpo", run.LastForest.Value.Result.Rule.Name)
    use again = Experiment.runQuietly (vine "vine" [])
    Assert.Equal(last.TokensSoFar, again.Result.Steps[1].TokensSoFar)

[<Fact>]
let ``fresh values are sampled for a forest by hand as well`` () =
    use small = TinyPolicy.make ()

    let forest =
        branching {
            from Methods.vinePpo.Sample
            stepNodes (stepEvery 3)
            maxTokens 9
        }

    let graded = Forest.grow forest small (Tasks.chains 2) 2 7 |> Reward.grade odd
    let estimates = graded |> Lab.values small odd forest 5 Methods.vinePpo.Redistribute
    Assert.True estimates.Complete
    let rule = graded |> Lab.supply estimates Methods.vinePpo.Redistribute
    let credited = graded |> Redistribution.apply rule
    Assert.Equal(estimates.Prompt[0], credited.Result.PromptValue[0])

    let refused =
        Assert.Throws<ArgumentException>(fun () ->
            graded |> Redistribution.apply Methods.vinePpo.Redistribute |> ignore)

    Assert.Contains("asks for values that are sampled with the policy", refused.Message)

[<Fact>]
let ``the sampler's finer words reach the plan and print as they are written`` () =
    let block =
        branching {
            trees 2
            leaves 32
            branchWhen (everyTokens 4)
            fanOutBetween 2 4
            fanOutRule Transfer
            weigh (bySegmentMean unlikely 5.0 |> endingAt 1.0)
            minTokens 6
            maxTokens 24
            stepNodes (stepAfter "\n")
        }

    let plan = block.Plan
    Assert.Equal((2, 4, 6), (plan.FanOut, plan.FanOutUpTo, plan.MinTokens))
    Assert.Equal(Nullable 1.0, (nonNull plan.Weights).LastTemperature)
    Assert.Equal(TreeRl.Sampling.StepRule.AfterText "\n" :> TreeRl.Sampling.StepRule, plan.StepNodes)
    let text = string block
    Assert.Contains("fanOutBetween        2 4", text)
    Assert.Contains("weigh                (bySegmentMean unlikely 5 |> endingAt 1)", text)
    Assert.Contains("minTokens            6", text)
    Assert.Contains("stepNodes            (stepAfter \"\\n\")", text)

    let budget =
        branching {
            trees 2
            leaves 32
            branchWhen (everyTokens 4)
            fanOutRule (StepBudget 32)
            maxTokens 24
        }

    Assert.Equal(32L, budget.Plan.StepTokens)
    Assert.Contains("fanOutRule           (StepBudget 32)", string budget)

[<Fact>]
let ``mistakes in the finer words are reported with path, rule and cure`` () =
    let problems =
        problemsOf (fun () ->
            branching {
                leaves 8
                branchWhen (everyTokens 8)
                fanOutBetween 4 2
                fanOutRule (StepBudget 4)
                minTokens 64
                maxTokens 32
                stepNodes (stepEvery 0)
            })

    Assert.Contains(
        "branching.fanOutBetween = 4 2: must be a range, the smaller number first; write 'fanOutBetween 2 4'",
        problems
    )

    Assert.Contains(
        "branching.fanOutRule StepBudget = 4: must be at least 8, the tokens of one segment; write for example 'fanOutRule (StepBudget 64)'",
        problems
    )

    Assert.Contains(
        "branching.minTokens = 64: exceeds maxTokens = 32, so that no answer is long enough; write a number of at most 32",
        problems
    )

    Assert.Contains("branching.stepNodes stepEvery = 0: must be at least 1; write for example 'stepEvery 32'", problems)

    let values =
        problemsOf (fun () ->
            redistribution {
                leafScore (centre Prompt)
                backup (freshValues 0)
                advantage (over Parent)
            })

    Assert.Contains(
        "redistribution.backup freshValues = 0: must be at least 1 continuation; write for example 'backup (freshValues 9)'",
        values
    )

    Assert.Contains(
        "redistribution.leafScore = (centre Prompt): changes the scores of leaves, but fresh values are rewards, which they would be compared with; leave one of the two lines out",
        values
    )
