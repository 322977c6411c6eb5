using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class SoftmaxTests
{
    // An exponential is 2 units in the last place off, and so is its rounded argument.
    private const double Tolerance = 3e-6;

    [Fact]
    public void A_row_of_two_equal_scores_and_a_far_smaller_one_is_shared_by_the_two()
    {
        using var row = Constant(16, Sentinel);
        (row.Pointer[0], row.Pointer[1], row.Pointer[2]) = (4, 4, -1000);
        float sum = Softmax.Forward(row.Pointer, 3, 16, 0.5f, out float max);
        Assert.Equal(2f, sum);
        Assert.Equal(2f, max);
        Assert.Equal([1f, 1f, 0f, 0f], row.Span[..4].ToArray());
    }

    [Fact]
    public void Forward_equals_its_reference_for_every_length_and_zeroes_the_padding()
    {
        for (int n = 0; n <= 130; n++)
        {
            int padded = Simd.Pad(n) + 16;
            using var expected = Random(padded + 16, n, 40);
            for (int j = n; j < padded; j++) expected.Pointer[j] = float.NaN;
            using var actual = Copy(expected);
            float sum = Softmax.Reference.Forward(expected.Pointer, n, padded, 0.3f, out float max);
            float actualSum = Softmax.Forward(actual.Pointer, n, padded, 0.3f, out float actualMax);
            AssertClose(expected, actual, Tolerance, $"length {n}");
            Assert.True(Close(sum, actualSum, Tolerance), $"sum of {n}: {actualSum}, expected {sum}");
            Assert.Equal(max, actualMax);
        }
    }

    [Fact]
    public void A_score_of_minus_infinity_gets_nothing_and_huge_scores_do_not_overflow()
    {
        using var row = new NativeBuffer<float>(32);
        for (int j = 0; j < 20; j++) row.Pointer[j] = j % 3 == 0 ? float.NegativeInfinity : 3e37f;
        float sum = Softmax.Forward(row.Pointer, 20, 32, 1, out float max);
        Assert.Equal(13f, sum);
        Assert.Equal(3e37f, max);
        for (int j = 0; j < 32; j++) Assert.Equal(j < 20 && j % 3 != 0 ? 1f : 0f, row.Pointer[j]);
    }

    [Fact]
    public void Backward_equals_its_reference_for_every_length_and_zeroes_the_padding()
    {
        for (int n = 0; n <= 130; n++)
        {
            int padded = Simd.Pad(n) + 16;
            using var scores = Random(padded + 16, n, 10);
            using var flow = Random(padded + 16, n + 1000, 2);
            using var expectedScores = Copy(scores);
            using var expectedFlow = Copy(flow);
            Softmax.Reference.Backward(expectedScores.Pointer, expectedFlow.Pointer, n, padded, 0.3f, 4f, 0.1f);
            Softmax.Backward(scores.Pointer, flow.Pointer, n, padded, 0.3f, 4f, 0.1f);
            AssertClose(expectedScores, scores, Tolerance, $"probabilities of {n}");
            AssertClose(expectedFlow, flow, Tolerance, $"gradient of {n}");
        }
    }

    [Fact]
    public void Backward_is_the_derivative_of_forward()
    {
        const int N = 9;
        const double Step = 1e-4, DerivativeTolerance = 1e-5;
        const float Scale = 0.7f;
        using var scores = Random(16, 1, 2);
        using var weights = Random(16, 2);
        double Loss(int moved, double by)
        {
            double sum = 0, weighted = 0;
            for (int j = 0; j < N; j++)
            {
                double e = Math.Exp(Scale * (scores.Pointer[j] + (j == moved ? by : 0)));
                sum += e;
                weighted += e * weights.Pointer[j];
            }
            return weighted / sum;
        }
        double correction = Loss(-1, 0), total = 0;
        for (int j = 0; j < N; j++) total += Math.Exp(Scale * scores.Pointer[j]);
        using var probabilities = Copy(scores);
        using var flow = Copy(weights);
        Softmax.Backward(probabilities.Pointer, flow.Pointer, N, 16, Scale, (float)Math.Log(total), (float)correction);
        for (int j = 0; j < N; j++)
        {
            double derivative = (Loss(j, Step) - Loss(j, -Step)) / (2 * Step);
            Assert.True(Close(derivative, flow.Pointer[j], DerivativeTolerance), $"score {j}: {flow.Pointer[j]}, expected {derivative}");
        }
    }
}
