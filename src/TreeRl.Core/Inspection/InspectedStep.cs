using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Text.Json;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Rewards;
using TreeRl.Training;

namespace TreeRl.Inspection;

/// <summary>Some trees of one step with their token columns, as JSON that reports embed.</summary>
/// <param name="Step">0-based step.</param>
/// <param name="Json">An array of objects as <see cref="TreeJson"/> writes them, one a prompt.</param>
public sealed record InspectedStep(int Step, string Json)
{
    private const string Folder = "inspection";

    /// <summary>Gathers the columns of a step that was just trained: the chosen prompts by the run's rule and by the plan's others.</summary>
    /// <param name="plan">How much is kept.</param>
    /// <param name="policy">The policy after the step's updates; its weights are read only.</param>
    /// <param name="tokenizer">Gives tokens their text.</param>
    /// <param name="outcomes">What the leaves earned.</param>
    /// <param name="credit">The run's own redistribution.</param>
    /// <param name="step">0-based step.</param>
    public static InspectedStep Of(InspectionPlan plan, IPolicy policy, ITokenizer tokenizer, LeafOutcomes outcomes, CreditResult credit, int step)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(credit);
        var (credits, failed) = Others(plan.Rules, outcomes, credit);
        var trees = new List<string>();
        foreach (int prompt in plan.Choose(credit))
            trees.Add(TreeJson.Write(tokenizer, outcomes, credits, prompt, LogProb(policy, credit.Forest.SelectPrompts([prompt])), failed));
        return new InspectedStep(step, $"[{string.Join(",\n", trees)}]");
    }

    /// <summary>A rule that the forest does not suit, such as one for rewards within 0 .. 1, is named with its reason instead of shown.</summary>
    private static (List<CreditResult> Credits, List<FailedRule> Failed) Others(ImmutableArray<CreditRule> rules, LeafOutcomes outcomes, CreditResult own)
    {
        var credits = new List<CreditResult> { own };
        var failed = new List<FailedRule>();
        foreach (var rule in rules)
        {
            if (credits.Exists(credit => credit.Rule.Name == rule.Name)) continue;
            try
            {
                credits.Add(Redistribution.Apply(rule, own.Forest, outcomes));
            }
            catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or NonFiniteException)
            {
                failed.Add(new FailedRule(rule.Name, problem.Message));
            }
        }
        return (credits, failed);
    }

    /// <summary>Log-probability of every token of a forest; NaN in leaves that the sampler pruned, which nothing is trained on.</summary>
    internal static float[] LogProb(IPolicy policy, Forest forest)
    {
        var every = Redistribution.Apply(CreditRules.DrGrpo, forest, LeafOutcomes.FromScores(new double[forest.LeafTotal]));
        var batch = Packer.Pack(every, new AggregationSettings(Aggregation.TokenMean));
        var scored = new float[batch.TargetCount];
        policy.Score(batch, scored, new float[batch.TargetCount]);
        var byToken = new float[forest.TokenTotal];
        Array.Fill(byToken, float.NaN);
        for (int t = 0; t < scored.Length; t++) byToken[batch.TargetSource[t]] = scored[t];
        return byToken;
    }

    /// <summary>Writes the step into a run's folder, <c>inspection/step-N.json</c>, aside and renamed.</summary>
    public void Save(string runFolder)
    {
        string path = PathOf(runFolder, Step);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".part", Json);
        File.Move(path + ".part", path, overwrite: true);
    }

    /// <summary>The kept steps in a run's folder before <paramref name="stepsDone"/>, ascending.</summary>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static ImmutableArray<InspectedStep> Load(string runFolder, int stepsDone)
    {
        var found = new SortedDictionary<int, InspectedStep>();
        string folder = Path.Combine(runFolder, Folder);
        if (!Directory.Exists(folder)) return [];
        foreach (string path in Directory.GetFiles(folder, "step-*.json"))
        {
            string number = Path.GetFileNameWithoutExtension(path)["step-".Length..];
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int step) || step >= stepsDone) continue;
            found[step] = new InspectedStep(step, Checked(path));
        }
        return [.. found.Values];
    }

    private static string Checked(string path)
    {
        string json = File.ReadAllText(path);
        try
        {
            using var parsed = JsonDocument.Parse(json);
            if (parsed.RootElement.ValueKind != JsonValueKind.Array) throw new JsonException("no array");
            return json;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{path}: {broken.Message} Delete the file; the report then goes without these trees.", broken);
        }
    }

    private static string PathOf(string runFolder, int step) =>
        Path.Combine(runFolder, Folder, FormattableString.Invariant($"step-{step}.json"));
}
