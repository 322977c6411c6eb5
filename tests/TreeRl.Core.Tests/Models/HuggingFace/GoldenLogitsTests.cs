using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

public sealed class GoldenLogitsTests
{
    /// <summary>Single precision against double for logits of size one to seven; what the families' own programs differ by is as large.</summary>
    private const double Tolerance = 1e-4;

    [Theory]
    [MemberData(nameof(GoldenModels.Names), MemberType = typeof(GoldenModels))]
    public void Logits_of_a_prompt_equal_an_independent_implementation(string name)
    {
        var (ids, positions, expected) = GoldenModels.Expected(name);
        using var policy = CpuPolicy.Create(ModelFolder.LoadWeights(GoldenModels.Folder(name)), new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(new PickSettings());
        var branches = new int[positions.Length];
        decoder.Prompt([.. positions.Select(position => ids[..(position + 1)])], branches);
        for (int i = 0; i < positions.Length; i++) AssertLogits(expected[i], decoder, branches[i]);
    }

    [Theory]
    [MemberData(nameof(GoldenModels.Names), MemberType = typeof(GoldenModels))]
    public void Logits_of_single_steps_equal_an_independent_implementation_also_after_saving(string name)
    {
        var (ids, positions, expected) = GoldenModels.Expected(name);
        string folder = TestData.FreshPath(name);
        var weights = ModelFolder.LoadWeights(GoldenModels.Folder(name));
        ModelFolder.Save(folder, weights, null);
        var read = ModelFolder.LoadWeights(folder);
        Assert.Equal(weights.Config, read.Config);
        using var policy = CpuPolicy.Create(read, new CpuOptions { Threads = 1 });
        using var decoder = policy.NewDecoder(new PickSettings());
        var branch = new int[1];
        decoder.Prompt([ids[..1]], branch);
        for (int position = 0; position < ids.Length; position++)
        {
            if (position > 0) decoder.Advance(branch, [ids[position]]);
            int at = Array.IndexOf(positions, position);
            if (at >= 0) AssertLogits(expected[at], decoder, branch[0]);
        }
    }

    [Theory]
    [InlineData("llama", "LlamaForCausalLM")]
    [InlineData("llama3", "LlamaForCausalLM")]
    [InlineData("mistral", "LlamaForCausalLM")]
    [InlineData("qwen2-yarn", "Qwen2ForCausalLM")]
    [InlineData("qwen3-yarn", "Qwen3ForCausalLM")]
    public void A_saved_model_has_the_keys_that_other_programs_read(string name, string architecture)
    {
        string folder = TestData.FreshPath(name);
        var weights = ModelFolder.LoadWeights(GoldenModels.Folder(name));
        ModelFolder.Save(folder, weights, null);
        using var saved = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        using var given = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenModels.Folder(name), "config.json")));
        Assert.Equal(architecture, saved.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal("float32", saved.RootElement.GetProperty("torch_dtype").GetString());
        foreach (string key in new[] { "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers", "max_position_embeddings", "rms_norm_eps", "vocab_size" })
            Assert.Equal(given.RootElement.GetProperty(key).GetDouble(), saved.RootElement.GetProperty(key).GetDouble());
        Assert.Equal(weights.Config.RotaryScaling is not null, saved.RootElement.TryGetProperty("rope_scaling", out var scaling));
        if (weights.Config.RotaryScaling is not { } kept) return;
        Assert.Equal(kept.Factor, scaling.GetProperty("factor").GetDouble());
        Assert.Contains('.', scaling.GetProperty("factor").GetRawText()); // other programs warn of a whole number here
    }

    private static void AssertLogits(double[] expected, IDecoder decoder, int branch)
    {
        var logits = new float[expected.Length];
        decoder.CopyLogits(branch, logits);
        for (int id = 0; id < logits.Length; id++) Assert.InRange(logits[id] - expected[id], -Tolerance, Tolerance);
    }
}
