using System;
using System.IO;
using System.Linq;
using TreeRl.Rewards;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Tasks;

public class JsonlTasksTests
{
    private static readonly JsonlFields All = new() { Id = "id", Level = "level" };

    private static string Write(string text)
    {
        string path = TestData.FreshPath("set.jsonl");
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void Fields_are_mapped_and_numbers_are_taken_as_written()
    {
        var tasks = JsonlTasks.Load(Write("""
            {"id": 7, "prompt": "1+1?", "reference": 2.50, "level": "easy", "more": [1]}

            {"id": "b", "prompt": "\u00e9\n", "reference": "x", "level": 3}
            """), All);
        Assert.Equal(2, tasks.Count);
        Assert.Equal("set", tasks.Name);
        Assert.Equal(new TaskItem("7", "1+1?", "2.50", "easy"), tasks.Item(0));
        Assert.Equal(new TaskItem("b", "é\n", "x", "3"), tasks.Item(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tasks.Item(2));
    }

    [Fact]
    public void Items_without_ids_are_numbered_by_line()
    {
        var tasks = JsonlTasks.Load(Write("\uFEFF{\"prompt\": \"a\"}\r\n\r\n{\"prompt\": \"b\"}"), new JsonlFields { Reference = null });
        Assert.Equal([new TaskItem("set-1", "a", "", ""), new TaskItem("set-3", "b", "", "")], [tasks.Item(0), tasks.Item(1)]);
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\", \"reference\": \"1\"", "no JSON")]
    [InlineData("[1]", "must be an object")]
    [InlineData("{\"reference\": \"1\"}", "\"prompt\" is missing")]
    [InlineData("{\"prompt\": \"a\"}", "\"reference\" is missing")]
    [InlineData("{\"prompt\": \"\", \"reference\": \"1\"}", "\"prompt\" is empty")]
    [InlineData("{\"prompt\": 3, \"reference\": \"1\"}", "\"prompt\" = 3")]
    [InlineData("{\"prompt\": \"a\", \"reference\": null}", "\"reference\" = null")]
    [InlineData("{\"prompt\": \"\\udc00\", \"reference\": \"1\"}", "surrogate")]
    public void A_line_that_does_not_fit_is_named_by_file_and_number(string line, string says)
    {
        string path = Write($"{{\"prompt\": \"a\", \"reference\": \"1\"}}\n\n{line}\n");
        string message = Assert.Throws<InvalidDataException>(() => JsonlTasks.Load(path, new JsonlFields())).Message;
        Assert.StartsWith($"{path}:3: ", message);
        Assert.Contains(says, message);
    }

    [Fact]
    public void An_id_that_is_taken_and_an_empty_file_are_refused()
    {
        string twice = "{\"id\": 1, \"prompt\": \"a\", \"reference\": \"1\", \"level\": 1}\n";
        Assert.Contains("taken by line 1", Assert.Throws<InvalidDataException>(() => JsonlTasks.Load(Write(twice + twice), All)).Message);
        Assert.Contains("no items", Assert.Throws<InvalidDataException>(() => JsonlTasks.Load(Write("\n \n"), All)).Message);
    }

    [Fact]
    public void Items_can_be_put_into_a_template()
    {
        var tasks = JsonlTasks.Load(Write("{\"prompt\": \"1+1\", \"reference\": \"2\"}"), new JsonlFields());
        Assert.Equal("Q: 1+1\nA:", tasks.Map(item => item with { Prompt = $"Q: {item.Prompt}\nA:" }).Item(0).Prompt);
    }

    [Fact]
    public void Every_reference_of_Gsm8k_is_a_number_that_its_own_solution_answers()
    {
        var tasks = JsonlTasks.Load(TestData.Path("gsm8k_test.jsonl"), JsonlFields.Gsm8k);
        Assert.Equal(1319, tasks.Count);
        for (int i = 0; i < tasks.Count; i++)
        {
            var item = tasks.Item(i);
            Assert.Equal(Outcome.Score(1), Graders.Correct(new Answer { Text = item.Reference, Reference = item.Reference }));
            Assert.Equal(Outcome.Score(0), Graders.Correct(new Answer { Text = item.Reference + "1", Reference = item.Reference }));
        }
    }

    [Fact]
    public void Math_500_is_read_with_levels_and_ids()
    {
        var tasks = JsonlTasks.Load(TestData.Path("math500_test.jsonl"), JsonlFields.Math);
        Assert.Equal(500, tasks.Count);
        Assert.Equal(["1", "2", "3", "4", "5"], Enumerable.Range(0, 500).Select(i => tasks.Item(i).Level).Distinct().Order());
        Assert.Equal("test/precalculus/807.json", tasks.Item(0).Id);
    }
}
