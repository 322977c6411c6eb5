namespace TreeRl

/// <summary>
/// How the published methods sample. Numbers are those of the sources; where a source has none, <c>Deviations</c> of the method says so.
/// </summary>
[<RequireQualifiedAccess>]
module internal MethodSamplers =

    /// A group of separate answers.
    let flat =
        branching {
            trees 8
            leaves 8
            branchWhen never
            maxTokens 512
            temperature 1.0
        }

    /// TreeAdv with a threshold: branches open on the way, where the next token is uncertain, as long as leaves are left.
    let treeAdv =
        branching {
            trees 2
            leaves 8
            branchWhen (entropyAbove 1.0)
            fanOut 2
            distinctFirstTokens true
            maxTokens 512
            temperature 1.0
        }

    /// TreeAdv with a budget: the most uncertain places of finished answers, a fixed number a tree.
    let treeAdvBudgeted =
        branching {
            trees 2
            leaves 8
            expand (entropyForks 3 1 1)
            maxTokens 512
            temperature 1.0
        }

    /// TreeRPO: N = 8, D = 3, 384 tokens a step.
    let treeRpo =
        branching {
            trees 8
            leaves 512
            branchWhen (everyTokens 384)
            fanOut 8
            maxDepth 2
            maxTokens 1152
            temperature 1.0
        }

    /// TreePO: 14 segments of 512 tokens, 16 answers, 2 branches at a time.
    let treePo =
        branching {
            trees 2
            leaves 16
            branchWhen (everyTokens 512)
            fanOut 2
            fanOutRule Transfer
            expand (fallback onlyFinished (dropSegments 512))
            maxTokens 7168
            stopWhen (repeats 32 8)
            repetitionOrder LastOfAll
            temperature 1.0
        }

    /// TreePO with "more init divergence".
    let treePoMoreInit =
        branching {
            from treePo
            firstFork 2 8
        }

    /// EPTree: M, N, L, T = 6, 2, 1, 2.
    let treeRl =
        branching {
            trees 6
            leaves 30
            expand (surprisalForks 2 1 2)
            maxTokens 8192
            temperature 1.2
            topP 0.95
        }

    /// Tree-GRPO: M, N, L = 2, 2, 1.
    let treeGrpo =
        branching {
            trees 2
            leaves 6
            expand (randomNodes 2 1)
            maxTokens 512
            temperature 1.0
        }

    /// SPO-tree: 6-6-6, 600 tokens a level, the last level unbounded.
    let spo =
        branching {
            trees 6
            leaves 216
            branchWhen (everyTokens 600)
            fanOuts [ 6; 6 ]
            maxTokens 2048
            temperature 0.6
        }

    /// d-TreeRPO's branch factor 4.
    let dTreeRpo =
        branching {
            trees 4
            leaves 64
            branchWhen (everyTokens 128)
            fanOut 4
            maxDepth 2
            maxTokens 384
            temperature 1.0
        }

    /// VinePPO: 8 answers, cut at lines; temperature and top-p of its scripts.
    let vinePpo =
        branching {
            trees 8
            leaves 8
            branchWhen never
            stepNodes (stepAfter "\n")
            maxTokens 512
            temperature 0.6
            topP 0.9
        }
