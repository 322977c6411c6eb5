namespace TreeRl

open System
open TreeRl.Credit
open TreeRl.Forests

/// <summary>How leaf scores become node values; made by <c>meanOfLeaves</c> and its kin.</summary>
[<Sealed>]
type BackupChoice internal (shown: string, backup: Backup, problems: Problem list) =
    internal new(shown, backup) = BackupChoice(shown, backup, [])
    member internal _.Backup = backup
    member internal _.Problems = problems

    /// <summary>The backup as one writes it.</summary>
    override _.ToString() = shown

/// <summary>The builder behind <c>redistribution { .. }</c>.</summary>
[<Sealed>]
type RedistributionBuilder internal (name: string) =
    inherit BlockBuilder<RedistributionSpec, TreeRl.Redistribution>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "redistribution" RedistributionCheck.start settings
        Blocks.insist "redistribution" (RedistributionCheck.problems draft)
        let rule = RedistributionCheck.ofSpec name draft.Spec
        Blocks.insist "redistribution" (RedistributionCheck.leftovers rule)

        TreeRl.Redistribution(
            draft.Spec,
            draft.Given,
            rule,
            Blocks.lines draft.Given (RedistributionCheck.describe draft.Spec)
        )

/// <summary>
/// The words of <c>redistribution { .. }</c>: leaf scores, node values, advantages, and how they reach tokens.
/// <code>
/// x = leafScore(rewards)    V = backup(x)    A(n) = sum of weight * (V(n) - baseline(n)) / divisor
/// </code>
/// </summary>
[<AutoOpen>]
module RedistributionWords =

    /// <summary>Says how rewards become advantages. Needs <c>advantage</c>; everything else has a default, which printing shows.</summary>
    let redistribution = RedistributionBuilder "redistribution"

    /// <summary>As <c>redistribution</c>, with a name for logs and reports.</summary>
    let redistributionNamed (name: string) = RedistributionBuilder name

    let private add step (steps: LeafSteps) = LeafSteps(steps.Steps @ [ step ])

    /// <summary>Subtracts the mean score of a set of leaves: Prompt, Tree or Batch.</summary>
    let centre (group: Group) : LeafSteps -> LeafSteps = add (CentreStep group)

    /// <summary>Divides by a deviation of the scores of a set of leaves. Equal scores give zeros.</summary>
    let scale (group: Group) (divisor: Divisor) : LeafSteps -> LeafSteps = add (ScaleStep(group, divisor))

    /// <summary>Subtracts the mean score of the other leaves of the set (RLOO).</summary>
    let leaveOneOut (group: Group) : LeafSteps -> LeafSteps = add (LeaveOneOutStep group)

    /// <summary>
    /// A step of your own: forest and leaf scores to new leaf scores. Leaves without a score (abstained, failed, timed out, pruned) are NaN in
    /// the given scores, and stay without one whatever the step gives them: leave them out of sums and means.
    /// </summary>
    let customLeaves (name: string) (step: Forest -> float[] -> float[]) : LeafSteps -> LeafSteps =
        add (CustomLeafStep(name, Func<Forest, float[], float[]>(fun forest scores -> step forest scores)))

    /// <summary>
    /// How rewards become leaf scores, as steps chained by <c>>></c>: <c>leafScore (centre Prompt >> scale Prompt Std)</c>.
    /// Default: the rewards themselves.
    /// </summary>
    let leafScore (steps: LeafSteps -> LeafSteps) : Setting<RedistributionSpec> =
        let all = steps (LeafSteps [])
        Setting.make "leafScore" (string all) (fun spec -> { spec with Leaves = all })

    /// <summary>A node's value is the mean score of the leaves below it.</summary>
    let meanOfLeaves = BackupChoice("meanOfLeaves", Backup.MeanOfLeaves)

    /// <summary>A node's value is the mean value of its children. Differs from <c>meanOfLeaves</c> when leaves end at unequal depth.</summary>
    let meanOfChildren = BackupChoice("meanOfChildren", Backup.MeanOfChildren)

    /// <summary>A node's value is the best score below it.</summary>
    let maxOfLeaves = BackupChoice("maxOfLeaves", Backup.MaxOfLeaves)

    /// <summary>The mean score of the k leaves below, divided by sqrt k (TreeRL's public code).</summary>
    let meanOfLeavesOverSqrtCount =
        BackupChoice("meanOfLeavesOverSqrtCount", Backup.MeanOfLeavesOverSqrtCount)

    /// <summary>Only leaves have values.</summary>
    let noBackup = BackupChoice("noBackup", Backup.None)

    /// <summary>Node values estimated elsewhere, by extra rollouts (VinePPO 2410.01679): one for each node of the forest.</summary>
    let monteCarlo (nodeValues: float[]) =
        BackupChoice("(monteCarlo [|" + Show.count nodeValues.Length "value" + "|])", Backup.MonteCarlo nodeValues)

    let private fresh words (continuations: int) (tokens: int64) problems =
        BackupChoice(
            $"({words})",
            (if List.isEmpty problems then
                 Backup.FreshValues(continuations, tokens)
             else
                 Backup.None),
            problems
        )

    let private continuationsOf (continuations: int) =
        Check.atLeast
            1
            "redistribution.backup freshValues"
            continuations
            " continuation"
            "write for example 'backup (freshValues 9)'"

    /// <summary>
    /// Values by so many fresh continuations from every prompt and inner node (VinePPO 2410.01679): a training step samples them with the policy, and
    /// their tokens count; <c>Lab.supply</c> samples them for a forest. With answers that do not branch, say which steps are nodes:
    /// <c>stepNodes (stepAfter "\n")</c>.
    /// </summary>
    let freshValues (continuations: int) =
        fresh $"freshValues {continuations}" continuations Int64.MaxValue (continuationsOf continuations)

    /// <summary>
    /// As <c>freshValues</c>, with a budget: no further places are sampled in a step once so many tokens have been drawn for values. Places near the
    /// prompt come first; one that is left has the mean score of its own leaves, on a chain the chain's reward.
    /// </summary>
    let freshValuesWithin (tokens: int) (continuations: int) =
        let problems =
            continuationsOf continuations
            @ Check.atLeast
                1
                "redistribution.backup freshValuesWithin (tokens)"
                tokens
                ""
                "write tokens and continuations: 'freshValuesWithin 20000 9'"

        fresh $"freshValuesWithin {tokens} {continuations}" continuations (int64 tokens) problems

    /// <summary>
    /// A backup of your own: forest and leaf scores to node values. Leaves without a score (abstained, failed, timed out, pruned) are NaN in
    /// the given scores: leave them out of sums and means.
    /// </summary>
    let customBackup (name: string) (compute: Forest -> float[] -> float[]) =
        BackupChoice(
            $"(customBackup {Show.text name} ..)",
            Backup.Custom(name, fun forest scores -> compute forest scores)
        )

    /// <summary>How leaf scores become node values. Default: <c>noBackup</c>.</summary>
    let backup (choice: BackupChoice) : Setting<RedistributionSpec> =
        Setting.make "backup" (string choice) (fun spec ->
            { spec with
                Backup = choice.Backup
                BackupShown = string choice
                BackupProblems = choice.Problems
            })

    /// <summary>A term: a node's value less a baseline.</summary>
    let over (group: Group) =
        Terms
            [
                {
                    Weight = 1.0
                    Group = group
                    Divisor = None
                }
            ]

    /// <summary>Leaves out of <c>Ancestors</c> or <c>AncestorsBySize</c> the groups whose leaves all scored the same (TreePO eq. 7).</summary>
    /// <exception cref="T:System.ArgumentException">The group is another one.</exception>
    let skipEqualGroups (group: Group) =
        match group with
        | Ancestors -> SkippingEqual false
        | AncestorsBySize -> SkippingEqual true
        | other -> invalidArg "group" $"skipEqualGroups {other}: it belongs to Ancestors or AncestorsBySize"

    /// <summary>
    /// A baseline of your own: forest and node values to one baseline for each node. Leaves without a score, and nodes with none below them,
    /// are NaN in the given values: leave them out of sums and means.
    /// </summary>
    let customBaseline (name: string) (compute: Forest -> float[] -> float[]) =
        CustomGroup(name, Func<Forest, float[], float[]>(fun forest values -> compute forest values))

    /// <summary>A deviation with another number added to it: <c>epsilon 1e-4 Std</c>.</summary>
    let epsilon (value: float) (divisor: Divisor) = WithEpsilon(value, divisor)

    /// <summary>
    /// A divisor of your own for terms: forest and node values (NaN where a leaf has no score, or a node none below it) to one divisor for
    /// each node.
    /// </summary>
    let customDivisor (name: string) (compute: Forest -> float[] -> float[]) =
        CustomDivisor(name, Func<Forest, float[], float[]>(fun forest values -> compute forest values))

    /// <summary>
    /// The advantage as a sum of terms: <c>advantage (over Parent + over Root)</c>, <c>advantage (over Prompt / Std)</c>,
    /// <c>advantage (over Parent + 0.5 * over Tree)</c>.
    /// </summary>
    let advantage (terms: Terms) : Setting<RedistributionSpec> =
        Setting.make "advantage" (string terms) (fun spec -> { spec with Terms = terms })

    /// <summary>How advantages reach tokens: <c>Segments</c> (default with a backup) or <c>Paths</c> (default without).</summary>
    let spread (how: Spread) : Setting<RedistributionSpec> =
        Setting.make "spread" (string how) (fun spec -> { spec with Spread = Some how })

    /// <summary>Groups whose spread is at most a threshold: <c>narrow Siblings Gap 0.1</c>.</summary>
    let narrow (over: Group) (statistic: Statistic) (threshold: float) =
        {
            Over = over
            Statistic = statistic
            Threshold = threshold
            KeepSingletons = false
            Refill = 0
        }

    /// <summary>Prompts whose leaves all earned the same (DAPO's dynamic sampling).</summary>
    let equalPrompts = narrow Prompt Gap 0.0

    /// <summary>Sibling groups whose values are all the same.</summary>
    let equalSiblings = narrow Siblings Gap 0.0

    /// <summary>Keeps groups of one, which have no spread: <c>equalPrompts |> keepSingletons</c>.</summary>
    let keepSingletons (rule: Pruning) = { rule with KeepSingletons = true }

    /// <summary>
    /// Replaces the prompts that are left out: a training step samples further prompts until it has as many as it asks for, in at most so
    /// many tries (DAPO's dynamic sampling 2503.14476): <c>prune (equalPrompts |> refilled 10)</c>. It speaks to an <c>experiment</c>, which may say
    /// otherwise by <c>dynamicSampling</c>; applied to a forest that is there, the rule only leaves prompts out.
    /// </summary>
    let refilled (tries: int) (rule: Pruning) = { rule with Refill = tries }

    /// <summary>Leaves groups out of training, and out of every denominator. Default: none.</summary>
    let prune (rule: Pruning) : Setting<RedistributionSpec> =
        Setting.make "prune" (string rule) (fun spec -> { spec with Prune = Some rule })

    /// <summary>Trains so many of a prompt's answers, a good one first where there is one, the others at random (TreeRL 2506.11902: 16).</summary>
    let goodFirst (count: int) =
        Phrase.check
            $"goodFirst {count}"
            (Check.atLeast 1 "redistribution.choose goodFirst" count " answer" "write 'choose allLeaves' to train all")
            (LeafChoice(count, true))

    /// <summary>Trains so many of a prompt's answers, chosen at random.</summary>
    let anyLeaves (count: int) =
        Phrase.check
            $"anyLeaves {count}"
            (Check.atLeast 1 "redistribution.choose anyLeaves" count " answer" "write 'choose allLeaves' to train all")
            (LeafChoice(count, false))

    /// <summary>The reward from which an answer is good: <c>goodFirst 16 |> goodFrom 1.0</c>. Default: 0.5.</summary>
    let goodFrom (reward: float) (choice: Phrase<LeafChoice>) =
        Phrase.extend
            $"goodFrom {Show.number reward}"
            (Check.rule
                (Double.IsFinite reward)
                "redistribution.choose goodFrom"
                (Show.number reward)
                "must be finite"
                "")
            (LeafChoice(choice.Value.Leaves, choice.Value.GoodFirst, GoodScore = reward, Seed = choice.Value.Seed))
            choice

    /// <summary>Another draw of the answers to train; 0 when left out. The draw depends on this, the question and the answers' tokens alone.</summary>
    let choiceSeed (number: int) (choice: Phrase<LeafChoice>) =
        Phrase.extend
            $"choiceSeed {number}"
            []
            (LeafChoice(
                choice.Value.Leaves,
                choice.Value.GoodFirst,
                GoodScore = choice.Value.GoodScore,
                Seed = int64 number
            ))
            choice

    /// <summary>Trains every answer (default).</summary>
    let allLeaves = Phrase.make "allLeaves" (LeafChoice Int32.MaxValue)

    /// <summary>
    /// Which answers of a prompt are trained: <c>choose (goodFirst 16)</c>, <c>choose (anyLeaves 16)</c> or <c>choose allLeaves</c> (default). All
    /// answers make the values; tokens below which no answer was chosen are not trained, and <c>SqrtLeafCount</c> counts chosen answers.
    /// </summary>
    let choose (choice: Phrase<LeafChoice>) : Setting<RedistributionSpec> =
        Setting.make "choose" (string choice) (fun spec ->
            { spec with
                Choice = (if choice.Text = "allLeaves" then None else Some choice)
            })

    /// <summary>Tokens whose probability when they were sampled, at temperature 1, was below this (SPO 2505.23564: 0.9).</summary>
    let probabilityBelow (threshold: float) =
        Phrase.check
            $"probabilityBelow {Show.number threshold}"
            (Check.rule
                (threshold > 0.0 && threshold <= 1.0)
                "redistribution.mask probabilityBelow"
                (Show.number threshold)
                "must lie above 0 and be at most 1"
                "write 'mask noMask' to train every token")
            (TokenMask threshold)

    /// <summary>Every token is trained (default).</summary>
    let noMask = Phrase.make "noMask" (TokenMask 1.0)

    /// <summary>
    /// Trains these tokens only: <c>mask (probabilityBelow 0.9)</c>. The others have no policy, KL or entropy term, and every denominator and
    /// whitening forgets them. Default: <c>noMask</c>.
    /// </summary>
    let mask (rule: Phrase<TokenMask>) : Setting<RedistributionSpec> =
        Setting.make "mask" (string rule) (fun spec ->
            { spec with
                Mask = (if rule.Text = "noMask" then None else Some rule)
            })

    let private addAfter step (steps: AfterSteps) = AfterSteps(steps.Steps @ [ step ])

    /// <summary>(a - mean) / sqrt(variance + 1e-8) over the trained tokens of the batch (REINFORCE++, TreePO).</summary>
    let whiten: AfterSteps -> AfterSteps = addAfter (WhitenStep 1e-8)

    /// <summary>As <c>whiten</c>, with another number added to the variance.</summary>
    let whitenWith (epsilon: float) : AfterSteps -> AfterSteps = addAfter (WhitenStep epsilon)

    /// <summary>Limits advantages to -limit .. limit.</summary>
    let limit (value: float) : AfterSteps -> AfterSteps = addAfter (LimitStep value)

    /// <summary>A step of your own on token advantages (0 where a token is not trained), with <c>spread Segments</c>.</summary>
    let customTokens (name: string) (step: Forest -> float[] -> float[]) : AfterSteps -> AfterSteps =
        addAfter (TokensStep(name, Func<Forest, float[], float[]>(fun forest values -> step forest values)))

    /// <summary>A step of your own on path advantages (0 where a path is not trained), with <c>spread Paths</c>.</summary>
    let customPaths (name: string) (step: Forest -> float[] -> float[]) : AfterSteps -> AfterSteps =
        addAfter (LeavesStep(name, Func<Forest, float[], float[]>(fun forest values -> step forest values)))

    /// <summary>Steps on advantages, chained by <c>>></c>: <c>after (whiten >> limit 5.0)</c>. Default: none.</summary>
    let after (steps: AfterSteps -> AfterSteps) : Setting<RedistributionSpec> =
        let all = steps (AfterSteps [])
        Setting.make "after" (string all) (fun spec -> { spec with After = all })

    /// <summary>What one training sample is. Default: <c>EveryPath</c> with <c>spread Paths</c>, <c>OncePerToken</c> with <c>spread Segments</c>.</summary>
    let train (unit: TrainUnit) : Setting<RedistributionSpec> =
        Setting.make "train" (string unit) (fun spec -> { spec with Train = Some unit })

    /// <summary>What groups of a single value get: <c>GetsZero</c> (default) or <c>KeepsValue</c>.</summary>
    let onlyOne (rule: OnlyOne) : Setting<RedistributionSpec> =
        Setting.make "onlyOne" (string rule) (fun spec -> { spec with OnlyOne = rule })
