using System.IO;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Policies;

/// <summary>The whole engine against a model and a text that no one here made.</summary>
public sealed class StoriesTests
{
    private const int Begin = 1, Steps = 200;

    [Fact]
    public void Greedy_decoding_of_stories260K_prints_what_llama2c_prints()
    {
        var weights = Llama2CReader.Read(TestData.Path("stories260K.bin"));
        var tokenizer = Llama2CTokenizer.Load(TestData.Path("tok512.bin"));
        string expected = File.ReadAllText(TestData.Path("stories260K_greedy200.txt"));
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 2 });
        using var decoder = policy.NewDecoder(new PickSettings { Temperature = 0 });
        var branch = new int[1];
        var picks = new TokenPick[1];
        var path = new int[Steps + 1];
        path[0] = Begin;
        decoder.Prompt(new[] { path[..1] }, branch);
        for (int step = 1; step <= Steps; step++)
        {
            decoder.Pick([new PickRequest(branch[0], 1, false, Seed.Of(step))], picks);
            path[step] = picks[0].Id;
            decoder.Advance(branch, [picks[0].Id]);
        }
        Assert.DoesNotContain(Begin, path.Skip(1));
        Assert.Equal(expected.TrimEnd('\n'), tokenizer.Decode(path));
    }
}
