using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;

namespace TreeRl.Rewards;

/// <summary>One named part of a reward.</summary>
/// <param name="Name">Names it in logs and reports; unique within a plan.</param>
/// <param name="Weight">Multiplies its value in the total; finite. Weight 0 shows a term without paying for it.</param>
/// <param name="Grade">Computes its value.</param>
public sealed record RewardTerm(string Name, double Weight, Grader Grade);

/// <summary>
/// What an answer earns. The total of a leaf is the sum of weight times value over the terms that score; a term that fails or times out makes the
/// leaf so; a leaf for which every term abstains abstains.
/// </summary>
public sealed record RewardPlan
{
    /// <summary>The terms, at least one.</summary>
    public required ImmutableArray<RewardTerm> Terms { get; init; }

    /// <summary>Longest time one term may take for one answer, wall-clock; positive, at most a day.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Number of threads left behind in graders that overran their time and still run, in the whole process, from which grading gives up
    /// with <see cref="GraderStuckException"/>. At least 1.
    /// </summary>
    public int MaxStuckThreads { get; init; } = 16;

    /// <summary>A plan of given terms.</summary>
    /// <exception cref="ArgumentException">A term breaks its rule.</exception>
    public static RewardPlan Of(params RewardTerm[] terms) => new RewardPlan { Terms = [.. terms] }.Validated();

    /// <summary>This plan with another time limit.</summary>
    public RewardPlan WithTimeLimit(TimeSpan limit) => this with { TimeLimit = limit };

    /// <summary>Checks every rule.</summary>
    /// <exception cref="ArgumentException">There is no term, a name is empty or taken, a weight is not finite, a grader is missing, or a limit is out of range.</exception>
    public RewardPlan Validated()
    {
        Guard.That(!Terms.IsDefaultOrEmpty, "there is no term: a reward has at least one", nameof(Terms));
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < Terms.Length; i++)
        {
            var term = Terms[i];
            Guard.That(term is not null, $"Terms[{i}] is null", nameof(Terms));
            Guard.That(!string.IsNullOrWhiteSpace(term!.Name), $"Terms[{i}].Name = '{term.Name}': must not be empty; reports need it", nameof(Terms));
            Guard.That(names.Add(term.Name), $"Terms[{i}].Name = '{term.Name}': taken by an earlier term; choose another", nameof(Terms));
            Guard.That(double.IsFinite(term.Weight), $"term '{term.Name}' has weight {term.Weight}: must be finite", nameof(Terms));
            Guard.That(term.Grade is not null, $"term '{term.Name}' has no grader", nameof(Terms));
        }
        Guard.InRange(TimeLimit > TimeSpan.Zero && TimeLimit <= TimeSpan.FromDays(1), TimeLimit, "must be positive, at most a day");
        Guard.InRange(MaxStuckThreads >= 1, MaxStuckThreads, "must be at least 1");
        return this;
    }

    /// <summary>Terms with their weights, and the time limit.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join(" + ", Terms.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Weight} {t.Name}")))}, within {TimeLimit.TotalSeconds} s");
}
