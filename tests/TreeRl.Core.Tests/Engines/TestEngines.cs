using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Engines;
using Xunit;

namespace TreeRl.Tests.Engines;

/// <summary>The engines that are here. TREERL_TORCH names the folder of a built src/TreeRl.Torch; without it only the embedded engine is.</summary>
internal static class TestEngines
{
    /// <summary>Log-probabilities and entropies of any two engines, in nats.</summary>
    public const double LogProbTolerance = 1e-4;

    /// <summary>Gradients of any two engines, as a share of the tensor's norm.</summary>
    public const double GradientTolerance = 1e-3;

    private static readonly Lazy<EngineDevice[]> Here = new(() => [.. Enum.GetValues<EngineDevice>().Where(device => Missing(device) is null)]);

    /// <summary>Every engine that can compute here.</summary>
    public static TheoryData<EngineDevice> Present => [.. Here.Value];

    /// <summary>Those of them that run on TorchSharp; a row for the embedded engine, which such a test skips, when there is none.</summary>
    public static TheoryData<EngineDevice> Torch => [.. Here.Value.Length > 1 ? Here.Value[1..] : Here.Value];

    /// <summary>Why an engine cannot compute here, or null when it can.</summary>
    public static EngineMissingException? Missing(EngineDevice device)
    {
        try
        {
            EngineRegistry.Require(device);
            return null;
        }
        catch (EngineMissingException missing)
        {
            return missing;
        }
    }

    /// <summary>Leaves a test that is about TorchSharp alone.</summary>
    public static void SkipEmbedded(EngineDevice device) => Assert.SkipWhen(device == EngineDevice.Cpu, "no TorchSharp engine is here");

    public static IPolicy Make(EngineDevice device, ModelWeights weights, EngineOptions? options = null) => EngineRegistry.Create(device, weights, options);

    public static (float[] LogProb, float[] Entropy) Score(IPolicy policy, PackedBatch batch)
    {
        float[] logProb = new float[batch.TargetCount], entropy = new float[batch.TargetCount];
        policy.Score(batch, logProb, entropy);
        return (logProb, entropy);
    }

    /// <summary>Each tensor of <paramref name="actual"/> lies within a share of the norm of <paramref name="expected"/>; the largest share met.</summary>
    public static double AssertClose(ITensorSet expected, ITensorSet actual, double share, string what)
    {
        double worst = 0;
        foreach (string name in expected.Names)
        {
            float[] e = expected[name].Values, a = actual[name].Values;
            double gap = Math.Sqrt(e.Zip(a, (x, y) => Math.Pow((double)x - y, 2)).Sum()), norm = Math.Sqrt(e.Sum(x => (double)x * x));
            Assert.True(gap <= share * norm + 1e-7, $"{what}: {name} is off by {gap}, norm {norm}");
            if (norm > 1e-6) worst = Math.Max(worst, gap / norm);
        }
        return worst;
    }

    public static void AssertEqual(ITensorSet expected, ITensorSet actual)
    {
        foreach (string name in expected.Names) Assert.Equal(expected[name].Values, actual[name].Values);
    }

    public static IEnumerable<(string Name, ModelConfig Config)> Models =>
        Policies.TestModels.ByName.Concat(Policies.TestModels.LargeHeads).Select(pair => (pair.Key, pair.Value));
}
