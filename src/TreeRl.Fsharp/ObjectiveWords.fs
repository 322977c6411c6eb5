namespace TreeRl

open System
open TreeRl.Objectives

/// <summary>The builder behind <c>objective { .. }</c>.</summary>
[<Sealed>]
type ObjectiveBuilder internal (name: string) =
    inherit BlockBuilder<ObjectiveSpec, Objective>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "objective" ObjectiveCheck.start settings
        Blocks.insist "objective" (ObjectiveCheck.problems draft)
        let loss = ObjectiveCheck.build name draft.Spec
        Blocks.insist "objective" (ObjectiveCheck.leftovers loss)
        Objective(name, draft.Spec, draft.Given, loss, Blocks.lines draft.Given (ObjectiveCheck.describe draft.Spec))

/// <summary>
/// The words of <c>objective { .. }</c>: what is minimised. Without lines it is GRPO's: token ratios clipped at 0.2, token mean.
/// </summary>
[<AutoOpen>]
module ObjectiveWords =

    /// <summary>Says what is minimised. Every line has a default, which printing shows.</summary>
    let objective = ObjectiveBuilder "objective"

    /// <summary>As <c>objective</c>, with a name for logs and reports.</summary>
    let objectiveNamed (name: string) = ObjectiveBuilder name

    let private loss (choice: LossChoice) : Setting<ObjectiveSpec> =
        Setting.make "loss" (string choice) (fun spec -> { spec with Loss = choice })

    let private ratio (level: RatioLevel) : Setting<ObjectiveSpec> =
        Setting.make "ratio" (ObjectiveCheck.ratioWord level) (fun spec -> { spec with Ratio = level })

    /// <summary>max(-A r, -A clip(r, 1 - low, 1 + high)) (PPO 1707.06347). Default: clip 0.2 0.2.</summary>
    let clip (low: float) (high: float) = loss (ClipLoss(low, high))

    /// <summary>-stop(clip(r, 1 - low, 1 + high)) A logp (CISPO 2506.13585).</summary>
    let cispo (low: float) (high: float) = loss (CispoLoss(low, high))

    /// <summary>-stop(min(r, cap)) A logp: CISPO by its upper bound only.</summary>
    let cispoUpper (cap: float) = loss (CispoUpperLoss cap)

    /// <summary>-A logp, without a ratio.</summary>
    let reinforce = loss ReinforceLoss

    /// <summary>
    /// A loss of your own, by token: share of the loss and derivatives. Linear in the three masses, the loss over duplicated paths is exact.
    /// </summary>
    let perToken (name: string) (tokenLoss: TokenInput -> TokenLoss) =
        loss (
            CustomLoss(
                name,
                fun aggregation -> PerTokenObjective(name, aggregation, Func<TokenInput, TokenLoss> tokenLoss)
            )
        )

    /// <summary>For negative advantages the loss is at most -A c (1912.09729). Default: none.</summary>
    let dualClip (c: float) : Setting<ObjectiveSpec> =
        Setting.number "dualClip" c (fun c spec -> { spec with DualClip = Some c })

    /// <summary>Each token has its own ratio (default).</summary>
    let tokenRatio = ratio RatioLevel.Token

    /// <summary>All tokens of a sequence share the geometric mean of their ratios (GSPO 2507.18071).</summary>
    let sequenceRatio = ratio RatioLevel.Sequence

    /// <summary>The value of the sequence's ratio with each token's own gradient (GSPO-token 2507.18071).</summary>
    let sequenceTokenRatio = ratio RatioLevel.SequenceToken

    /// <summary>Adds beta times a KL estimate against the starting policy: <c>kl K3 0.04</c>. Default: none.</summary>
    let kl (estimator: Kl) (beta: float) : Setting<ObjectiveSpec> =
        Setting.make "kl" $"{estimator} {Show.number beta}" (fun spec -> { spec with Kl = Some(estimator, beta) })

    /// <summary>Subtracts this times the entropy. Default: 0.</summary>
    let entropyBonus (coefficient: float) : Setting<ObjectiveSpec> =
        Setting.number "entropyBonus" coefficient (fun coefficient spec -> { spec with Entropy = coefficient })

    /// <summary>How token losses become one number. Default: <c>TokenMean</c>.</summary>
    let aggregate (how: Aggregate) : Setting<ObjectiveSpec> =
        Setting.make "aggregate" (string how) (fun spec -> { spec with Aggregate = how })

    /// <summary>Keeps log-ratios within -limit and limit, without gradient beyond. Default: none, and an overflow stops the step.</summary>
    let logRatioLimit (limit: float) : Setting<ObjectiveSpec> =
        Setting.number "logRatioLimit" limit (fun limit spec -> { spec with LogRatioLimit = Some limit })

    /// <summary>Keeps the KL term's log-ratio and value within limits, without gradient beyond. Default: none.</summary>
    let klLimits (logRatio: float) (value: float) : Setting<ObjectiveSpec> =
        Setting.make "klLimits" $"{Show.number logRatio} {Show.number value}" (fun spec ->
            { spec with
                KlLimits = Some(logRatio, value)
            })

/// <summary>The objectives of the field, each a value of the words of <c>objective { .. }</c>.</summary>
module Objectives =

    /// <summary>GRPO (2402.03300) without KL: token ratios, clip 0.2, token mean.</summary>
    let grpo =
        objectiveNamed "grpo" {
            clip 0.2 0.2
            tokenRatio
            aggregate TokenMean
        }

    /// <summary>DAPO (2503.14476): clip 0.2/0.28, dual clip 3, token mean.</summary>
    let dapo =
        objectiveNamed "dapo" {
            clip 0.2 0.28
            dualClip 3.0
            tokenRatio
            aggregate TokenMean
        }

    /// <summary>GSPO (2507.18071): sequence ratios, clip 3e-4/4e-4, sequence mean of token means.</summary>
    let gspo =
        objectiveNamed "gspo" {
            clip 3e-4 4e-4
            sequenceRatio
            aggregate SequenceMeanTokenMean
        }

    /// <summary>GSPO-token (2507.18071): as GSPO, with each token's own derivative.</summary>
    let gspoToken =
        objectiveNamed "gspoToken" {
            from gspo
            sequenceTokenRatio
        }

    /// <summary>CISPO (2506.13585), two-sided: weights clip(r, 0.8, 1.2) without derivative, token mean.</summary>
    let cispo =
        objectiveNamed "cispo" {
            cispo 0.2 0.2
            aggregate TokenMean
        }

    /// <summary>CISPO by its upper bound only: weights min(r, 5) without derivative, token mean.</summary>
    let cispoUpper =
        objectiveNamed "cispoUpper" {
            cispoUpper 5.0
            aggregate TokenMean
        }

    /// <summary>REINFORCE: -A logp, token mean.</summary>
    let reinforce =
        objectiveNamed "reinforce" {
            reinforce
            aggregate TokenMean
        }

    /// <summary>Dr. GRPO (2503.20783): clip 0.2, token sums divided by a constant, the longest answer allowed.</summary>
    let drGrpo (longestAnswer: int) =
        objectiveNamed "drGrpo" {
            clip 0.2 0.2
            tokenRatio
            aggregate (TokenSumOver(float longestAnswer))
        }
