using System;
using System.Collections.Immutable;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Values;

namespace TreeRl.Lab;

/// <summary>
/// Estimates of the true value of every node of a forest, <c>V(n) = E[reward | the policy goes on from the end of n]</c>, and of every
/// prompt. A leaf's value is what it earned. Unknown values - past the budget, or without a scored continuation - are NaN.
/// </summary>
[Notebooks.TypeFormatterSource(typeof(Notebooks.HtmlFormatterSource))]
public sealed class NodeTruth
{
    private readonly ImmutableArray<int> placeOfNode; // node -> place whose draws it uses, -1 for leaves

    internal NodeTruth(Forest forest, ValuePlaces places, ImmutableArray<PlaceValue> done, double[] leafValue)
    {
        Forest = forest;
        PlaceCount = places.Count;
        PlacesDone = done.Length;
        Tokens = done.Sum(place => place.Tokens);
        placeOfNode = places.OfNode;
        double[] value = new double[forest.NodeCount], variance = new double[forest.NodeCount];
        for (int n = 0; n < value.Length; n++)
        {
            if (forest.IsLeaf(n)) (value[n], variance[n]) = (leafValue[forest.FirstLeaf[n]], 0);
            else (value[n], variance[n]) = Of(places.OfNode[n]);
        }
        double[] promptValue = new double[forest.PromptCount], promptVariance = new double[forest.PromptCount];
        for (int p = 0; p < promptValue.Length; p++) (promptValue[p], promptVariance[p]) = Of(places.OfPrompt[p]);
        NodeValue = [.. value];
        NodeVariance = [.. variance];
        PromptValue = [.. promptValue];
        PromptVariance = [.. promptVariance];

        (double, double) Of(int place) => place < done.Length ? (done[place].Value, done[place].Variance) : (double.NaN, double.NaN);
    }

    /// <summary>The forest.</summary>
    public Forest Forest { get; }

    /// <summary>Node -> estimated value; NaN where unknown. Length N.</summary>
    public ImmutableArray<double> NodeValue { get; }

    /// <summary>
    /// Node -> squared standard error of its value, <c>s^2 / K</c> with the sample variance s^2 (n-1) of its K scored continuations; 0 for a
    /// leaf, NaN where unknown. An unbiased estimate: where all K earned the same it is 0 although the value is not exact. Length N.
    /// </summary>
    public ImmutableArray<double> NodeVariance { get; }

    /// <summary>Prompt -> estimated value of the question; NaN where unknown. Length P.</summary>
    public ImmutableArray<double> PromptValue { get; }

    /// <summary>Prompt -> squared standard error, as <see cref="NodeVariance"/>. Length P.</summary>
    public ImmutableArray<double> PromptVariance { get; }

    /// <summary>Places that are to be sampled: prompts and inner nodes, those with equal paths once.</summary>
    public int PlaceCount { get; }

    /// <summary>Places that were.</summary>
    public int PlacesDone { get; }

    /// <summary>Whether all places were sampled.</summary>
    public bool Complete => PlacesDone == PlaceCount;

    /// <summary>Fresh tokens drawn, over all calls.</summary>
    public long Tokens { get; }

    /// <summary>Standard error of a node's value.</summary>
    public double NodeStandardError(int node) => Math.Sqrt(NodeVariance[node]);

    /// <summary>The true advantage of a node, <c>V(n) - V(parent)</c>, the prompt being the parent of its roots; NaN where a value is unknown.</summary>
    public double Advantage(int node) => NodeValue[node] - (Forest.Parent[node] is >= 0 and var parent ? NodeValue[parent] : PromptValue[Forest.PromptOf[node]]);

    /// <summary>
    /// Variance of <see cref="Advantage"/>'s error. A node's draws and its parent's are independent, so it is the sum of theirs.
    /// </summary>
    public double AdvantageVariance(int node) => NodeVariance[node] + (Forest.Parent[node] is >= 0 and var parent ? NodeVariance[parent] : PromptVariance[Forest.PromptOf[node]]);

    /// <summary>Counts, and how exact the values are.</summary>
    public override string ToString()
    {
        double sum = 0;
        int known = 0;
        for (int n = 0; n < Forest.NodeCount; n++)
        {
            if (placeOfNode[n] < 0 || double.IsNaN(NodeVariance[n])) continue;
            sum += NodeVariance[n];
            known++;
        }
        string error = known == 0 ? "" : FormattableString.Invariant($", root mean square standard error {Math.Sqrt(sum / known):0.000}");
        return FormattableString.Invariant($"truth: {PlacesDone} of {Counted.Of(PlaceCount, "place")}{(Complete ? "" : " (budget spent)")}, {Counted.Grouped(Tokens, "fresh token")}{error}");
    }
}
