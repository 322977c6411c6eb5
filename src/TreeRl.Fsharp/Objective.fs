namespace TreeRl

open System
open TreeRl.Objectives

/// <summary>How token losses become one number. A sequence is a training sample: a path, or a node, as the redistribution's <c>train</c> says.</summary>
type Aggregate =
    /// <summary>The sum over all sequences' tokens, divided by their number.</summary>
    | TokenMean
    /// <summary>The mean over sequences of the mean over tokens.</summary>
    | SequenceMeanTokenMean
    /// <summary>The mean over sequences of the sum over tokens.</summary>
    | SequenceMeanTokenSum
    /// <summary>The sum over all sequences' tokens, divided by a constant (Dr. GRPO).</summary>
    | TokenSumOver of float

    /// <summary>The aggregation as one writes it.</summary>
    override aggregate.ToString() =
        match aggregate with
        | TokenMean -> "TokenMean"
        | SequenceMeanTokenMean -> "SequenceMeanTokenMean"
        | SequenceMeanTokenSum -> "SequenceMeanTokenSum"
        | TokenSumOver constant -> $"(TokenSumOver {Show.number constant})"

/// <summary>An estimator of the divergence from the reference policy, with x = log-probability - reference log-probability.</summary>
type Kl =
    /// <summary>x.</summary>
    | K1
    /// <summary>x^2 / 2.</summary>
    | K2
    /// <summary>exp(-x) + x - 1.</summary>
    | K3

/// <summary>The policy term of an objective.</summary>
type internal LossChoice =
    | ClipLoss of low: float * high: float
    | CispoLoss of low: float * high: float
    | CispoUpperLoss of cap: float
    | ReinforceLoss
    | CustomLoss of name: string * make: (AggregationSettings -> ITrainingObjective)

    override loss.ToString() =
        match loss with
        | ClipLoss(low, high) -> $"clip {Show.number low} {Show.number high}"
        | CispoLoss(low, high) -> $"cispo {Show.number low} {Show.number high}"
        | CispoUpperLoss cap -> $"cispoUpper {Show.number cap}"
        | ReinforceLoss -> "reinforce"
        | CustomLoss(name, _) -> $"perToken {Show.text name} .."

/// <summary>What the lines of an <c>objective</c> block set.</summary>
type ObjectiveSpec =
    internal
        {
            Loss: LossChoice
            DualClip: float option
            Ratio: RatioLevel
            Kl: (Kl * float) option
            Entropy: float
            Aggregate: Aggregate
            LogRatioLimit: float option
            KlLimits: (float * float) option
        }

/// <summary>What is minimised: a checked and resolved <c>objective</c> block.</summary>
[<Sealed>]
type Objective
    internal (name: string, spec: ObjectiveSpec, given: Set<string>, loss: ITrainingObjective, lines: ResolvedLine[]) =
    inherit Block<ObjectiveSpec>("objective", spec, given, lines)

    /// <summary>The name in logs and reports.</summary>
    member _.Name = name

    /// <summary>The objective that the core evaluates.</summary>
    member _.Loss = loss

/// <summary>Checks and resolves <c>objective</c> blocks.</summary>
module internal ObjectiveCheck =
    let start =
        {
            Loss = ClipLoss(0.2, 0.2)
            DualClip = None
            Ratio = RatioLevel.Token
            Kl = None
            Entropy = 0.0
            Aggregate = TokenMean
            LogRatioLimit = None
            KlLimits = None
        }

    let ratioWord ratio =
        match ratio with
        | RatioLevel.Sequence -> "sequenceRatio"
        | RatioLevel.SequenceToken -> "sequenceTokenRatio"
        | _ -> "tokenRatio"

    let private bounds word low high =
        Check.within 0.0 1.0 $"objective.{word} (low)" low "a ratio is held at 1 - low"
        @ Check.rule
            (high >= 0.0)
            $"objective.{word} (high)"
            (Show.number high)
            "must not be negative"
            "a ratio is held at 1 + high"

    let private lossProblems spec =
        match spec.Loss with
        | ClipLoss(low, high) -> bounds "clip" low high
        | CispoLoss(low, high) -> bounds "cispo" low high
        | CispoUpperLoss cap -> Check.positive "objective.cispoUpper" cap "it is the largest weight a token gets"
        | ReinforceLoss -> []
        | CustomLoss(name, _) ->
            Check.rule
                (not (String.IsNullOrWhiteSpace name))
                "objective.perToken"
                (Show.text name)
                "must have a name, under which it is logged"
                ""

    let private contradictions spec =
        [
            match spec.DualClip, spec.Loss with
            | Some c, ClipLoss(_, high) ->
                yield!
                    Check.rule
                        (c > 1.0 + high)
                        "objective.dualClip"
                        (Show.number c)
                        $"must exceed 1 + high = {Show.number (1.0 + high)}, the largest ratio that the clip lets through"
                        "write for example 'dualClip 3.0'"
            | Some c, loss ->
                Check.problem
                    "objective.dualClip"
                    (Show.number c)
                    $"belongs to 'clip', but the loss is '{loss}'"
                    "keep one of the two lines"
            | None, _ -> ()
            match spec.Loss with
            | ClipLoss _ -> ()
            | loss when spec.Ratio <> RatioLevel.Token ->
                Check.problem
                    $"objective.{ratioWord spec.Ratio}"
                    "given"
                    $"belongs to 'clip', but the loss is '{loss}', which is defined by token"
                    "keep one of the two lines"
            | _ -> ()
            match spec.Loss with
            | CustomLoss _ when spec.Kl.IsSome || spec.Entropy <> 0.0 ->
                Check.missing
                    "objective.perToken"
                    "contains the whole loss, so 'kl' and 'entropyBonus' have no place beside it"
                    "compute them in the function"
            | _ -> ()
        ]

    let problems (draft: Draft<ObjectiveSpec>) =
        let spec = draft.Spec

        [
            yield! draft.Problems
            yield! lossProblems spec
            yield! contradictions spec
            match spec.Kl with
            | Some(_, beta) -> yield! Check.notNegative "objective.kl (beta)" beta "leave the line out for no KL term"
            | None -> ()
            yield!
                Check.rule
                    (Double.IsFinite spec.Entropy)
                    "objective.entropyBonus"
                    (Show.number spec.Entropy)
                    "must be finite"
                    ""
            match spec.Aggregate with
            | TokenSumOver constant ->
                yield!
                    Check.positive
                        "objective.aggregate TokenSumOver"
                        constant
                        "it is a divisor, for example the longest answer allowed"
            | _ -> ()
            match spec.LogRatioLimit with
            | Some limit ->
                yield! Check.positive "objective.logRatioLimit" limit "log-ratios are kept within -limit and limit"
            | None -> ()
            match spec.KlLimits with
            | Some _ when spec.Kl.IsNone ->
                Check.missing "objective.klLimits" "has no meaning without a KL term" "add a line such as 'kl K3 0.04'"
            | Some(logRatio, value) ->
                yield! Check.positive "objective.klLimits (log-ratio)" logRatio ""
                yield! Check.positive "objective.klLimits (value)" value ""
            | None -> ()
        ]

    let private aggregation spec =
        match spec.Aggregate with
        | TokenMean -> AggregationSettings(Aggregation.TokenMean)
        | SequenceMeanTokenMean -> AggregationSettings(Aggregation.SequenceMeanTokenMean)
        | SequenceMeanTokenSum -> AggregationSettings(Aggregation.SequenceMeanTokenSum)
        | TokenSumOver constant -> AggregationSettings(Aggregation.SequenceMeanTokenSumNorm, constant)

    let private estimator kl =
        match kl with
        | K1 -> KlEstimator.K1
        | K2 -> KlEstimator.K2
        | K3 -> KlEstimator.K3

    let private policyLoss (loss: LossChoice) (objective: PolicyObjective) =
        match loss with
        | ClipLoss(low, high) -> objective.WithLoss(PolicyLoss.Clip).WithClip(low, high)
        | CispoLoss(low, high) -> objective.WithLoss(PolicyLoss.Cispo).WithClip(low, high)
        | CispoUpperLoss cap -> objective.WithLoss(PolicyLoss.CispoUpper).WithCispoCap cap
        | ReinforceLoss
        | CustomLoss _ -> objective.WithLoss PolicyLoss.Reinforce

    let private policyObjective name spec =
        let plain =
            PolicyObjective(name).WithRatio(spec.Ratio).WithEntropy(spec.Entropy).WithAggregation(aggregation spec)
            |> policyLoss spec.Loss

        let apply option change (objective: PolicyObjective) =
            match option with
            | Some value -> change objective value
            | None -> objective

        plain
        |> apply spec.DualClip (fun objective c -> objective.WithDualClip c)
        |> apply spec.Kl (fun objective (kl, beta) -> objective.WithKl(estimator kl, beta))
        |> apply spec.LogRatioLimit (fun objective limit -> objective.WithLogRatioLimit limit)
        |> apply spec.KlLimits (fun objective (logRatio, value) -> objective.WithKlLimits(logRatio, value))

    let build name spec : ITrainingObjective =
        match spec.Loss with
        | CustomLoss(_, make) -> make (aggregation spec)
        | _ -> policyObjective name spec

    /// Problems the objective itself finds, should the core be stricter than the block.
    let leftovers (objective: ITrainingObjective) =
        match objective with
        | :? PolicyObjective as objective -> [ for text in objective.Problems() -> Check.refused "objective" text ]
        | _ -> []

    let describe spec =
        let optional show value =
            value |> Option.map show |> Option.defaultValue "none"

        [
            "loss", string spec.Loss
            match spec.Loss with
            | ClipLoss _ ->
                "dualClip", optional Show.number spec.DualClip
                "ratio", ratioWord spec.Ratio
            | _ -> ()
            match spec.Loss with
            | CustomLoss _ -> ()
            | _ ->
                "kl", optional (fun (kl: Kl, beta) -> $"{kl} {Show.number beta}") spec.Kl
                "entropyBonus", Show.number spec.Entropy
                "logRatioLimit", optional Show.number spec.LogRatioLimit
            match spec.KlLimits with
            | Some(logRatio, value) -> "klLimits", $"{Show.number logRatio} {Show.number value}"
            | None -> ()
            "aggregate", string spec.Aggregate
        ]
