namespace TreeRl

/// <summary>
/// The published methods. Every number below that a source does not give is marked in <c>Deviations</c>; lengths are those of the
/// sources, so a small model needs <c>branching { from Methods.treeAdv.Sample; maxTokens 64 }</c>.
/// </summary>
[<RequireQualifiedAccess>]
module Methods =

    /// <summary>GRPO (2402.03300): z-scores of a prompt's answers, given to every token of an answer.</summary>
    let grpo = FlatMethods.grpo

    /// <summary>Dr. GRPO (2503.20783): GRPO without the deviation and without division by the answer's length.</summary>
    let drGrpo = FlatMethods.drGrpo

    /// <summary>DAPO (2503.14476): GRPO's advantage, a wider upper clip, equal prompts replaced, over-long answers punished softly.</summary>
    let dapo = FlatMethods.dapo

    /// <summary>RLOO (2402.14740): each answer against the mean of the others.</summary>
    let rloo = FlatMethods.rloo

    /// <summary>REINFORCE++ with baseline (2501.03262): R minus the prompt's mean, whitened over the batch's tokens.</summary>
    let reinforcePlusPlusBaseline = FlatMethods.reinforcePlusPlusBaseline

    /// <summary>GSPO (2507.18071): GRPO's advantage with one ratio an answer.</summary>
    let gspo = FlatMethods.gspo

    /// <summary>GSPO-token (2507.18071): GSPO whose derivative is each token's own.</summary>
    let gspoToken = FlatMethods.gspoToken

    /// <summary>CISPO (2506.13585), weights clipped on both sides.</summary>
    let cispo = FlatMethods.cispo

    /// <summary>CISPO by its upper bound only, given as the cap itself.</summary>
    let cispoUpper = FlatMethods.cispoUpper

    /// <summary>TreeRPO (2506.05183): mean of children, siblings as groups.</summary>
    let treeRpo =
        {
            Name = "treeRpo"
            Source = "TreeRPO, arXiv 2506.05183"
            Formula = "V = mean over children; A(n) = (V(n) - mean over siblings) / sqrt(mu (1 - mu))"
            Sample = MethodSamplers.treeRpo
            Redistribute =
                redistributionNamed "treeRpo" {
                    backup meanOfChildren
                    advantage (over Siblings / BernoulliStd)
                    spread Segments
                    prune (narrow Siblings Deviation 0.1)
                    train SiblingGroup
                }
            Update = objectiveNamed "treeRpo" { from Objectives.grpo }
            Deviations =
                [|
                    "The normaliser replaces GRPO's deviation; its formula is in no source at hand. Taken: sqrt(mu (1 - mu)) + 1e-6; a choice."
                    "Which statistic is compared with 0.1 when pruning is not said. Taken: the population deviation of the group's values."
                    "The aggregation over tokens is not said. Taken: inside each sibling group, then averaged over groups."
                    "The roots of a prompt are its first group: 8 trees, 2 branch points, 384 tokens a segment, as in the paper's depth 3."
                    "The paper's objective has a KL term of unknown weight; left out: add 'kl K3 beta'."
                    "An only child has nothing to be compared with and is pruned."
                    "Another public implementation under the name has means of leaves and no divisor: 'backup meanOfLeaves' with 'advantage (over Siblings)' and no 'prune'; it forks at delimiters where the entropy is high, which is a 'customTrigger'."
                    "The normaliser needs rewards within 0 .. 1: let the weights of the reward's terms add up to at most 1."
                |]
        }

    /// <summary>TreePO (2508.17445): mean advantage over nested groups, whitened.</summary>
    let treePo =
        {
            Name = "treePo"
            Source = "TreePO, arXiv 2508.17445"
            Formula =
                "A(leaf) = mean over the nested groups that contain it of (R - mean of the group), whitened over the batch"
            Sample = MethodSamplers.treePo
            Redistribute =
                redistributionNamed "treePo" {
                    backup noBackup
                    advantage (over Ancestors)
                    spread Paths
                    prune (equalPrompts |> refilled 3)
                    after whiten
                    train EveryPath
                }
            Update =
                objectiveNamed "treePo" {
                    from Objectives.dapo
                    dualClip 10.0
                }
            Deviations =
                [|
                    "The equation divides by a global deviation; the public code also subtracts the token mean. Whitening does both."
                    "Prompts of equal rewards are replaced by further ones, in at most 3 tries (the paper's two additional samplings; its script allows 10): 'dynamicSampling (tries 10)'."
                    "The public code counts a group once for each depth; here an unbranched stretch does not repeat its group."
                    "Groups of one below the prompt do not count, as in the code; groups weigh the same: 'over AncestorsBySize' is the other preset."
                    "Children that do not divide evenly go one each to the first branches; the code gives them all to the last: 'fanOutRule TransferToLast'."
                    "Fallback cuts finished answers, a random number of segments from the end; the other candidates and cuts of the code are words of 'fallback', but their mixed weights are not known: 'finishedLikely' is a choice, and 'boxed_ge_window_n' is not sayable."
                    "Fallback reads the prefix again instead of keeping it cached."
                    "An answer ends with an end token or by a rule of the plan; the code asks for a boxed answer and an end token, or for the box alone: 'stopWhen (customStop ..)'."
                    "The code can drop answers that are too short, off in its script: 'minTokens 64'; here at most as many are dropped as there are leaves, where the code has no bound."
                    "The code's other budgets: 'fanOutBetween 2 4' draws the fan-out for each prompt and step; 'fanOutRule (StepBudget 4096)' is a budget of tokens for each segment, by prompt here, divided among the prompts of a batch there. Its budget by estimated lengths is not sayable; 'promptBudget' is a hard one."
                    "Two trees start at a prompt, as in the fixed form; 'firstFork 2 8' is the paper's better one (Methods.treePoMoreInit), never active in the released script."
                    "Children are shared evenly, which the paper finds no worse than 'weigh (bySegmentMean unlikely 2.0)' and its opposite; its schedule is 'weigh (bySegmentMean unlikely 5.0 |> endingAt 1.0)', half a cosine over the steps of a run."
                    "The repetition rule looks at windows of 32 tokens in the whole answer; the code looks at 32 characters in the new segment."
                    "The penalty for overlong answers is part of the reward and not of this value."
                |]
        }

    /// <summary>TreePO with a random number of first branches, its "more init divergence".</summary>
    let treePoMoreInit =
        { treePo with
            Name = "treePoMoreInit"
            Sample = MethodSamplers.treePoMoreInit
        }

    /// <summary>TreeAdv (2601.03703) in its GSPO form: z-scores of the prompt's answers, averaged over the leaves below a token.</summary>
    let treeAdv =
        {
            Name = "treeAdv"
            Source = "TreeAdv, arXiv 2601.03703"
            Formula = "x = (R - mean) / std over the prompt; A(n) = mean of x over the leaves below n"
            Sample = MethodSamplers.treeAdv
            Redistribute =
                redistributionNamed "treeAdv" {
                    leafScore (centre Prompt >> scale Prompt Std)
                    backup meanOfLeaves
                    advantage (over Zero)
                    spread Segments
                    train OncePerToken
                }
            Update = Objectives.gspoToken
            Deviations =
                [|
                    "The aggregate over the leaves below a token is taken to be their plain mean; the exact weights are not confirmed."
                    "Threshold, trees, fan-out and leaves are in no source at hand: entropy above 1 nat, 2 trees, fan-out 2, 8 leaves."
                    "Whether a shared token is trained once or once for each path is not said. Taken: once; 'train EveryPath' is the other reading, whose first on-policy step has GRPO's gradient."
                    "The paper applies it to GRPO and to GSPO. With GSPO a path carries several advantages, so the token form applies; the sequence is then the node. The GRPO form is Methods.treeAdvGrpo."
                    "Leaves bound the branch points: the first uncertain ones get them. Methods.treeAdvBudgeted gives them to the most uncertain ones."
                |]
        }

    /// <summary>TreeAdv in its GRPO form: the same advantages under token ratios.</summary>
    let treeAdvGrpo =
        { treeAdv with
            Name = "treeAdvGrpo"
            Update = Objectives.grpo
        }

    /// <summary>TreeAdv with a budget instead of a threshold: a tree forks where its finished answer was most uncertain.</summary>
    let treeAdvBudgeted =
        { treeAdv with
            Name = "treeAdvBudgeted"
            Sample = MethodSamplers.treeAdvBudgeted
            Deviations =
                [|
                    yield! treeAdv.Deviations[..0]
                    "The budget is a reading of ours: the 3 places of highest entropy of each of 2 finished answers, one continuation at each."
                    "Continuations are drawn independently and may begin with the same token."
                    yield! treeAdv.Deviations[2..3]
                |]
        }

    /// <summary>TreeRL (2506.11902): global and local advantage over the square root of the leaf count.</summary>
    let treeRl =
        {
            Name = "treeRl"
            Source = "TreeRL, arXiv 2506.11902"
            Formula = "x = leave-one-out R; A(n) = ((V(n) - V(parent)) + V(n)) / sqrt(trained leaves below n)"
            Sample = MethodSamplers.treeRl
            Redistribute =
                redistributionNamed "treeRl" {
                    leafScore (leaveOneOut Prompt)
                    backup meanOfLeaves
                    advantage (over Parent / SqrtLeafCount + over Zero / SqrtLeafCount)
                    spread Segments
                    choose (goodFirst 16)
                    train EveryPath
                }
            Update = Objectives.reinforce
            Deviations =
                [|
                    "Of a tree's tokens the first of a side branch is masked, as in the code; so is a place that has branched already, which concerns later rounds."
                    "The code also masks tokens behind one that contains 'answer' or 'conclusion': 'surprisalForks 2 1 2 |> onlyWhere ..'."
                    "A fork in front of an answer's first token is a tree of its own in the forest; the advantages are the same."
                    "The public code divides V and V(parent) each by its own sqrt before differencing: 'backup meanOfLeavesOverSqrtCount' with 'advantage (over Parent + over Zero)'."
                    "The public code also takes the mean value of the batch's path tokens off V in the second term; left out, and sayable as 'over (customBaseline ..) / SqrtLeafCount' in its place."
                    "16 of the 30 leaves are trained, a correct one first, the rest at random; all 30 make the values, and the sqrt counts chosen leaves, as in the code. 'choose allLeaves' trains all."
                    "The choice is drawn from the question and the answers' tokens ('choiceSeed'), so that the same forest always gives the same one."
                    "The code's other choice, as many correct as wrong leaves by a ratio that is 0 in its scripts, is not sayable."
                |]
        }

    /// <summary>Tree-GRPO (2509.21240): z-score over the prompt plus z-score over the tree.</summary>
    let treeGrpo =
        {
            Name = "treeGrpo"
            Source = "Tree-GRPO, arXiv 2509.21240"
            Formula = "A(leaf) = z-score over the prompt + z-score over the tree"
            Sample = MethodSamplers.treeGrpo
            Redistribute =
                redistributionNamed "treeGrpo" {
                    backup noBackup
                    advantage (over Prompt / Std + over Tree / Std)
                    spread Paths
                    train EveryPath
                }
            Update =
                objectiveNamed "treeGrpo" {
                    from Objectives.grpo
                    kl K3 1e-3
                }
            Deviations =
                [|
                    "Nodes are agent steps in the source; here they are lines, or what 'stepsOf', 'stepsEndWith' or 'stepsWhere' say."
                    "A continuation from the prompt is a tree of its own in the forest, so that its second z-score is over itself; 'randomNodes 2 1 |> belowRoot' draws none."
                    "All 3 leaves of a tree are trained, which is the source's k = 3; the longest answer is a choice."
                    "A tree with one leaf adds nothing; the public code adds the reward itself there: 'onlyOne KeepsValue'."
                |]
        }

    /// <summary>SPO-tree (2505.23564): each edge earns the rise in value along it.</summary>
    let spo =
        {
            Name = "spo"
            Source = "SPO-tree, arXiv 2505.23564"
            Formula =
                "V = mean over children; A(n) = V(n) - V(parent); edges with A = 0 and tokens of old probability 0.9 or more are left out"
            Sample = MethodSamplers.spo
            Redistribute =
                redistributionNamed "spo" {
                    backup meanOfChildren
                    advantage (over Parent)
                    spread Segments
                    mask (probabilityBelow 0.9)
                    train OncePerEdge
                }
            Update =
                objectiveNamed "spo" {
                    from Objectives.grpo
                    kl K3 1e-4
                }
            Deviations =
                [|
                    "The mask takes tokens of old probability 0.9 or more out of loss, KL and denominators, as in the code; the old probability is the one recorded at temperature 1. 'mask noMask' trains them too."
                    "The replay buffer (at most 32 edges of a question in an iteration, kept for 8) is left out: every edge is used once, in the step that sampled it."
                    "An edge is left out when its advantage is exactly 0; the code adds a power term to the test that has the same sign for values within 0 .. 1."
                    "The variant with a normaliser is 'over Parent / PopulationStd'."
                    "The KL estimator is not said; taken: K3."
                    "The last level is unbounded but for maxTokens. The other shapes of the code are 'fanOuts': 6-5-4 is 'trees 6' with 'fanOuts [ 5; 4 ]'."
                |]
        }

    /// <summary>d-TreeRPO (2512.09675): leave-one-out among siblings.</summary>
    let dTreeRpo =
        {
            Name = "dTreeRpo"
            Source = "d-TreeRPO, arXiv 2512.09675"
            Formula = "V = mean over children; A(n) = V(n) - mean over the other siblings"
            Sample = MethodSamplers.dTreeRpo
            Redistribute =
                redistributionNamed "dTreeRpo" {
                    backup meanOfChildren
                    advantage (over OtherSiblings)
                    spread Segments
                    train OncePerToken
                }
            Update = objectiveNamed "dTreeRpo" { from Objectives.grpo }
            Deviations =
                [|
                    "The source trains a diffusion model; segment length, depth and training unit for a left-to-right model are choices."
                    "The positive-only filter for self-distillation is left out."
                |]
        }

    /// <summary>VinePPO (2410.01679): every step earns the rise in value along it, values estimated by fresh continuations.</summary>
    let vinePpo =
        {
            Name = "vinePpo"
            Source = "VinePPO, arXiv 2410.01679"
            Formula = "V = mean reward of 9 fresh continuations, V(leaf) = R; A(n) = V(n) - V(parent), n a step"
            Sample = MethodSamplers.vinePpo
            Redistribute =
                redistributionNamed "vinePpo" {
                    backup (freshValues 9)
                    advantage (over Parent)
                    spread Segments
                    train EveryPath
                }
            Update =
                objectiveNamed "vinePpo" {
                    from Objectives.grpo
                    kl K3 1e-4
                }
            Deviations =
                [|
                    "A training step samples the values with the policy before its update; their tokens count. 'freshValuesWithin 20000 9' bounds them: a step of an answer that is left then has the answer's own reward for its value, as in the code; the code leaves out the steps beyond the 20th."
                    "A step is a line, as in the code for MATH; 'stepNodes' says otherwise. An end token belongs to the last step."
                    "The released trainer whitens advantages over the batch, the paper's formula does not: 'after whiten' is the other form."
                    "One update a step here; the code makes 2 passes in mini-batches of 64 answers: 'epochs 2' and 'miniBatches 8'."
                    "The weight of the KL term is not in the paper's text at hand; taken: 1e-4, K3."
                    "States with equal texts are sampled once. On answers that branch every inner node is a state too."
                    "8 answers a prompt, temperature 0.6 and top-p 0.9 are the scripts'; answers of 512 tokens are a choice."
                |]
        }

    /// <summary>VinePPO's redistribution with values that are there already, as <c>Lab.truth</c> makes them.</summary>
    /// <param name="nodeValues">One estimate for each node of the forest it is applied to.</param>
    let vinePpoOf (nodeValues: float[]) =
        redistributionNamed "vinePpo" {
            from vinePpo.Redistribute
            backup (monteCarlo nodeValues)
        }

    /// <summary>Every method, flat ones first.</summary>
    let all =
        [|
            grpo
            drGrpo
            dapo
            rloo
            reinforcePlusPlusBaseline
            gspo
            gspoToken
            cispo
            cispoUpper
            treeRpo
            treePo
            treePoMoreInit
            treeAdv
            treeAdvGrpo
            treeAdvBudgeted
            treeRl
            treeGrpo
            spo
            dTreeRpo
            vinePpo
        |]
