using System;
using System.IO;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Tests.Policies;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

public sealed class RotaryLayoutTests
{
    private const int Begin = 1, Steps = 200;
    private const double Tolerance = 2e-5;

    [Fact]
    public void Rows_of_a_head_of_eight_go_where_they_must()
    {
        var config = TestModels.Plain with { Rotary = RotaryPairing.Adjacent, HeadSize = 8, Width = 1, Layers = 1 };
        var weights = ModelWeights.Random(config, Seed.Of(1));
        for (int row = 0; row < 16; row++) weights["model.layers.0.self_attn.q_proj.weight"].Values[row] = row;
        var converted = RotaryLayout.ToHalfSplit(weights);
        Assert.Equal([0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15], converted["model.layers.0.self_attn.q_proj.weight"].Values);
        Assert.Equal(RotaryPairing.HalfSplit, converted.Config.Rotary);
        Assert.Same(weights["model.layers.0.self_attn.v_proj.weight"], converted["model.layers.0.self_attn.v_proj.weight"]);
        Assert.Same(converted, RotaryLayout.ToHalfSplit(converted));
    }

    [Fact]
    public void A_converted_model_with_biases_and_norms_has_the_same_logits()
    {
        var weights = TestBatches.Weights(TestModels.ByName["everything, head 40, adjacent"]);
        int[] ids = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9];
        float[] expected = Logits(weights, ids), actual = Logits(RotaryLayout.ToHalfSplit(weights), ids);
        for (int id = 0; id < expected.Length; id++) Assert.InRange(actual[id] - expected[id], -Tolerance, Tolerance);
    }

    [Fact]
    public void Stories260K_in_a_hugging_face_folder_tells_the_same_story()
    {
        var weights = RotaryLayout.ToHalfSplit(Llama2CReader.Read(TestData.Path("stories260K.bin")));
        string folder = TestData.FreshPath("stories"), expected = File.ReadAllText(TestData.Path("stories260K_greedy200.txt"));
        ModelFolder.Save(folder, weights, Llama2CTokenizer.Load(TestData.Path("tok512.bin")));
        Assert.Contains("\"LlamaForCausalLM\"", File.ReadAllText(Path.Combine(folder, "config.json")));
        using var policy = CpuPolicy.Create(ModelFolder.LoadWeights(folder), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(new PickSettings { Temperature = 0 });
        var branch = new int[1];
        var picks = new TokenPick[1];
        int[] path = [Begin, .. new int[Steps]];
        decoder.Prompt([path[..1]], branch);
        for (int step = 1; step <= Steps; step++)
        {
            decoder.Pick([new PickRequest(branch[0], 1, false, Seed.Of(step))], picks);
            path[step] = picks[0].Id;
            decoder.Advance(branch, [picks[0].Id]);
        }
        Assert.Equal(expected.TrimEnd('\n'), ModelFolder.LoadTokenizer(folder).Decode(path));
    }

    private static float[] Logits(ModelWeights weights, int[] ids)
    {
        using var policy = CpuPolicy.Create(weights, new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(new PickSettings());
        var branch = new int[1];
        decoder.Prompt([ids], branch);
        var logits = new float[weights.Config.VocabSize];
        decoder.CopyLogits(branch[0], logits);
        return logits;
    }
}
