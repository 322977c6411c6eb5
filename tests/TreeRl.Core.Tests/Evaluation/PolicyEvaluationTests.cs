using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using TreeRl.Evaluation;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Evaluation;

public class PolicyEvaluationTests
{
    /// <summary>An item whose answers are written as "final*" (right), "final" (wrong) and "" (no final answer).</summary>
    private static ItemAnswers Item(string id, string level, string subject, params string[] answers)
    {
        string?[] finals = [.. answers.Select(a => a.Length == 0 ? null : a.TrimEnd('*'))];
        int[] classes = AnswerClasses.Of(finals);
        return new ItemAnswers
        {
            Id = id,
            Level = level,
            Subject = subject,
            Prompt = $"question {id}\n\"Grüße\" 😀",
            Reference = "5",
            Answers = [.. answers.Select((a, i) => new GradedAnswer
            {
                Text = $"text of {a}",
                Final = finals[i],
                Class = classes[i],
                Outcome = Outcome.Score(a.EndsWith('*') ? 1 : 0),
                Tokens = i + 1,
            })],
        };
    }

    private static PolicyEvaluation Sample(string name = "mine") => new()
    {
        Policy = name,
        Tasks = "numbers",
        MaxTokens = 7,
        Seed = Seed.Of(3),
        Items =
        [
            Item("a", "2", "algebra", "5*", "5.0*", "4", ""),
            Item("b", "10", "geometry", "1/2", "0.5", "5*", "3"),
            Item("c", "2", "geometry", "", "", "", "7"),
        ],
    };

    [Fact]
    public void Metrics_are_means_over_items_of_hand_computed_numbers()
    {
        var evaluation = Sample();
        Assert.Equal((0.5 + 0.25 + 0) / 3, evaluation.Measure(Metric.Accuracy).Mean, 1e-12);
        Assert.Equal((0.5 + 0.25 + 0) / 3, evaluation.Measure(Metric.Avg).Mean, 1e-12);
        Assert.Equal((5.0 / 6 + 0.5 + 0) / 3, evaluation.Measure(Metric.Pass(2)).Mean, 1e-12);
        Assert.Equal((1 + 0 + 0) / 3.0, evaluation.Measure(Metric.Maj(4)).Mean, 1e-12); // b: 1/2 and 0.5 are one class of two
        Assert.Equal(2.5, evaluation.Measure(Metric.Tokens).Mean, 1e-12);
        Assert.Equal(4, evaluation.Silent);
        Assert.Contains("maj@5 needs 5 answers", Assert.Throws<ArgumentException>(() => evaluation.Measure(Metric.Maj(5))).Message);
    }

    [Fact]
    public void Answers_vote_by_meaning_and_not_by_text()
    {
        Assert.Equal([0, 0, 1, -1, 0, 2], AnswerClasses.Of(["1/2", "0.5", "3", null, "\\frac{1}{2}", "x+1"]));
        Assert.Equal([0, 1], AnswerClasses.Of(["1/2", "0.5"], static (_, _) => false));
    }

    [Fact]
    public void Groups_come_in_natural_order_and_hold_every_item_once()
    {
        Assert.Equal(["2", "10"], Sample().ByLevel().Select(g => g.Name));
        Assert.Equal(["algebra", "geometry"], Sample().BySubject().Select(g => g.Name));
        Assert.Equal([2, 1], Sample().ByLevel().Select(g => g.Evaluation.Items.Length));
        Assert.Equal(0.25, Sample().ByLevel()[0].Evaluation.Measure(Metric.Accuracy).Mean, 1e-12);
    }

    [Fact]
    public void A_file_gives_back_the_evaluation_and_its_bytes()
    {
        var failing = Item("d", "", "", "1", "2", "3", "4");
        failing = failing with { Answers = failing.Answers.SetItem(0, failing.Answers[0] with { Outcome = Outcome.TimedOut("slow") }) };
        var written = Sample() with { Items = Sample().Items.Add(failing) };
        string path = TestData.FreshPath("deeper/evaluation.jsonl"), again = TestData.FreshPath("again.jsonl");
        EvaluationFile.Write(path, written);
        var read = EvaluationFile.Read(path);
        EvaluationFile.Write(again, read);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(again));
        Assert.Equal(5, File.ReadAllLines(path).Length);
        Assert.Equal(written.ToString(), read.ToString());
        Assert.Equal(1, read.Ungraded);
        Assert.Equal(written.Items[1].Prompt, read.Items[1].Prompt);
        Assert.Equal(written.Items[3].Answers, read.Items[3].Answers);
        Assert.Equal(written with { Items = [] }, read with { Items = [] });
    }

    [Fact]
    public void A_damaged_file_is_named_with_its_line_and_field()
    {
        string path = TestData.FreshPath("evaluation.jsonl");
        EvaluationFile.Write(path, Sample());
        string[] lines = File.ReadAllLines(path);
        string Message(params string[] changed)
        {
            File.WriteAllLines(path, changed);
            return Assert.Throws<InvalidDataException>(() => EvaluationFile.Read(path)).Message;
        }
        Assert.Contains("2 items of the 3", Message(lines[..3]));
        Assert.Contains(":3: \"class\"", Message(lines[0], lines[1], lines[2].Replace("\"class\":0", "\"class\":-1", StringComparison.Ordinal), lines[3]));
        Assert.Contains(":2: \"finish\" = \"Sometime\"", Message(lines[0], lines[1].Replace("EndOfText", "Sometime", StringComparison.Ordinal), lines[2], lines[3]));
        Assert.Contains("taken by an earlier line", Message(lines[0], lines[1], lines[1], lines[3]));
        Assert.Contains("must be \"treerl evaluation\"", Message(lines[0].Replace("treerl evaluation", "diary", StringComparison.Ordinal)));
        Assert.Contains("no JSON", Message(lines[0], lines[1][..40], lines[2], lines[3]));
    }

    [Fact]
    public void A_comparison_pairs_items_by_id()
    {
        var first = Sample("first");
        ItemAnswers[] better = [Item("c", "2", "geometry", "5*", "5*", "", "7"), Item("a", "2", "algebra", "5*", "5.0*", "4", ""), Item("b", "10", "geometry", "5*", "1", "5*", "5*")];
        var compared = PolicyComparison.Of(first, Sample("second") with { Items = [.. better] }, Metric.Accuracy);
        Assert.Equal(["a", "b", "c"], compared.Items.Select(i => i.Id));
        Assert.Equal([0, 0.5, 0.5], compared.Items.Select(i => i.Difference));
        Assert.Equal(1.0 / 3, compared.Difference.Mean, 1e-12);
        Assert.Equal((2, 0, 1), (compared.Better, compared.Worse, compared.Equal));
        Assert.Equal(0.5, compared.SignP, 1e-12);
        Assert.Equal(new PairedP(0.5, true), compared.Permutation);
        Assert.Contains("second minus first 0.333", compared.ToString());
    }

    [Fact]
    public void Other_items_or_questions_cannot_be_compared()
    {
        var first = Sample();
        Assert.Contains("3 items", Assert.Throws<ArgumentException>(() => PolicyComparison.Of(first, first with { Items = first.Items[..2] }, Metric.Accuracy)).Message);
        var renamed = first with { Items = first.Items.SetItem(0, first.Items[0] with { Id = "z" }) };
        Assert.Contains("'a'", Assert.Throws<ArgumentException>(() => PolicyComparison.Of(first, renamed, Metric.Accuracy)).Message);
        var asked = first with { Items = first.Items.SetItem(0, first.Items[0] with { Prompt = "?" }) };
        Assert.Contains("another question", Assert.Throws<ArgumentException>(() => PolicyComparison.Of(first, asked, Metric.Accuracy)).Message);
    }

    [Fact]
    public void A_policy_is_measured_the_same_twice_and_its_first_items_do_not_depend_on_how_many_there_are()
    {
        var tokenizer = ChainTasks.NewTokenizer();
        var policy = FakePolicy.Scrambled(tokenizer.VocabSize);
        var tasks = new ChainTasks(new ChainOptions { MinSteps = 1, MaxSteps = 2 });
        var plan = new MeasurePlan { Items = 4, AnswersPerItem = 3, MaxTokens = 9, Grader = Graders.When(static a => a.Text.Contains('1')) };
        var evaluation = PolicyMeasure.Run(policy, "fake", tokenizer, tasks, plan, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, evaluation.Items.Length);
        Assert.All(evaluation.Items, item => Assert.Equal(3, item.Answers.Length));
        Assert.All(evaluation.Items.SelectMany(i => i.Answers), a => Assert.Equal(a.Text.Contains('1'), a.IsRight));
        Assert.Equal(tasks.Item(2).Prompt, evaluation.Items[2].Prompt);
        var fewer = PolicyMeasure.Run(policy, "fake", tokenizer, tasks, plan with { Items = 2 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(evaluation.Items[1].Answers.Select(a => a.Text), fewer.Items[1].Answers.Select(a => a.Text));
    }

    [Fact]
    public void A_greedy_measure_has_one_answer_an_item()
    {
        var plan = new MeasurePlan { Picking = new PickSettings { Temperature = 0 } };
        Assert.Contains("temperature 0", Assert.Throws<ArgumentOutOfRangeException>(() => plan.Validated()).Message);
        Assert.Equal(1, (plan with { AnswersPerItem = 1 }).Validated().AnswersPerItem);
    }
}
