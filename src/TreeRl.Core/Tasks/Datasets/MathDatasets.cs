using System;
using System.IO;
using TreeRl.Rewards;

namespace TreeRl.Tasks;

/// <summary>What the level of a MATH item says, and so what reports group by.</summary>
public enum MathGrouping : byte
{
    /// <summary>The difficulty, 1 to 5.</summary>
    Level = 0,

    /// <summary>The subject, for instance Algebra.</summary>
    Subject,

    /// <summary>Both, for instance <c>Algebra 3</c>.</summary>
    SubjectAndLevel,
}

/// <summary>The published question sets GSM8K and MATH, read from their files of JSON lines.</summary>
public static class MathDatasets
{
    /// <summary>
    /// GSM8K (arXiv 2110.14168): the question, put into the template; the reference is the number behind <c>####</c> of the answer. Ids are
    /// numbered by line.
    /// </summary>
    /// <param name="path">The file; each line has <c>question</c> and <c>answer</c>.</param>
    /// <param name="template">Null for <see cref="PromptTemplate.Hashes"/>.</param>
    /// <exception cref="InvalidDataException">A line does not fit, or an answer has no <c>####</c> with a number; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static JsonlTasks Gsm8k(string path, PromptTemplate? template = null)
    {
        PromptTemplate prompts = template ?? PromptTemplate.Hashes;
        return JsonlTasks.Load(path, JsonlFields.Gsm8k).Map(item =>
        {
            string? key = AnswerText.AfterHash(item.Reference) is { } ending ? AnswerText.Number(ending) : null;
            if (key is null) throw new InvalidDataException($"{path}: item {item.Id}: the answer does not end in \"#### number\"; its end is \"{Tail(item.Reference)}\"");
            return item with { Prompt = prompts.Render(item.Prompt), Reference = key };
        });
    }

    /// <summary>MATH and MATH-500 (arXiv 2103.03874, 2305.20050): the problem, put into the template; the reference is the answer field, in LaTeX.</summary>
    /// <param name="path">The file; each line has <c>problem</c>, <c>answer</c>, <c>subject</c>, <c>level</c> and <c>unique_id</c>.</param>
    /// <param name="template">Null for <see cref="PromptTemplate.Boxed"/>.</param>
    /// <param name="grouping">What goes into the items' level.</param>
    /// <exception cref="InvalidDataException">A line does not fit; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static JsonlTasks Math(string path, PromptTemplate? template = null, MathGrouping grouping = MathGrouping.Level)
    {
        PromptTemplate prompts = template ?? PromptTemplate.Boxed;
        return JsonlTasks.Load(path, JsonlFields.Math with { Subject = "subject" }).Map(item => item with
        {
            Prompt = prompts.Render(item.Prompt),
            Level = grouping switch
            {
                MathGrouping.Subject => item.Subject,
                MathGrouping.SubjectAndLevel => $"{item.Subject} {item.Level}",
                _ => item.Level,
            },
        });
    }

    private static string Tail(string text) => text.Length <= 40 ? text : text[^40..];
}
