using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Rewards;

namespace TreeRl.Inspection;

/// <summary>
/// Writes the trees of one prompt as a JSON object of columns, which the tree inspector of the reports reads. With N nodes, L leaves and T
/// tokens of the prompt, numbers to four significant digits, null for NaN and 0 for sizes
/// below 1e-12, which are what means of equal numbers leave by rounding:
/// <code>
/// id, prompt, reference     texts
/// vocab                     [token id, text] of every token that occurs
/// parent, count             node -> parent in this list (-1 for a root), number of tokens                    N
/// tokens                    token -> index into vocab                                                        T
/// entropy, logProb          token -> nats, as sampled                                                        T
/// logProbAfter              token -> nats under the policy after the step's updates; absent when not scored  T
/// terms                     names of the reward terms
/// outcomes                  leaf -> finish, score (absent without one), text, terms (score or null by term)  L
/// rules                     name, signal (whether anything in the prompt has an advantage), value            N
///                           trained (0 or 1), N; advantage, N, or T when byToken
/// failed                    name and reason of each rule that could not be applied
/// </code>
/// </summary>
public static class TreeJson
{
    private const double Rounding = 1e-12;

    /// <summary>The object of one prompt.</summary>
    /// <param name="tokenizer">Gives tokens their text.</param>
    /// <param name="outcomes">What the forest's leaves earned.</param>
    /// <param name="credits">The redistributions to show, all of the same forest; at least one.</param>
    /// <param name="prompt">Index of the prompt in that forest.</param>
    /// <param name="logProbAfter">The prompt's T tokens' log-probabilities after the update, NaN for none; null when nothing was scored.</param>
    /// <param name="failed">Rules that could not be applied, with the reason.</param>
    /// <exception cref="ArgumentException">The credits are none or of different forests, there is no such prompt, or a column has another length.</exception>
    public static string Write(ITokenizer tokenizer, LeafOutcomes outcomes, IReadOnlyList<CreditResult> credits, int prompt, float[]? logProbAfter = null, IReadOnlyList<FailedRule>? failed = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentNullException.ThrowIfNull(credits);
        Guard.That(credits.Count > 0, "credits = []: at least one redistribution is needed to know the forest", nameof(credits));
        var forest = credits[0].Forest;
        Guard.That(credits.All(credit => ReferenceEquals(credit.Forest, forest)), "the redistributions are of different forests: apply every rule to the same graded forest", nameof(credits));
        Guard.SameLength(outcomes.LeafCount, forest.LeafTotal, "one outcome for each leaf");
        Guard.InRange((uint)prompt < (uint)forest.PromptCount, prompt, $"must be a prompt, 0 .. {forest.PromptCount - 1}");
        var part = new Part(forest, prompt);
        if (logProbAfter is not null) Guard.SameLength(logProbAfter.Length, part.Tokens, "one log-probability for each token of the prompt");
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            Head(json, forest, prompt);
            Shape(json, forest, part, tokenizer);
            Column(json, "entropy", part.Tokens, t => forest.Entropy[part.FirstToken + t]);
            Column(json, "logProb", part.Tokens, t => forest.LogProb[part.FirstToken + t]);
            if (logProbAfter is not null) Column(json, "logProbAfter", part.Tokens, t => logProbAfter[t]);
            Outcomes(json, forest, part, outcomes);
            json.WriteStartArray("rules");
            foreach (var credit in credits) Rule(json, credit, part, prompt);
            json.WriteEndArray();
            Failures(json, failed ?? []);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(memory.ToArray());
    }

    /// <summary>The ranges of one prompt in its forest.</summary>
    private readonly record struct Part(int FirstNode, int Nodes, int FirstToken, int Tokens)
    {
        public Part(Forest forest, int prompt)
            : this(forest.FirstNodeOfPrompt[prompt], forest.FirstNodeOfPrompt[prompt + 1] - forest.FirstNodeOfPrompt[prompt], forest.FirstToken[forest.FirstNodeOfPrompt[prompt]], 0)
        {
            int last = FirstNode + Nodes - 1;
            Tokens = forest.FirstToken[last] + forest.TokenCount[last] - FirstToken;
        }
    }

    private static void Head(Utf8JsonWriter json, Forest forest, int prompt)
    {
        json.WriteString("id", forest.Prompts[prompt].Id);
        json.WriteString("prompt", forest.Prompts[prompt].Text);
        json.WriteString("reference", forest.Prompts[prompt].Reference);
    }

    private static void Shape(Utf8JsonWriter json, Forest forest, Part part, ITokenizer tokenizer)
    {
        var places = new Dictionary<int, int>();
        var tokens = new int[part.Tokens];
        json.WriteStartArray("vocab");
        for (int t = 0; t < tokens.Length; t++)
        {
            int id = forest.TokenId[part.FirstToken + t];
            if (!places.TryGetValue(id, out tokens[t]))
            {
                tokens[t] = places[id] = places.Count;
                json.WriteStartArray();
                json.WriteNumberValue(id);
                json.WriteStringValue(tokenizer.Piece(id));
                json.WriteEndArray();
            }
        }
        json.WriteEndArray();
        Whole(json, "parent", part.Nodes, n => forest.Parent[part.FirstNode + n] < 0 ? -1 : forest.Parent[part.FirstNode + n] - part.FirstNode);
        Whole(json, "count", part.Nodes, n => forest.TokenCount[part.FirstNode + n]);
        Whole(json, "tokens", part.Tokens, t => tokens[t]);
    }

    private static void Outcomes(Utf8JsonWriter json, Forest forest, Part part, LeafOutcomes outcomes)
    {
        json.WriteStartArray("terms");
        foreach (string term in outcomes.TermNames) json.WriteStringValue(term);
        json.WriteEndArray();
        json.WriteStartArray("outcomes");
        for (int n = part.FirstNode; n < part.FirstNode + part.Nodes; n++)
        {
            if (!forest.IsLeaf(n)) continue;
            int leaf = forest.FirstLeaf[n];
            var total = outcomes.Total[leaf];
            json.WriteStartObject();
            json.WriteString("finish", forest.Finish[n].ToString());
            if (total.HasScore) Number(json, "score", total.Value);
            json.WriteString("text", total.ToString());
            json.WriteStartArray("terms");
            for (int term = 0; term < outcomes.TermNames.Length; term++)
                Value(json, outcomes.Term(term, leaf) is { HasScore: true, Value: var score } ? score : double.NaN);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Rule(Utf8JsonWriter json, CreditResult credit, Part part, int prompt)
    {
        bool byToken = credit.TokenAdvantage.Length > 0 && !IsConstantByNode(credit, part);
        json.WriteStartObject();
        json.WriteString("name", credit.Rule.Name);
        json.WriteBoolean("signal", !credit.PromptWithoutSignal[prompt]);
        Column(json, "value", part.Nodes, n => credit.NodeValue[part.FirstNode + n]);
        Whole(json, "trained", part.Nodes, n => credit.NodeTrained[part.FirstNode + n] ? 1 : 0);
        json.WriteBoolean("byToken", byToken);
        if (byToken) Column(json, "advantage", part.Tokens, t => credit.TokenAdvantage[part.FirstToken + t]);
        else Column(json, "advantage", part.Nodes, n => OfNode(credit, part.FirstNode + n));
        json.WriteEndObject();
    }

    private static bool IsConstantByNode(CreditResult credit, Part part)
    {
        var forest = credit.Forest;
        for (int n = part.FirstNode; n < part.FirstNode + part.Nodes; n++)
        {
            var own = credit.TokenAdvantage.AsSpan(forest.FirstToken[n], forest.TokenCount[n]);
            foreach (double advantage in own)
                if (advantage != own[0]) return false;
        }
        return true;
    }

    /// <summary>Final advantage of a node's tokens; with spread Path the mean over the trained leaves below it, which share the node. NaN when not trained.</summary>
    private static double OfNode(CreditResult credit, int node)
    {
        var forest = credit.Forest;
        if (!credit.NodeTrained[node]) return double.NaN;
        if (credit.TokenAdvantage.Length > 0) return credit.TokenAdvantage[forest.FirstToken[node]];
        double sum = 0;
        int count = 0;
        for (int leaf = forest.FirstLeaf[node]; leaf < forest.FirstLeaf[node] + forest.LeafCount[node]; leaf++)
        {
            if (!credit.LeafTrained[leaf]) continue;
            sum += credit.LeafAdvantage[leaf];
            count++;
        }
        return count == 0 ? double.NaN : sum / count;
    }

    private static void Failures(Utf8JsonWriter json, IReadOnlyList<FailedRule> failed)
    {
        json.WriteStartArray("failed");
        foreach (var rule in failed)
        {
            json.WriteStartObject();
            json.WriteString("name", rule.Name);
            json.WriteString("reason", rule.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Whole(Utf8JsonWriter json, string name, int count, Func<int, int> value)
    {
        json.WriteStartArray(name);
        for (int i = 0; i < count; i++) json.WriteNumberValue(value(i));
        json.WriteEndArray();
    }

    private static void Column(Utf8JsonWriter json, string name, int count, Func<int, double> value)
    {
        json.WriteStartArray(name);
        for (int i = 0; i < count; i++) Value(json, value(i));
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        Value(json, value);
    }

    private static void Value(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteRawValue(Math.Abs(value) < Rounding ? "0" : value.ToString("G4", CultureInfo.InvariantCulture), skipInputValidation: true);
        else json.WriteNullValue();
    }
}

/// <summary>A rule that could not be applied to a forest.</summary>
/// <param name="Name">The rule.</param>
/// <param name="Reason">Why.</param>
public sealed record FailedRule(string Name, string Reason);
