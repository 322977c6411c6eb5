namespace TreeRl

open System.Collections.Immutable
open TreeRl.Models

/// <summary>What the lines of a <c>lora</c> block set.</summary>
type LoraSpec =
    internal
        {
            Rank: int
            Alpha: float option
            Layers: string list
            Blocks: int list
            DrawnBy: int
        }

/// <summary>
/// A low-rank adapter (LoRA, 2106.09685), checked and resolved: <c>policy |> Policy.lora (lora { rank 8 })</c>. Each adapted layer computes
/// W x + (alpha / rank) B A x; W stays, A and B are trained.
/// </summary>
[<Sealed>]
type Lora internal (spec: LoraSpec, given: Set<string>, settings: LoraSettings, lines: ResolvedLine[]) =
    inherit Block<LoraSpec>("lora", spec, given, lines)

    /// <summary>Rank, alpha and layers, as the core has them.</summary>
    member _.Settings = settings

/// <summary>Checks and resolves <c>lora</c> blocks.</summary>
module internal LoraCheck =
    let private defaults = LoraSettings()

    let start =
        {
            Rank = defaults.Rank
            Alpha = None
            Layers = List.ofSeq defaults.Layers
            Blocks = []
            DrawnBy = 1
        }

    let alpha spec =
        spec.Alpha |> Option.defaultValue (2.0 * float spec.Rank)

    let settings spec =
        LoraSettings(
            Rank = spec.Rank,
            Alpha = alpha spec,
            Layers = ImmutableArray.CreateRange spec.Layers,
            Blocks = ImmutableArray.CreateRange spec.Blocks
        )

    let words (names: string list) =
        names |> List.map Show.text |> String.concat "; "

    let private layerProblems (spec: LoraSpec) =
        let known = List.ofSeq LoraSettings.Known

        [
            if spec.Layers.IsEmpty then
                Check.problem
                    "lora.layers"
                    "[]"
                    "must name at least one layer"
                    "leave the line out for all but the head"
            for name in List.distinct spec.Layers do
                if not (List.contains name known) then
                    Check.problem
                        "lora.layers"
                        (Show.text name)
                        "is no linear layer of the model"
                        $"choose among {words known}"
            for name, count in List.countBy id spec.Layers do
                if count > 1 then
                    Check.problem "lora.layers" (Show.text name) "is named more than once" "name each layer once"
        ]

    let problems (draft: Draft<LoraSpec>) =
        let spec = draft.Spec

        [
            yield! draft.Problems
            yield!
                Check.rule
                    (spec.Rank >= 1 && spec.Rank <= 4096)
                    "lora.rank"
                    (string spec.Rank)
                    "must lie between 1 and 4096"
                    "8 or 16 is usual"
            match spec.Alpha with
            | Some alpha -> yield! Check.positive "lora.alpha" alpha "leave the line out for twice the rank"
            | None -> ()
            yield! layerProblems spec
            for block in spec.Blocks do
                yield! Check.atLeast 0 "lora.blocks" block ", the index of the first block" ""
        ]

    let describe spec =
        [
            "rank", string spec.Rank
            "alpha", Show.number (alpha spec)
            "layers", $"[{words spec.Layers}]"
            "blocks",
            (if spec.Blocks.IsEmpty then
                 "all"
             else
                 spec.Blocks |> List.map string |> String.concat "; " |> sprintf "[%s]")
            "drawnBy", string spec.DrawnBy
        ]

/// <summary>The builder behind <c>lora { .. }</c>.</summary>
[<Sealed>]
type LoraBuilder internal () =
    inherit BlockBuilder<LoraSpec, Lora>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "lora" LoraCheck.start settings
        Blocks.insist "lora" (LoraCheck.problems draft)

        Lora(
            draft.Spec,
            draft.Given,
            LoraCheck.settings draft.Spec,
            Blocks.lines draft.Given (LoraCheck.describe draft.Spec)
        )

/// <summary>The words of <c>lora { .. }</c>: a small adapter that is trained in place of the weights.</summary>
[<AutoOpen>]
module LoraWords =

    /// <summary>Says how large an adapter is and where it sits. Every line has a default, which printing shows.</summary>
    let lora = LoraBuilder()

    /// <summary>Inner size of the two factors. Default: 8.</summary>
    let rank (size: int) : Setting<LoraSpec> =
        Setting.whole "rank" size (fun size spec -> { spec with Rank = size })

    /// <summary>Numerator of the adapter's scale, alpha / rank. Default: twice the rank.</summary>
    let alpha (numerator: float) : Setting<LoraSpec> =
        Setting.number "alpha" numerator (fun numerator spec -> { spec with Alpha = Some numerator })

    /// <summary>
    /// Names of the adapted layers, of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj and lm_head. Default: all but lm_head.
    /// </summary>
    let layers (names: string list) : Setting<LoraSpec> =
        Setting.make "layers" $"[{LoraCheck.words names}]" (fun spec -> { spec with Layers = names })

    /// <summary>Indices of the adapted transformer blocks, from 0. Default: all.</summary>
    let blocks (indices: int list) : Setting<LoraSpec> =
        Setting.make "blocks" $"%A{indices}" (fun spec -> { spec with Blocks = indices })

    /// <summary>The seed that the factor A is drawn by; B starts at zero. Default: 1.</summary>
    let drawnBy (seed: int) : Setting<LoraSpec> =
        Setting.whole "drawnBy" seed (fun seed spec -> { spec with DrawnBy = seed })
