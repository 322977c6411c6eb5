using System;
using System.Collections.Generic;
using TreeRl.Rewards.Answers;

namespace TreeRl.Evaluation;

/// <summary>Sorts final answers into classes that mean the same.</summary>
public static class AnswerClasses
{
    /// <summary>
    /// Two answers mean the same when <see cref="AnswerEquivalence"/> says so with either as the reference: it forgives a reference what it does not
    /// forgive an answer, and here neither is the reference.
    /// </summary>
    public static bool Equivalent(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return AnswerEquivalence.Same(first, second).IsSame || AnswerEquivalence.Same(second, first).IsSame;
    }

    /// <summary>
    /// Class of each answer, from 0 in order of appearance; -1 for null. An answer joins the first class whose first member means the same, so that
    /// the result is defined even where "the same" is not transitive (50 is 50% and 50% is 0.5). Equal texts are always in one class.
    /// </summary>
    /// <param name="finals">The final answers; null where there is none.</param>
    /// <param name="same">Says whether two answers mean the same; null for <see cref="Equivalent"/>.</param>
    public static int[] Of(IReadOnlyList<string?> finals, Func<string, string, bool>? same = null)
    {
        ArgumentNullException.ThrowIfNull(finals);
        same ??= Equivalent;
        var firsts = new List<string>();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var classes = new int[finals.Count];
        for (int i = 0; i < classes.Length; i++)
        {
            if (finals[i] is not { } final)
            {
                classes[i] = -1;
                continue;
            }
            if (!known.TryGetValue(final, out int found))
            {
                found = firsts.FindIndex(first => same(final, first));
                if (found < 0)
                {
                    found = firsts.Count;
                    firsts.Add(final);
                }
                known[final] = found;
            }
            classes[i] = found;
        }
        return classes;
    }
}
