namespace TreeRl

/// <summary>The published methods on flat groups; <c>Methods</c> gives them to users.</summary>
module internal FlatMethods =

    /// <summary>GRPO (2402.03300): z-scores of a prompt's answers, given to every token of an answer.</summary>
    let grpo =
        {
            Name = "grpo"
            Source = "DeepSeekMath, arXiv 2402.03300"
            Formula = "A = (R - mean over the prompt) / (std over the prompt + 1e-6)"
            Sample = MethodSamplers.flat
            Redistribute =
                redistributionNamed "grpo" {
                    backup noBackup
                    advantage (over Prompt / Std)
                    spread Paths
                    train EveryPath
                }
            Update = Objectives.grpo
            Deviations =
                [|
                    "The KL term of the paper is left out, as is the custom by now; add 'kl K3 0.04' to the objective."
                    "The deviation has n-1 and epsilon 1e-6 (verl); TRL has 1e-4: 'over Prompt / epsilon 1e-4 Std'."
                    "A group of equal rewards gives exact zeros, and a group of one gives zero; the public loops keep its reward: 'onlyOne KeepsValue'."
                    "The token mean is taken over the batch; the paper averages by answer first: 'aggregate SequenceMeanTokenMean'."
                    "8 answers a prompt; the paper has 64."
                |]
        }

    /// <summary>Dr. GRPO (2503.20783): GRPO without the deviation and without division by the answer's length.</summary>
    let drGrpo =
        {
            Name = "drGrpo"
            Source = "Understanding R1-Zero-like training, arXiv 2503.20783"
            Formula = "A = R - mean over the prompt"
            Sample = MethodSamplers.flat
            Redistribute =
                redistributionNamed "drGrpo" {
                    backup noBackup
                    advantage (over Prompt)
                    spread Paths
                    train EveryPath
                }
            Update = Objectives.drGrpo 512
            Deviations =
                [|
                    "The constant that divides the sum of token losses is the longest answer allowed, here 512; change it with maxTokens: 'update (Objectives.drGrpo 64)'."
                    "The sum is not divided by the number of answers (verl); multiply the constant by it for the other reading."
                |]
        }

    /// <summary>RLOO (2402.14740): each answer against the mean of the others.</summary>
    let rloo =
        {
            Name = "rloo"
            Source = "Back to Basics, arXiv 2402.14740"
            Formula = "A = R - mean over the prompt's other answers"
            Sample = MethodSamplers.flat
            Redistribute =
                redistributionNamed "rloo" {
                    leafScore (leaveOneOut Prompt)
                    backup noBackup
                    advantage (over Zero)
                    spread Paths
                    train EveryPath
                }
            Update = Objectives.reinforce
            Deviations =
                [|
                    "No KL penalty in the reward."
                    "A group of one gives zero, as in the public vectorised form; its loop keeps the reward there: 'onlyOne KeepsValue'."
                |]
        }

    /// <summary>REINFORCE++ with baseline (2501.03262): R minus the prompt's mean, whitened over the batch's tokens.</summary>
    let reinforcePlusPlusBaseline =
        {
            Name = "reinforcePlusPlusBaseline"
            Source = "REINFORCE++, arXiv 2501.03262"
            Formula = "A = R - mean over the prompt, then whitened over the tokens of the batch"
            Sample = MethodSamplers.flat
            Redistribute =
                redistributionNamed "reinforcePlusPlusBaseline" {
                    backup noBackup
                    advantage (over Prompt)
                    spread Paths
                    after whiten
                    train EveryPath
                }
            Update = Objectives.grpo
            Deviations =
                [|
                    "Whitening re-centres, so a prompt of equal rewards gets a small common advantage, as in the public code; 'prune equalPrompts' leaves it out."
                    "No discount and no KL penalty in the reward."
                |]
        }

    /// <summary>DAPO (2503.14476): GRPO's advantage, a wider upper clip, equal prompts replaced, over-long answers punished softly.</summary>
    let dapo =
        {
            Name = "dapo"
            Source = "DAPO, arXiv 2503.14476"
            Formula =
                "A = z-score over the prompt; prompts of equal rewards are replaced by further ones; clip 0.2 below, 0.28 above"
            Sample =
                branching {
                    from MethodSamplers.flat
                    trees 16
                    leaves 16
                }
            Redistribute =
                redistributionNamed "dapo" {
                    backup noBackup
                    advantage (over Prompt / Std)
                    spread Paths
                    prune (equalPrompts |> refilled 10)
                    train EveryPath
                }
            Update = Objectives.dapo
            Deviations =
                [|
                    "Dynamic sampling: an experiment samples further prompts, a whole step's at a time, until the step is full, in at most 10 tries (the public script's; the paper names no limit); then it trains what it has, where the public code stops. 'dynamicSampling' says otherwise."
                    "Prompts are told apart by the whole reward; the public code looks at accuracy: 'dynamicSampling (tries 10 |> judgedBy \"correct\")'. It keeps groups of one: 'equalPrompts |> keepSingletons'."
                    "The soft punishment of over-long answers is a term of the reward: 'grader \"overlong\" 1.0 (Rewards.Graders.Overlong(512, 128))'; it ends at -1, as in the paper and TRL, where verl has no floor."
                    "The dual clip of 3 is the default of the public code, not of the paper."
                    "Answers of 20,480 tokens in the paper, 512 here."
                |]
        }

    let private withUpdate name source formula update deviations =
        { grpo with
            Name = name
            Source = source
            Formula = formula
            Update = update
            Deviations = deviations
        }

    /// <summary>GSPO (2507.18071): GRPO's advantage with one ratio an answer.</summary>
    let gspo =
        withUpdate
            "gspo"
            "GSPO, arXiv 2507.18071"
            "A = z-score over the prompt; ratio s = exp(mean over the answer of (logp - old)), clip 3e-4 / 4e-4"
            Objectives.gspo
            [|
                "Clip bounds of the public code. They act only with several updates a forest: the paper has 4, 'miniBatches 4'."
                "8 answers a prompt."
            |]

    /// <summary>GSPO-token (2507.18071): GSPO whose derivative is each token's own.</summary>
    let gspoToken =
        withUpdate
            "gspoToken"
            "GSPO, arXiv 2507.18071"
            "as gspo, with s_t = stop(s) exp(logp_t - stop(logp_t)); equal to gspo where an answer has one advantage"
            Objectives.gspoToken
            [|
                "As gspo. It differs from gspo where the tokens of an answer have different advantages."
            |]

    /// <summary>CISPO (2506.13585), weights clipped on both sides.</summary>
    let cispo =
        withUpdate
            "cispo"
            "CISPO (MiniMax-M1), arXiv 2506.13585"
            "A = z-score over the prompt; loss -stop(clip(r, 0.8, 1.2)) A logp"
            Objectives.cispo
            [|
                "The two-sided form with bounds 0.2 / 0.2 (verl); cispoUpper is the other published parameterisation."
            |]

    /// <summary>CISPO by its upper bound only, given as the cap itself.</summary>
    let cispoUpper =
        withUpdate
            "cispoUpper"
            "CISPO (MiniMax-M1), arXiv 2506.13585"
            "A = z-score over the prompt; loss -stop(min(r, 5)) A logp"
            Objectives.cispoUpper
            [|
                "The cap 5 is an example of TRL's documentation; the paper tunes the upper bound only."
            |]
