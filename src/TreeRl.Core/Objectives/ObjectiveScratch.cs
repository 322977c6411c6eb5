using System;

namespace TreeRl.Objectives;

/// <summary>
/// What <see cref="PolicyObjective.Evaluate"/> works in: buffers of the calling thread, which stay for the next group, so that a training step
/// allocates nothing. Nothing else uses them, and an evaluation calls no other code that might evaluate on the same thread.
/// </summary>
internal static class ObjectiveScratch
{
    [ThreadStatic]
    private static Buffer gradient, runLogRatio, runGradient;

    /// <summary>The derivative by log-probability, by target.</summary>
    public static ref Buffer Gradient => ref gradient;

    /// <summary>The sum of log-ratios, by run.</summary>
    public static ref Buffer RunLogRatio => ref runLogRatio;

    /// <summary>The derivative all targets of a run share, by run.</summary>
    public static ref Buffer RunGradient => ref runGradient;

    /// <summary>An array that grows as needed.</summary>
    public struct Buffer
    {
        private double[]? values;

        /// <summary>The first <paramref name="count"/> numbers, all 0; what an earlier call gave is overwritten.</summary>
        public Span<double> Zeros(int count)
        {
            if (values is null || values.Length < count) values = new double[Math.Max(count, 2 * (values?.Length ?? 0))];
            var zeros = values.AsSpan(0, count);
            zeros.Clear();
            return zeros;
        }
    }
}
