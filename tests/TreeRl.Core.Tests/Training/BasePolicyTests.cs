using System;
using System.IO;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Tasks;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

/// <summary>The base policy that is committed in policies/arith, from which the scripts start.</summary>
public sealed class BasePolicyTests
{
    private static string Folder
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string found = Path.Combine(folder.FullName, "policies", "arith");
                if (File.Exists(Path.Combine(found, "config.json"))) return found;
            }
            throw new DirectoryNotFoundException("policies/arith is not above the tests");
        }
    }

    private static EvaluationResult Measure(double temperature)
    {
        using var policy = CpuPolicy.Create(ModelFolder.LoadWeights(Folder));
        var test = new ChainTasks(new ChainOptions { MinSteps = 3, MaxSteps = 4, Split = TaskSplit.Test });
        var plan = new EvaluationPlan { Items = 200, SamplesPerItem = 2, Picking = new PickSettings { Temperature = temperature } };
        return Evaluator.Evaluate(policy, ModelFolder.LoadTokenizer(Folder), test, plan, 80, Seed.Of(1));
    }

    [Fact]
    public void The_base_policy_leaves_reinforcement_learning_room_and_knows_the_task()
    {
        // Sampled between 25 % and 60 %; half the width of the interval is 5 points, so that a policy at 43 % does not fail by chance.
        Assert.InRange(Measure(1).Accuracy, 0.25, 0.60);
        Assert.InRange(Measure(0).Accuracy, 0.90, 1.0);
    }

    [Fact]
    public void The_base_policy_is_at_most_four_megabytes()
    {
        long bytes = 0;
        foreach (string file in Directory.GetFiles(Folder)) bytes += new FileInfo(file).Length;
        Assert.InRange(bytes, 1, 4_000_000);
    }
}
