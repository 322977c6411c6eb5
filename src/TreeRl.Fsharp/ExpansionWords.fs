namespace TreeRl

open System
open TreeRl.Sampling

/// <summary>Words for what happens beyond branching on the way: continuing ended answers, and sharing children by likelihood.</summary>
[<AutoOpen>]
module ExpansionWords =

    let private least path (value: int) cure =
        Check.atLeast 1 $"branching.{path}" value "" cure

    let private warm path (value: float) cure =
        Check.positive $"branching.{path} (temperature)" value cure

    /// <summary>
    /// What a prompt does when all its branches have ended: <c>surprisalForks</c>, <c>entropyForks</c>, <c>randomNodes</c>,
    /// <c>fallback</c>, or <c>noExpansion</c> (default).
    /// </summary>
    let expand (expansion: Phrase<Expansion>) : Setting<BranchingSpec> =
        Setting.make "expand" (string expansion) (fun spec ->
            { spec with
                Expansion =
                    (if expansion.Value = Expansion.Never then
                         None
                     else
                         Some expansion)
            })

    /// <summary>Ended answers stay as they are.</summary>
    let noExpansion = Phrase.make "noExpansion" Expansion.Never

    let private topTokens word measure tokens rounds copies =
        let cure = $"write tokens, rounds and copies: '{word} 2 1 2'"

        Phrase.check
            $"{word} {tokens} {rounds} {copies}"
            (least $"expand {word} (tokens)" tokens cure
             @ least $"expand {word} (rounds)" rounds cure
             @ least $"expand {word} (copies)" copies cure)
            (Expansion.TopTokens(tokens, rounds, copies, Measure = measure) :> Expansion)

    /// <summary>
    /// Forks finished answers in front of their most surprising tokens (EPTree of TreeRL 2506.11902, in its order M, N, L, T without
    /// M, which is <c>trees</c>): so many tokens a tree, so many rounds, so many continuations at each. M trees come to M (1 + N L T) answers.
    /// </summary>
    let surprisalForks (tokens: int) (rounds: int) (copies: int) =
        topTokens "surprisalForks" TokenMeasure.Surprisal tokens rounds copies

    /// <summary>As <c>surprisalForks</c>, in front of the tokens whose distributions had the highest entropy.</summary>
    let entropyForks (tokens: int) (rounds: int) (copies: int) =
        topTokens "entropyForks" TokenMeasure.Entropy tokens rounds copies

    /// <summary>
    /// Continues finished answers from places drawn at random (Tree-GRPO 2509.21240): so many a tree, so many rounds. A place is the
    /// end of a step, by default of a line; see <c>stepsOf</c>, <c>stepsEndWith</c> and <c>stepsWhere</c>. M trees come to M (1 + N L) answers.
    /// </summary>
    let randomNodes (nodes: int) (rounds: int) =
        let cure = "write nodes and rounds: 'randomNodes 2 1'"

        Phrase.check
            $"randomNodes {nodes} {rounds}"
            (least "expand randomNodes (nodes)" nodes cure
             @ least "expand randomNodes (rounds)" rounds cure)
            (Expansion.RandomNodes(nodes, rounds, StepRule.AfterText "\n") :> Expansion)

    let private misplaced word (phrase: Phrase<Expansion>) home =
        invalidArg "phrase" $"{word} on {phrase}: it belongs to {home}"

    let private steps word problems rule (phrase: Phrase<Expansion>) =
        match phrase.Value with
        | :? Expansion.RandomNodes as nodes ->
            let changed =
                Expansion.RandomNodes(nodes.Nodes, nodes.Rounds, rule, IncludeRoot = nodes.IncludeRoot)

            Phrase.extend word problems (changed :> Expansion) phrase
        | _ -> misplaced word phrase "'randomNodes'"

    /// <summary>Steps are so many tokens long: <c>randomNodes 2 1 |> stepsOf 32</c>.</summary>
    /// <exception cref="T:System.ArgumentException">The phrase is not <c>randomNodes</c>.</exception>
    let stepsOf (tokens: int) (phrase: Phrase<Expansion>) =
        let problems = least "expand stepsOf" tokens "write for example 'stepsOf 32'"
        steps $"stepsOf {tokens}" problems (StepRule.EveryTokens tokens) phrase

    /// <summary>A step ends after a token that contains this text.</summary>
    /// <exception cref="T:System.ArgumentException">The phrase is not <c>randomNodes</c>.</exception>
    let stepsEndWith (text: string) (phrase: Phrase<Expansion>) =
        let problems =
            Check.rule
                (text <> "")
                "branching.expand stepsEndWith"
                "\"\""
                "must not be empty (every token contains it)"
                "write for example 'stepsEndWith \"\\n\"'"

        steps $"stepsEndWith {Show.text text}" problems (StepRule.AfterText text) phrase

    let private named word name =
        Check.rule
            (not (String.IsNullOrWhiteSpace name))
            $"branching.expand {word}"
            (Show.text name)
            "must have a name, which prints in plans and reports"
            ""

    /// <summary>A step ends where your function holds; it sees a place inside an ended answer and must depend on that alone.</summary>
    /// <exception cref="T:System.ArgumentException">The phrase is not <c>randomNodes</c>.</exception>
    let stepsWhere (name: string) (holds: ForkPlace -> bool) (phrase: Phrase<Expansion>) =
        let rule = StepRule.Custom(PlaceRule(name, Func<ForkPlace, bool> holds))
        steps $"stepsWhere {Show.text name} .." (named "stepsWhere" name) rule phrase

    /// <summary>Leaves the answer's start out of the places that <c>randomNodes</c> draws from; the paper has it in.</summary>
    /// <exception cref="T:System.ArgumentException">The phrase is not <c>randomNodes</c>.</exception>
    let belowRoot (phrase: Phrase<Expansion>) =
        match phrase.Value with
        | :? Expansion.RandomNodes as nodes ->
            let changed =
                Expansion.RandomNodes(nodes.Nodes, nodes.Rounds, nodes.Steps, IncludeRoot = false)

            Phrase.extend "belowRoot" [] (changed :> Expansion) phrase
        | _ -> misplaced "belowRoot" phrase "'randomNodes'"

    /// <summary>
    /// Masks the places of <c>surprisalForks</c> and <c>entropyForks</c>: only where your function holds may an answer fork. It sees a
    /// place inside an ended answer and must depend on that alone.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The phrase is neither.</exception>
    let onlyWhere (name: string) (holds: ForkPlace -> bool) (phrase: Phrase<Expansion>) =
        match phrase.Value with
        | :? Expansion.TopTokens as top ->
            let changed =
                Expansion.TopTokens(
                    top.Tokens,
                    top.Rounds,
                    top.Copies,
                    Measure = top.Measure,
                    Where = PlaceRule(name, Func<ForkPlace, bool> holds)
                )

            Phrase.extend $"onlyWhere {Show.text name} .." (named "onlyWhere" name) (changed :> Expansion) phrase
        | _ -> misplaced "onlyWhere" phrase "'surprisalForks' or 'entropyForks'"

    /// <summary>
    /// Whenever leaves are missing, cuts ended answers and starts <c>fanOut</c> continuations at each cut, until all leaves are
    /// there (TreePO 2508.17445): <c>fallback onlyFinished (dropSegments 32)</c>. Continuations branch like the rest.
    /// </summary>
    let fallback (from: Phrase<FallbackFrom>) (cut: Phrase<CutPoint>) =
        Phrase.check $"fallback {from} {cut}" cut.Problems (Expansion.Fallback(from.Value, cut.Value) :> Expansion)

    /// <summary>Falls back on every ended answer, in random order.</summary>
    let anyAnswer = Phrase.make "anyAnswer" FallbackFrom.Any

    /// <summary>Falls back on every ended answer, finished ones likely to come first: drawn with weights exp(priority of the finish).</summary>
    let finishedLikely = Phrase.make "finishedLikely" FallbackFrom.FinishedFirst

    /// <summary>Falls back on every ended answer, by priority of the finish: stop text, end of text, custom, length, depth, repetition.</summary>
    let finishedFirst = Phrase.make "finishedFirst" FallbackFrom.FinishedFirstStrict

    /// <summary>Falls back on answers that ended with an end token, a stop text or a custom rule; without one, on the prompt.</summary>
    let onlyFinished = Phrase.make "onlyFinished" FallbackFrom.OnlyFinished

    /// <summary>Falls back on every ended answer, the longest first.</summary>
    let longerFirst = Phrase.make "longerFirst" FallbackFrom.LongerFirst

    let private segments word tokens value =
        Phrase.check
            $"{word} {tokens}"
            (least $"expand {word}" tokens $"the number is the segment in tokens: '{word} 32'")
            (value :> CutPoint)

    /// <summary>Drops a random number of segments of so many tokens, at least one.</summary>
    let dropSegments (tokens: int) =
        segments "dropSegments" tokens (CutPoint.RandomSegments tokens)

    /// <summary>Cuts in front of the segment of so many tokens with the lowest mean log-probability.</summary>
    let lowestSegment (tokens: int) =
        segments "lowestSegment" tokens (CutPoint.LowestBlock tokens)

    /// <summary>Cuts in front of the least likely token.</summary>
    let lowestToken = Phrase.make "lowestToken" (CutPoint.LowestToken() :> CutPoint)

    /// <summary>Cuts at the prompt: nothing is kept.</summary>
    let fromPrompt = Phrase.make "fromPrompt" (CutPoint.Start() :> CutPoint)

    /// <summary>Favours low log-probability.</summary>
    let unlikely = Phrase.make "unlikely" ForkPreference.Unlikely

    /// <summary>Favours high log-probability.</summary>
    let likely = Phrase.make "likely" ForkPreference.Likely

    /// <summary>Cuts in front of a segment drawn by the softmax of its mean log-probability over the temperature: <c>drawnSegment 32 unlikely 1.0</c>.</summary>
    let drawnSegment (tokens: int) (prefer: Phrase<ForkPreference>) (temperature: float) =
        Phrase.check
            $"drawnSegment {tokens} {prefer} {Show.number temperature}"
            (least "expand drawnSegment" tokens "the first number is the segment in tokens"
             @ warm "expand drawnSegment" temperature "large values draw evenly")
            (CutPoint.DrawnBlock(tokens, prefer.Value, temperature) :> CutPoint)

    /// <summary>
    /// Shares the children of branch points of one step: <c>weigh (bySegmentMean unlikely 2.0)</c>, or <c>weigh evenly</c>
    /// (default). The fan-out rule says how many there are together; every branch keeps one (TreePO 2508.17445).
    /// </summary>
    let weigh (by: Phrase<ForkWeights>) : Setting<BranchingSpec> =
        Setting.make "weigh" (string by) (fun spec ->
            { spec with
                Weights = (if by.Text = "evenly" then None else Some by)
            })

    let private weights word score (prefer: Phrase<ForkPreference>) temperature =
        Phrase.check
            $"{word} {prefer} {Show.number temperature}"
            (warm $"weigh {word}" temperature "large values share evenly; the paper has 2")
            (ForkWeights(score, prefer.Value, temperature))

    /// <summary>
    /// Lets the temperature follow half a cosine over the steps of a run, to this one at the last: <c>bySegmentMean unlikely 5.0 |> endingAt 1.0</c>
    /// (TreePO 2508.17445). Outside a run the first temperature holds.
    /// </summary>
    let endingAt (temperature: float) (by: Phrase<ForkWeights>) =
        Phrase.extend
            $"endingAt {Show.number temperature}"
            (warm "weigh endingAt" temperature "large values share evenly")
            (ForkWeights(by.Value.Score, by.Value.Prefer, by.Value.Temperature, LastTemperature = Nullable temperature))
            by

    /// <summary>A step of an answer is so many tokens long.</summary>
    let stepEvery (tokens: int) =
        Phrase.check
            $"stepEvery {tokens}"
            (least "stepNodes stepEvery" tokens "write for example 'stepEvery 32'")
            (StepRule.EveryTokens tokens :> StepRule)

    /// <summary>A step ends after a token that contains this text, as a newline.</summary>
    let stepAfter (text: string) =
        Phrase.check
            $"stepAfter {Show.text text}"
            (Check.rule
                (text <> "")
                "branching.stepNodes stepAfter"
                "\"\""
                "must not be empty (every token contains it)"
                "write for example 'stepAfter \"\\n\"'")
            (StepRule.AfterText text :> StepRule)

    /// <summary>A step ends where your function holds; it sees a place inside an ended answer and must depend on that alone.</summary>
    let stepWhere (name: string) (holds: ForkPlace -> bool) =
        Phrase.check
            $"stepWhere {Show.text name} .."
            (Check.rule
                (not (String.IsNullOrWhiteSpace name))
                "branching.stepNodes stepWhere"
                (Show.text name)
                "must have a name, which prints in plans and reports"
                "")
            (StepRule.Custom(PlaceRule(name, Func<ForkPlace, bool> holds)) :> StepRule)

    /// <summary>Nodes end where answers branch or end (default).</summary>
    let wholeNodes = Phrase.make "wholeNodes" (StepRule.EveryTokens 1 :> StepRule)

    /// <summary>
    /// Cuts the grown answers so that every step is a node of its own, with a value of its own (VinePPO's states 2410.01679):
    /// <c>stepNodes (stepAfter "\n")</c>. The answers stay the same. Default: <c>wholeNodes</c>.
    /// </summary>
    let stepNodes (rule: Phrase<StepRule>) : Setting<BranchingSpec> =
        Setting.make "stepNodes" (string rule) (fun spec ->
            { spec with
                StepNodes = (if rule.Text = "wholeNodes" then None else Some rule)
            })

    /// <summary>The same share for each branch.</summary>
    let evenly =
        Phrase.make "evenly" (ForkWeights(PathScore.PathSum, ForkPreference.Unlikely, infinity))

    /// <summary>By the sum of the log-probabilities of the answer so far, in one direction, over a temperature.</summary>
    let byPathSum (prefer: Phrase<ForkPreference>) (temperature: float) =
        weights "byPathSum" PathScore.PathSum prefer temperature

    /// <summary>By their mean.</summary>
    let byPathMean (prefer: Phrase<ForkPreference>) (temperature: float) =
        weights "byPathMean" PathScore.PathMean prefer temperature

    /// <summary>By the mean log-probability since the last branch point of the trigger, which the paper takes.</summary>
    let bySegmentMean (prefer: Phrase<ForkPreference>) (temperature: float) =
        weights "bySegmentMean" PathScore.SegmentMean prefer temperature
