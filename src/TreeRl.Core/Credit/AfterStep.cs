using System;
using System.Globalization;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// A step on token advantages after the terms were summed. Only trained tokens take part. With spread Path the advantage is one number a
/// leaf and stands for every token of its path; with spread Segment it is one number a token.
/// </summary>
public abstract record AfterStep
{
    private protected AfterStep()
    {
    }

    /// <summary>
    /// (a - mean) / sqrt(var + epsilon) over the trained tokens of the batch, var with n-1 (REINFORCE++, and TreePO's global
    /// normalisation). With the training unit <see cref="TrainingUnit.PathDuplicated"/> a token shared by k trained leaves counts k times;
    /// otherwise once. Equal advantages, or fewer than two tokens, give exact zeros. It re-centres: a prompt without spread of its own gets
    /// a common non-zero advantage unless a <see cref="PruneRule"/> leaves it out.
    /// </summary>
    public static AfterStep Whiten(double epsilon = 1e-8) => new WhitenStep(epsilon);

    /// <summary>Limits advantages to the range [-<paramref name="limit"/>, limit].</summary>
    public static AfterStep Clip(double limit) => new ClipStep(limit);

    /// <summary>A function of your own on tokens; needs spread Segment.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="step">Forest and token advantages (length T, 0 where a token is not trained) to token advantages.</param>
    public static AfterStep Tokens(string name, Func<Forest, double[], double[]> step) => new TokenStep(name, step);

    /// <summary>A function of your own on leaves; needs spread Path.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="step">Forest and leaf advantages (length L, 0 where a leaf is not trained) to leaf advantages.</param>
    public static AfterStep Leaves(string name, Func<Forest, double[], double[]> step) => new LeafStep(name, step);

    /// <summary>The words that make this step.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    /// <summary>Changes <paramref name="advantage"/> in place; entry i is trained where <paramref name="weight"/>[i] > 0, and counts that often.</summary>
    internal abstract void Apply(Forest forest, double[] advantage, double[] weight);

    internal abstract void Validate(CreditSpread spread);
}

internal sealed record WhitenStep(double Epsilon) : AfterStep
{
    public override string Words => string.Create(CultureInfo.InvariantCulture, $"whiten {Epsilon}");

    internal override void Validate(CreditSpread spread) =>
        Guard.That(double.IsFinite(Epsilon) && Epsilon >= 0, $"{Words}: epsilon must be finite and not negative", "after");

    internal override void Apply(Forest forest, double[] advantage, double[] weight)
    {
        double count = 0, sum = 0, min = double.PositiveInfinity, max = double.NegativeInfinity;
        for (int i = 0; i < advantage.Length; i++)
        {
            if (weight[i] == 0) continue;
            count += weight[i];
            sum += weight[i] * advantage[i];
            min = Math.Min(min, advantage[i]);
            max = Math.Max(max, advantage[i]);
        }
        bool flat = count < 2 || max - min <= GroupStats.Rounding * Math.Max(Math.Abs(min), Math.Abs(max));
        double mean = sum / count, squares = 0;
        for (int i = 0; i < advantage.Length && !flat; i++) squares += weight[i] * (advantage[i] - mean) * (advantage[i] - mean);
        double scale = flat ? 0 : 1 / Math.Sqrt(squares / (count - 1) + Epsilon);
        for (int i = 0; i < advantage.Length; i++)
        {
            if (weight[i] != 0) advantage[i] = flat ? 0 : (advantage[i] - mean) * scale;
        }
    }
}

internal sealed record ClipStep(double Limit) : AfterStep
{
    public override string Words => string.Create(CultureInfo.InvariantCulture, $"clip {Limit}");

    internal override void Validate(CreditSpread spread) => Guard.That(Limit > 0, $"{Words}: the limit must be positive", "after");

    internal override void Apply(Forest forest, double[] advantage, double[] weight)
    {
        for (int i = 0; i < advantage.Length; i++) advantage[i] = Math.Clamp(advantage[i], -Limit, Limit);
    }
}

internal sealed record TokenStep(string Name, Func<Forest, double[], double[]> Function) : AfterStep
{
    public override string Words => $"customTokens \"{Name}\"";

    internal override void Validate(CreditSpread spread) =>
        Guard.That(spread == CreditSpread.Segment, $"{Words}: with spread Path a shared token has one advantage for each path: use spread Segment, or AfterStep.Leaves", "after");

    internal override void Apply(Forest forest, double[] advantage, double[] weight) => UserCode.Replace(Words, ColumnOf.Tokens, Function, forest, advantage, weight);
}

internal sealed record LeafStep(string Name, Func<Forest, double[], double[]> Function) : AfterStep
{
    public override string Words => $"customLeafAdvantages \"{Name}\"";

    internal override void Validate(CreditSpread spread) =>
        Guard.That(spread == CreditSpread.Path, $"{Words}: with spread Segment advantages belong to tokens: use spread Path, or AfterStep.Tokens", "after");

    internal override void Apply(Forest forest, double[] advantage, double[] weight) => UserCode.Replace(Words, ColumnOf.Leaves, Function, forest, advantage, weight);
}
