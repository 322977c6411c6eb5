using System;
using TreeRl.Forests;

namespace TreeRl.Credit;

/// <summary>
/// One step from rewards R to leaf scores x. Steps run in sequence; leaves without a score take part in none. In every step a group of
/// one follows the rule's <see cref="SingletonRule"/>, and a group whose values are equal up to rounding gives exact zeros.
/// </summary>
public abstract record LeafTransform
{
    private protected LeafTransform()
    {
    }

    /// <summary>x - mean of the scope.</summary>
    public static LeafTransform Centre(CreditScope scope) => new CentreLeaves(scope);

    /// <summary>x / (deviation of the scope + epsilon).</summary>
    public static LeafTransform Scale(CreditScope scope, StdRule std) => new ScaleLeaves(scope, std);

    /// <summary>x - mean of the scope's other leaves = n/(n-1) (x - mean).</summary>
    public static LeafTransform LeaveOneOut(CreditScope scope) => new LeaveOneOutLeaves(scope);

    /// <summary>A function of your own.</summary>
    /// <param name="name">Names it in prints and errors.</param>
    /// <param name="transform">Forest and leaf scores (length L, NaN where a leaf has none) to new leaf scores, finite wherever the old ones are.</param>
    public static LeafTransform Custom(string name, Func<Forest, double[], double[]> transform) => new CustomLeaves(name, transform);

    /// <summary>The words that make this step.</summary>
    public abstract string Words { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Words;

    internal abstract void Apply(CreditWork work);

    internal virtual void Validate()
    {
    }
}

/// <summary>See <see cref="LeafTransform.Centre"/>.</summary>
public sealed record CentreLeaves(CreditScope Scope) : LeafTransform
{
    /// <inheritdoc/>
    public override string Words => $"centre {Scope}";

    internal override void Apply(CreditWork work) => work.MapLeafGroups(Scope, (x, group) =>
        group.Count == 1 ? work.Singleton(x) : group.HasSpread ? x - group.Mean : 0);
}

/// <summary>See <see cref="LeafTransform.Scale"/>.</summary>
public sealed record ScaleLeaves(CreditScope Scope, StdRule Std) : LeafTransform
{
    /// <inheritdoc/>
    public override string Words => $"scale {Scope} {Std}";

    internal override void Apply(CreditWork work) => work.MapLeafGroups(Scope, (x, group) =>
        group.Count == 1 ? work.Singleton(x) / (1 + Std.Epsilon) : group.HasSpread ? x / group.Divisor(Std) : 0, group => 1 / group.Divisor(Std));

    internal override void Validate() => Std.Validate(Words);
}

/// <summary>See <see cref="LeafTransform.LeaveOneOut"/>.</summary>
public sealed record LeaveOneOutLeaves(CreditScope Scope) : LeafTransform
{
    /// <inheritdoc/>
    public override string Words => $"leaveOneOut {Scope}";

    internal override void Apply(CreditWork work) => work.MapLeafGroups(Scope, (x, group) =>
        group.Count == 1 ? work.Singleton(x) : group.HasSpread ? (x - group.Mean) * group.Count / (group.Count - 1) : 0);
}

/// <summary>See <see cref="LeafTransform.Custom"/>.</summary>
public sealed record CustomLeaves(string Name, Func<Forest, double[], double[]> Transform) : LeafTransform
{
    /// <inheritdoc/>
    public override string Words => $"customLeaves \"{Name}\"";

    internal override void Apply(CreditWork work) =>
        work.SetLeafScores(UserCode.Column("leaves", Words, ColumnOf.Leaves, work.Forest, () => Transform(work.Forest, work.CopyLeafScores()), work.LeafScored));
}
