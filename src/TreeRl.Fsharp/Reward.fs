namespace TreeRl

open System
open System.Collections.Immutable
open TreeRl.Rewards

/// <summary>A finished answer, as a reward sees it.</summary>
type Answer = TreeRl.Rewards.Answer

/// <summary>What grading an answer came to: a score, or the reason why there is none.</summary>
type Outcome = TreeRl.Rewards.Outcome

/// <summary>What the lines of a <c>reward</c> block set.</summary>
type RewardSpec =
    internal
        {
            Terms: (RewardTerm * string) list
            /// Name and word of every line, those of terms that a later line replaced included.
            Words: (string * string) list
            Limit: TimeSpan
        }

/// <summary>What an answer earns: a checked and resolved <c>reward</c> block.</summary>
[<Sealed>]
type Reward internal (spec: RewardSpec, given: Set<string>, plan: RewardPlan, lines: ResolvedLine[]) =
    inherit Block<RewardSpec>("reward", spec, given, lines)

    /// <summary>The plan that the core grades by.</summary>
    member _.Plan = plan

/// <summary>Checks and resolves <c>reward</c> blocks.</summary>
module internal RewardCheck =
    let start: RewardSpec =
        {
            Terms = []
            Words = []
            Limit = TimeSpan.FromSeconds 5.0
        }

    let private termProblems (term: RewardTerm) =
        [
            if String.IsNullOrWhiteSpace term.Name then
                Check.problem "reward.term" (Show.text term.Name) "must have a name, under which it is logged" ""
            yield!
                Check.rule
                    (Double.IsFinite term.Weight)
                    (if term.Name = "" then
                         "reward.term (weight)"
                     else
                         $"reward.{term.Name}")
                    (Show.number term.Weight)
                    "must have a finite weight"
                    "0 shows a term without paying for it"
        ]

    /// Lines of different words that name the same term; a line below `from` may replace what that brought.
    let private sameNames (draft: Draft<RewardSpec>) =
        let ofName (name: string, lines: (string * string) list) =
            match lines |> List.map snd |> List.filter draft.Own.Contains |> List.distinct with
            | first :: second :: _ ->
                [
                    Check.missing
                        $"reward: the term {Show.text name}"
                        $"is given twice, by '{first}' and by '{second}'"
                        "give each term a name of its own, or keep one of the lines"
                ]
            | _ -> []

        draft.Spec.Words |> List.groupBy fst |> List.collect ofName

    let problems (draft: Draft<RewardSpec>) =
        [
            yield! draft.Problems
            yield! sameNames draft
            if draft.Spec.Terms.IsEmpty then
                Check.missing
                    "reward"
                    "has no term: it says what an answer earns"
                    "add a line such as 'correct 1.0' or 'term \"brief\" 0.1 (fun answer -> ..)'"
            for term, _ in draft.Spec.Terms do
                yield! termProblems term
            yield!
                Check.rule
                    (draft.Spec.Limit > TimeSpan.Zero && draft.Spec.Limit <= TimeSpan.FromDays 1.0)
                    "reward.within"
                    (Show.span draft.Spec.Limit)
                    "must be above 0 and at most a day"
                    "write for example 'within (seconds 2)'"
        ]

    let plan (spec: RewardSpec) =
        RewardPlan(Terms = ImmutableArray.CreateRange(spec.Terms |> List.map fst), TimeLimit = spec.Limit)

    let describe (spec: RewardSpec) =
        [
            for term, shown in spec.Terms do
                shown, Show.number term.Weight
            "within", $"{Show.number spec.Limit.TotalSeconds} s for each answer and term"
        ]

/// <summary>The builder behind <c>reward { .. }</c>.</summary>
[<Sealed>]
type RewardBuilder internal () =
    inherit BlockBuilder<RewardSpec, Reward>()

    /// <inheritdoc/>
    override _.Resolve settings =
        let draft = Draft.gather "reward" RewardCheck.start settings
        Blocks.insist "reward" (RewardCheck.problems draft)

        Reward(
            draft.Spec,
            draft.Given,
            RewardCheck.plan draft.Spec,
            Blocks.lines draft.Given (RewardCheck.describe draft.Spec)
        )

/// <summary>The words of <c>reward { .. }</c>: what a finished answer earns, as a weighted sum of named terms.</summary>
[<AutoOpen>]
module RewardWords =

    /// <summary>Says what an answer earns. Needs at least one term.</summary>
    let reward = RewardBuilder()

    let private addTerm word name weight (grade: Grader) : Setting<RewardSpec> =
        let term = RewardTerm(name, weight, grade)

        let withTerm (spec: RewardSpec) =
            let others = spec.Terms |> List.filter (fun (other, _) -> other.Name <> name)

            { spec with
                Terms = others @ [ term, word ]
                Words = spec.Words @ [ name, word ]
            }

        Setting.make word (Show.number weight) withTerm

    /// <summary>A term that is 1 when the answer's final number equals the prompt's reference and 0 otherwise, times a weight.</summary>
    let correct (weight: float) : Setting<RewardSpec> =
        addTerm "correct" "correct" weight Graders.Correct

    /// <summary>
    /// A term of your own, times a weight: <c>term "brief" 0.1 (fun answer -> 1.0 - float answer.TokenCount / 96.0)</c>. An exception,
    /// NaN or a time-out becomes an outcome that is counted and shown, never a silent 0.
    /// </summary>
    let term (name: string) (weight: float) (score: Answer -> float) : Setting<RewardSpec> =
        let grade (answer: Answer) =
            let value = score answer

            if Double.IsFinite value then
                Outcome.Score value
            else
                Outcome.Failed $"the function gave {value}"

        addTerm $"term {Show.text name}" name weight (Grader grade)

    /// <summary>A term that may also abstain: <c>grader "format" 0.2 (fun answer -> if .. then Outcome.Score 1.0 else Outcome.Abstain "no answer")</c>.</summary>
    let grader (name: string) (weight: float) (grade: Answer -> Outcome) : Setting<RewardSpec> =
        addTerm $"grader {Show.text name}" name weight (Grader grade)

    /// <summary>So many seconds.</summary>
    let inline seconds (count: ^Number) = TimeSpan.FromSeconds(float count)

    /// <summary>Longest time a term may take for one answer. Default: 5 seconds.</summary>
    let within (time: TimeSpan) : Setting<RewardSpec> =
        Setting.make "within" (Show.span time) (fun spec -> { spec with Limit = time })
