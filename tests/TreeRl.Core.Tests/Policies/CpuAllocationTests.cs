using System;
using System.Linq;
using TreeRl.Objectives;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>Tests that count what the whole process allocates, and so run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "runs alone";
}

[Collection(RunsAlone.Name)]
public sealed class CpuAllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_decoding_step_allocates_nothing_after_warm_up(int threads)
    {
        var config = TestModels.ByName["qwen2: bias, grouped queries, head 24"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads });
        using var decoder = policy.NewDecoder(new PickSettings());
        var prompts = Enumerable.Range(0, 5).Select(i => CpuDecoderTests.Path(config, 3 + i)).ToArray();
        int[] ids = new int[5], children = new int[2], tokens = new int[5];
        var requests = new PickRequest[5];
        var picks = new TokenPick[5];
        var entropies = new float[5];
        void Round()
        {
            decoder.Prompt(prompts, ids);
            for (int step = 0; step < 40; step++)
            {
                for (int i = 0; i < ids.Length; i++) requests[i] = new PickRequest(ids[i], 1, false, Seed.Of(step).Child(i));
                decoder.Pick(requests, picks, entropies);
                for (int i = 0; i < ids.Length; i++) tokens[i] = picks[i].Id;
                if (step % 5 == 0)
                {
                    decoder.Fork(ids[2], children);
                    decoder.Release(children[0]);
                    ids[2] = children[1];
                }
                decoder.Advance(ids, tokens);
            }
            foreach (int id in ids) decoder.Release(id);
        }

        Assert.Equal(0, Least(Round));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_training_step_allocates_nothing_after_warm_up(int threads)
    {
        var config = TestModels.ByName["everything, head 40, adjacent"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, ChunkTokens = 25 });
        PackedBatch[] batches = [CpuUpdateTests.Batch(config, 1, 6), CpuUpdateTests.Batch(config, 2, 9), CpuUpdateTests.Batch(config, 3, 4)];
        var objective = new LinearObjective();
        var settings = new OptimizerSettings();
        float[] logProb = new float[1000], entropy = new float[1000];
        void Round()
        {
            foreach (var batch in batches)
            {
                policy.Score(batch, logProb.AsSpan(0, batch.TargetCount), entropy.AsSpan(0, batch.TargetCount));
                policy.Accumulate(batch, objective);
                policy.Apply(settings, 1e-3);
            }
        }

        Assert.Equal(0, Least(Round));
    }

    [Theory]
    [InlineData("grpo", 1)]
    [InlineData("grpo", 2)]
    [InlineData("gspo", 1)]
    [InlineData("gspo", 2)]
    public void A_step_by_a_published_objective_allocates_nothing_after_warm_up(string name, int threads)
    {
        var config = TestModels.ByName["everything, head 40, adjacent"];
        using var policy = CpuPolicy.Create(TestBatches.Weights(config), new CpuOptions { Threads = threads, ChunkTokens = 25 });
        PolicyObjective[] objectives = name == "grpo"
            ? [ObjectivePresets.Grpo, ObjectivePresets.Grpo.WithKl(KlEstimator.K3, 0.04).WithEntropy(0.01)]
            : [ObjectivePresets.Gspo, ObjectivePresets.GspoToken.WithKl(KlEstimator.K3, 0.04)];
        // The same groups with and without log-probabilities of before, all with a reference.
        var batches = Enumerable.Range(1, 3).Select(i => TestBatches.WithSamples(CpuUpdateTests.Batch(config, i, 3 + 2 * i))).ToArray();
        for (int i = 0; i < batches.Length; i++)
        {
            batches[i].Credit.LogProbRef = CpuScoreTests.Score(policy, batches[i]).LogProb;
            if (i > 0) batches[i].Credit.LogProbOld = batches[i].Credit.LogProbRef;
        }
        var settings = new OptimizerSettings();
        double ratios = 0, norm = 0;
        void Round()
        {
            foreach (var objective in objectives)
            {
                foreach (var batch in batches) ratios += policy.Accumulate(batch, objective).RatioCount;
                norm += policy.Apply(settings, 1e-6).GradientNorm;
            }
        }

        Assert.Equal(0, Least(Round));
        Assert.True(ratios > 0 && norm > 0);
    }

    /// <summary>
    /// Fewest bytes that a call of <paramref name="round"/> allocated, on all threads, after two calls to warm up. The runtime and the test
    /// runner allocate at times of their own choosing; code that allocates by itself does so in every round.
    /// </summary>
    private static long Least(Action round)
    {
        round();
        round();
        long least = long.MaxValue;
        for (int i = 0; i < 10 && least > 0; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            round();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }
}
