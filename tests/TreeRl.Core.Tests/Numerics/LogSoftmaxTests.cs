using System;
using TreeRl.Numerics;
using Xunit;
using static TreeRl.Tests.Numerics.KernelData;

namespace TreeRl.Tests.Numerics;

public unsafe class LogSoftmaxTests
{
    // Log-sum-exp and entropy are single-precision numbers of size about 10, from sums of exponentials 2 units in the last place off.
    private const double Tolerance = 1e-6;

    [Fact]
    public void Equal_logits_have_the_entropy_ln_V()
    {
        foreach (int v in new[] { 1, 2, 15, 16, 17, 1024, 1025, 200_000 })
        {
            using var logits = Constant(Simd.Pad(v), 3.5f);
            LogSoftmax.Stats(logits.Pointer, v, out float max, out float logSumExp, out float entropy);
            Assert.Equal(3.5f, max);
            Assert.True(Close(3.5 + Math.Log(v), logSumExp, Tolerance), $"V {v}: L = {logSumExp}");
            Assert.True(Close(Math.Log(v), entropy, Tolerance), $"V {v}: H = {entropy}");
        }
    }

    [Fact]
    public void Stats_equal_their_reference_for_every_length_and_ignore_the_padding()
    {
        for (int v = 1; v <= 130; v++) CheckStats(v, 20);
        foreach (int v in new[] { 1023, 1024, 1025, 5000, 200_001 }) CheckStats(v, 6);
    }

    [Fact]
    public void A_certain_token_leaves_no_entropy_and_impossible_tokens_are_no_trouble()
    {
        using var logits = Constant(48, float.NegativeInfinity);
        logits.Pointer[37] = -2e30f;
        LogSoftmax.Stats(logits.Pointer, 40, out float max, out float logSumExp, out float entropy);
        Assert.Equal((-2e30f, -2e30f, 0f), (max, logSumExp, entropy));
        logits.Pointer[3] = -2e30f;
        LogSoftmax.Stats(logits.Pointer, 40, out _, out _, out entropy);
        Assert.True(Close(Math.Log(2), entropy, Tolerance));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_no_numbers_give_NaN(float bad)
    {
        using var logits = Random(48, 1);
        logits.Pointer[20] = bad;
        LogSoftmax.Stats(logits.Pointer, 40, out _, out float logSumExp, out float entropy);
        Assert.True(float.IsNaN(logSumExp));
        Assert.True(float.IsNaN(entropy));
    }

    [Fact]
    public void The_gradient_equals_its_reference_for_every_length_in_place_or_not()
    {
        int* targets = stackalloc int[3];
        float* flows = stackalloc float[] { 0.5f, -1.25f, 2f };
        for (int v = 1; v <= 130; v++)
        {
            for (int i = 0; i < 3; i++) targets[i] = Seed.Of(i).Below(v, v / 2);
            int padded = Simd.Pad(v);
            using var logits = Random(padded + 16, v, 8);
            if (v > 4) logits.Pointer[3] = float.NegativeInfinity;
            LogSoftmax.Reference.Stats(logits.Pointer, v, out _, out float logSumExp, out float entropy);
            using var expected = Constant(padded + 16, Sentinel);
            using var actual = Copy(expected);
            LogSoftmax.Reference.Gradient(logits.Pointer, v, logSumExp, entropy, targets, flows, 3, 0.7f, expected.Pointer);
            LogSoftmax.Gradient(logits.Pointer, v, logSumExp, entropy, targets, flows, 3, 0.7f, actual.Pointer);
            AssertClose(expected, actual, 3e-6, $"V {v}");
            LogSoftmax.Gradient(logits.Pointer, v, logSumExp, entropy, targets, flows, 3, 0.7f, logits.Pointer);
            AssertSame(actual.Pointer, logits.Pointer, padded, $"V {v}, in place");
        }
    }

    [Fact]
    public void The_gradient_is_the_derivative_of_log_probabilities_and_entropy()
    {
        const int V = 21;
        const double Step = 1e-4, DerivativeTolerance = 1e-5, EntropyFlow = -0.8;
        int[] targets = [4, 9, 4];
        float[] flows = [0.5f, -1.5f, 0.75f];
        using var logits = Random(32, 3, 2);
        double Loss(int moved, double by)
        {
            double sum = 0, weighted = 0, loss = 0;
            double Logit(int j) => logits.Pointer[j] + (j == moved ? by : 0);
            for (int j = 0; j < V; j++)
            {
                sum += Math.Exp(Logit(j));
                weighted += Math.Exp(Logit(j)) * Logit(j);
            }
            for (int i = 0; i < targets.Length; i++) loss += flows[i] * (Logit(targets[i]) - Math.Log(sum));
            return loss + EntropyFlow * (Math.Log(sum) - weighted / sum);
        }
        LogSoftmax.Stats(logits.Pointer, V, out _, out float logSumExp, out float entropy);
        using var gradient = Constant(32, Sentinel);
        fixed (int* t = targets)
        fixed (float* f = flows) LogSoftmax.Gradient(logits.Pointer, V, logSumExp, entropy, t, f, targets.Length, (float)EntropyFlow, gradient.Pointer);
        for (int j = 0; j < V; j++)
        {
            double derivative = (Loss(j, Step) - Loss(j, -Step)) / (2 * Step);
            Assert.True(Close(derivative, gradient.Pointer[j], DerivativeTolerance), $"logit {j}: {gradient.Pointer[j]}, expected {derivative}");
        }
        for (int j = V; j < 32; j++) Assert.Equal(0f, gradient.Pointer[j]);
    }

    private static void CheckStats(int v, double scale)
    {
        using var logits = Random(Simd.Pad(v), v, scale);
        for (int j = v; j < Simd.Pad(v); j++) logits.Pointer[j] = float.NaN;
        LogSoftmax.Reference.Stats(logits.Pointer, v, out float max, out float logSumExp, out float entropy);
        LogSoftmax.Stats(logits.Pointer, v, out float actualMax, out float actualLogSumExp, out float actualEntropy);
        Assert.Equal(max, actualMax);
        Assert.True(Close(logSumExp, actualLogSumExp, Tolerance), $"V {v}: L = {actualLogSumExp}, expected {logSumExp}");
        Assert.True(Close(entropy, actualEntropy, Tolerance), $"V {v}: H = {actualEntropy}, expected {entropy}");
    }
}
