using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Rewards;

namespace TreeRl.Evaluation;

/// <summary>Reads the lines of an evaluation file; every field is checked and named in errors.</summary>
internal static class EvaluationLines
{
    public static PolicyEvaluation Head(JsonElement line, string place, string kind, int version)
    {
        if (ModelFile.Text(line, "kind", place) is var found && found != kind)
            throw ModelFile.Bad(place, $"\"kind\" = \"{found}\": must be \"{kind}\"; this is another sort of file");
        if (Count(line, "version", place) is var given && given != version)
            throw ModelFile.Bad(place, $"\"version\" = {given}: only version {version} can be read");
        string seed = ModelFile.Text(line, "seed", place);
        if (!ulong.TryParse(seed, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value))
            throw ModelFile.Bad(place, $"\"seed\" = \"{seed}\": must be a hexadecimal number");
        return new PolicyEvaluation
        {
            Policy = ModelFile.Text(line, "policy", place),
            Tasks = ModelFile.Text(line, "tasks", place),
            Picking = new PickSettings
            {
                Temperature = Number(line, "temperature", place),
                TopK = Count(line, "topK", place),
                TopP = Number(line, "topP", place),
                MinP = Number(line, "minP", place),
            },
            MaxTokens = Count(line, "maxTokens", place),
            Seed = new Seed(value),
            Items = [],
        };
    }

    public static ItemAnswers Item(JsonElement line, string place)
    {
        if (!line.TryGetProperty("answers", out var answers) || answers.ValueKind != JsonValueKind.Array || answers.GetArrayLength() == 0)
            throw ModelFile.Bad(place, "\"answers\" must be an array with at least one answer");
        var read = ImmutableArray.CreateBuilder<GradedAnswer>(answers.GetArrayLength());
        foreach (var answer in answers.EnumerateArray()) read.Add(Answer(answer, place));
        return new ItemAnswers
        {
            Id = ModelFile.Text(line, "id", place),
            Level = ModelFile.Text(line, "level", place),
            Subject = ModelFile.Text(line, "subject", place),
            Prompt = ModelFile.Text(line, "prompt", place),
            Reference = ModelFile.Text(line, "reference", place),
            Answers = read.MoveToImmutable(),
        };
    }

    /// <summary>A whole number that is not negative.</summary>
    public static int Count(JsonElement line, string key, string place) => ModelFile.Whole(line, key, place) switch
    {
        null => throw ModelFile.Bad(place, $"\"{key}\" is missing"),
        < 0 and var value => throw ModelFile.Bad(place, $"\"{key}\" = {value}: must not be negative"),
        { } value => value,
    };

    private static double Number(JsonElement line, string key, string place) =>
        ModelFile.Number(line, key, place) ?? throw ModelFile.Bad(place, $"\"{key}\" is missing");

    private static GradedAnswer Answer(JsonElement answer, string place)
    {
        if (answer.ValueKind != JsonValueKind.Object) throw ModelFile.Bad(place, $"an answer is {ModelFile.Raw(answer)}: must be an object");
        int member = ModelFile.Whole(answer, "class", place) ?? throw ModelFile.Bad(place, "\"class\" is missing");
        string? final = answer.TryGetProperty("final", out _) ? ModelFile.Text(answer, "final", place) : null;
        if (member < -1 || (member == -1) != (final is null))
            throw ModelFile.Bad(place, $"\"class\" = {member}: must be -1 exactly where there is no \"final\", and 0 or more elsewhere");
        var kind = Named<OutcomeKind>(answer, "outcome", place);
        string? reason = answer.TryGetProperty("reason", out _) ? ModelFile.Text(answer, "reason", place) : null;
        double score = Number(answer, "score", place);
        if (kind != OutcomeKind.Score && score != 0) throw ModelFile.Bad(place, $"\"score\" = {score}: must be 0 where the outcome is {kind}");
        return new GradedAnswer
        {
            Text = ModelFile.Text(answer, "text", place),
            Final = final,
            Class = member,
            Outcome = new Outcome(kind, score, reason),
            Tokens = Count(answer, "tokens", place),
            Finish = Named<Finish>(answer, "finish", place),
        };
    }

    private static T Named<T>(JsonElement answer, string key, string place)
        where T : struct, Enum
    {
        string name = ModelFile.Text(answer, key, place);
        foreach (T value in Enum.GetValues<T>())
            if (value.ToString() == name) return value;
        throw ModelFile.Bad(place, $"\"{key}\" = \"{name}\": must be one of {string.Join(", ", Enum.GetNames<T>())}");
    }
}
