using System;
using System.IO;
using System.Linq;
using TreeRl.Rewards;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Tasks;

public class MathDatasetsTests
{
    private static string Write(params string[] lines)
    {
        string path = TestData.FreshPath("set.jsonl");
        File.WriteAllLines(path, lines);
        return path;
    }

    [Fact]
    public void Gsm8k_gives_the_question_in_the_template_and_the_number_behind_the_hashes()
    {
        JsonlTasks tasks = MathDatasets.Gsm8k(Write("""{"question": "1+1?", "answer": "<<1+1=2>>2\n#### 1,002"}"""), PromptTemplate.Of("Q: {prompt} A:"));
        Assert.Equal(new TaskItem("set-1", "Q: 1+1? A:", "1002", ""), tasks.Item(0));
    }

    [Fact]
    public void A_Gsm8k_answer_without_a_number_names_file_and_line()
    {
        string path = Write("""{"question": "a", "answer": "#### 1"}""", """{"question": "b", "answer": "about two"}""");
        string message = Assert.Throws<InvalidDataException>(() => MathDatasets.Gsm8k(path)).Message;
        Assert.Contains(path, message);
        Assert.Contains("set-2", message);
        Assert.Contains("about two", message);
    }

    [Fact]
    public void A_Math_item_has_its_level_its_subject_or_both()
    {
        string path = Write("""{"problem": "p", "solution": "s", "answer": "\\frac12", "subject": "Algebra", "level": 3, "unique_id": "u"}""");
        Assert.Equal(new TaskItem("u", "p", "\\frac12", "3") { Subject = "Algebra" }, MathDatasets.Math(path, PromptTemplate.Plain).Item(0));
        Assert.Equal("Algebra", MathDatasets.Math(path, null, MathGrouping.Subject).Item(0).Level);
        Assert.Equal("Algebra 3", MathDatasets.Math(path, null, MathGrouping.SubjectAndLevel).Item(0).Level);
        Assert.Contains("\\boxed{}", MathDatasets.Math(path).Item(0).Prompt);
    }

    [Fact]
    public void The_published_files_are_read_whole()
    {
        JsonlTasks math = MathDatasets.Math(TestData.Path("math500_test.jsonl"), null, MathGrouping.Subject);
        Assert.Equal(500, math.Count);
        Assert.Equal(7, Enumerable.Range(0, 500).Select(i => math.Item(i).Level).Distinct().Count());
        JsonlTasks gsm = MathDatasets.Gsm8k(TestData.Path("gsm8k_test.jsonl"));
        Assert.Equal(1319, gsm.Count);
        Assert.Equal("18", gsm.Item(0).Reference);
        Assert.All(Enumerable.Range(0, 1319), i => Assert.NotNull(AnswerText.Number(gsm.Item(i).Reference)));
    }

    [Fact]
    public void A_template_needs_a_place_for_the_question_and_keeps_other_braces()
    {
        Assert.Equal("{a} q q", PromptTemplate.Of("{a} {prompt} {prompt}").Render("q"));
        Assert.Contains("{prompt}", Assert.Throws<ArgumentException>(() => PromptTemplate.Of("no slot")).Message);
        Assert.Equal("Q!", PromptTemplate.From("loud", static q => q.ToUpperInvariant() + "!").Render("q"));
    }

    [Fact]
    public void Shuffling_permutes_by_seed()
    {
        ITaskSource source = Numbers(50);
        string[] Ids(ITaskSource s) => Enumerable.Range(0, s.Count!.Value).Select(i => s.Item(i).Id).ToArray();
        string[] first = Ids(TaskOrder.Shuffle(source, Seed.Of(1)));
        Assert.Equal(first, Ids(TaskOrder.Shuffle(source, Seed.Of(1))));
        Assert.NotEqual(first, Ids(TaskOrder.Shuffle(source, Seed.Of(2))));
        Assert.NotEqual(Ids(source), first);
        Assert.Equal(Ids(source).Order(), first.Order());
        Assert.Equal(Ids(source)[..7], Ids(TaskOrder.Take(source, 7)));
        Assert.Throws<ArgumentOutOfRangeException>(() => TaskOrder.Take(source, 51));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    [InlineData(1)]
    public void A_split_is_disjoint_whole_and_of_the_asked_size(double share)
    {
        ITaskSource source = Numbers(50);
        TrainTestSplit split = TaskOrder.Split(source, share, Seed.Of(3));
        Assert.Equal((int)(share * 50), split.Test.Count);
        Assert.Equal(Ids(source).Order(), Ids(split.Train).Concat(Ids(split.Test)).Order());
    }

    [Fact]
    public void The_held_out_items_do_not_depend_on_the_order_of_the_file()
    {
        ITaskSource source = Numbers(50);
        TrainTestSplit one = TaskOrder.Split(source, 0.3, Seed.Of(3)), two = TaskOrder.Split(TaskOrder.Shuffle(source, Seed.Of(9)), 0.3, Seed.Of(3));
        Assert.Equal(Ids(one.Test).Order(), Ids(two.Test).Order());
        Assert.NotEqual(Ids(one.Test), Ids(TaskOrder.Split(source, 0.3, Seed.Of(4)).Test));
    }

    [Fact]
    public void A_template_can_be_put_over_any_source_and_only_ends_can_be_ordered()
    {
        ITaskSource chains = new ChainTasks(new ChainOptions());
        Assert.Equal("Q " + chains.Item(3).Prompt, TaskOrder.WithTemplate(chains, PromptTemplate.Of("Q {prompt}")).Item(3).Prompt);
        Assert.Throws<ArgumentException>(() => TaskOrder.Shuffle(chains, Seed.Of(1)));
    }

    private static string[] Ids(ITaskSource source) => Enumerable.Range(0, source.Count!.Value).Select(i => source.Item(i).Id).ToArray();

    private static JsonlTasks Numbers(int count) =>
        JsonlTasks.Load(Write(Enumerable.Range(0, count).Select(i => $$"""{"prompt": "p{{i}}", "reference": "{{i}}"}""").ToArray()), new JsonlFields());
}
