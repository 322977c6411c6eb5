using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class AdamWTests
{
    // Ten single-precision operations, and moments whose factors 1 - beta are rounded to single precision.
    private const double Tolerance = 2e-6;
    private static readonly AdamWSettings Settings = new(0.01, 0.9, 0.95, 1e-8, 0.1, 1);

    [Fact]
    public void The_first_step_moves_each_weight_by_the_learning_rate_against_its_gradient_after_the_decay()
    {
        using var state = new State(1, 16, 1);
        VectorMath.Fill(state.Weights.Pointer, 16, 2);
        for (int j = 0; j < 16; j++) state.Lanes[0].Pointer[j] = j % 2 == 0 ? 5 : -0.01f;
        state.Step(0, 16, 1, Settings, decays: true);
        for (int j = 0; j < 16; j++) Assert.Equal(2 * 0.999 + (j % 2 == 0 ? -0.01 : 0.01), state.Weights.Pointer[j], 1e-6);
        state.Lanes[0].Pointer[0] = 5;
        float before = state.Weights.Pointer[1];
        state.Step(0, 16, 0, Settings with { Beta1 = 0, Step = 2 }, decays: false);
        Assert.Equal(before, state.Weights.Pointer[1]);
    }

    [Fact]
    public void Steps_equal_their_reference_for_any_number_of_lanes_and_clear_the_lanes()
    {
        foreach (int lanes in new[] { 1, 2, 3, 4, 7 })
            foreach (int length in new[] { 16, 48, 144 })
            {
                using var expected = new State(lanes, length, 1);
                using var actual = new State(lanes, length, 1);
                for (int step = 1; step <= 4; step++)
                {
                    expected.FillLanes(step);
                    actual.FillLanes(step);
                    var settings = Settings with { Step = step };
                    expected.Reference(0, length, 0.4, settings, step % 2 == 0);
                    actual.Step(0, length, 0.4, settings, step % 2 == 0);
                    AssertClose(expected.Weights, actual.Weights, Tolerance, $"weights, {lanes} lanes, step {step}");
                    AssertClose(expected.First, actual.First, Tolerance, "first moment");
                    AssertClose(expected.Second, actual.Second, Tolerance, "second moment");
                    foreach (var lane in actual.Lanes) Assert.Equal(new float[length], lane.Span.ToArray());
                }
            }
    }

    [Fact]
    public void A_weight_has_the_same_bits_wherever_the_range_is_cut()
    {
        using var whole = new State(3, 160, 1);
        whole.FillLanes(1);
        whole.Step(0, 160, 0.7, Settings, true);
        for (int cut = 0; cut <= 160; cut += 16)
        {
            using var parts = new State(3, 160, 1);
            parts.FillLanes(1);
            parts.Step(cut, 160, 0.7, Settings, true);
            parts.Step(0, cut, 0.7, Settings, true);
            AssertSame(whole.Weights, parts.Weights, $"cut at {cut}");
            AssertSame(whole.Second, parts.Second, $"second moment, cut at {cut}");
        }
    }

    [Fact]
    public void Moments_and_squares_that_would_be_denormal_become_zero()
    {
        using var state = new State(1, 16, 0);
        VectorMath.Fill(state.First.Pointer, 16, 1e-30f);
        VectorMath.Fill(state.Second.Pointer, 16, 1e-30f);
        VectorMath.Fill(state.Lanes[0].Pointer, 8, 1e-20f);
        state.Step(0, 16, 1, Settings, false);
        Assert.True(state.First.Pointer[0] > 1e-22f);
        Assert.Equal(0f, state.First.Pointer[8]);
        Assert.Equal(new float[16], state.Second.Span.ToArray());
    }

    [Fact]
    public void The_sum_of_squares_is_that_of_the_summed_lanes_and_changes_nothing()
    {
        foreach (int lanes in new[] { 1, 2, 5 })
            for (int length = 0; length <= 144; length += 16)
            {
                using var state = new State(lanes, Math.Max(length, 16), 1);
                state.FillLanes(3);
                using var before = Copy(state.Lanes[0]);
                double expected = AdamW.Reference.SumOfSquares(state.LanePointers, lanes, 0, length);
                double actual = AdamW.SumOfSquares(state.LanePointers, lanes, 0, length);
                Assert.True(Close(expected, actual, 1e-14), $"{lanes} lanes of {length}: {actual}, expected {expected}");
                AssertSame(before, state.Lanes[0], "lane");
            }
    }

    [Fact]
    public void A_range_that_is_not_padded_is_refused()
    {
        using var state = new State(1, 32, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Step(0, 20, 1, Settings, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Step(4, 32, 1, Settings, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => AdamW.SumOfSquares(state.LanePointers, 1, 0, 20));
    }

    /// <summary>Weights, moments and lanes of one tensor.</summary>
    private sealed class State : IDisposable
    {
        private readonly NativeBuffer<nint> pointers;

        public State(int lanes, int length, double scale)
        {
            Weights = Random(length, 11, scale);
            First = new NativeBuffer<float>(length);
            Second = new NativeBuffer<float>(length);
            Lanes = new NativeBuffer<float>[lanes];
            pointers = new NativeBuffer<nint>(lanes);
            for (int lane = 0; lane < lanes; lane++)
            {
                Lanes[lane] = new NativeBuffer<float>(length);
                pointers.Pointer[lane] = (nint)Lanes[lane].Pointer;
            }
        }

        public NativeBuffer<float> Weights { get; }

        public NativeBuffer<float> First { get; }

        public NativeBuffer<float> Second { get; }

        public NativeBuffer<float>[] Lanes { get; }

        public float** LanePointers => (float**)pointers.Pointer;

        public void FillLanes(int seed)
        {
            for (int lane = 0; lane < Lanes.Length; lane++)
            {
                using var numbers = Random(Lanes[lane].Length, 100 * seed + lane);
                numbers.Span.CopyTo(Lanes[lane].Span);
            }
        }

        public void Step(long first, long end, double scale, AdamWSettings settings, bool decays) =>
            AdamW.Step(Weights.Pointer, LanePointers, Lanes.Length, First.Pointer, Second.Pointer, first, end, scale, settings, decays);

        public void Reference(long first, long end, double scale, AdamWSettings settings, bool decays) =>
            AdamW.Reference.Step(Weights.Pointer, LanePointers, Lanes.Length, First.Pointer, Second.Pointer, first, end, scale, settings, decays);

        public void Dispose()
        {
            Weights.Dispose();
            First.Dispose();
            Second.Dispose();
            pointers.Dispose();
            foreach (var lane in Lanes) lane.Dispose();
        }
    }
}
