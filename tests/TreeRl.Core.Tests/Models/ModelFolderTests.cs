using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models;

public class ModelFolderTests
{
    private static readonly CharTokenizer Tokenizer = new("0123456789+");

    private static readonly ModelConfig Tiny = new()
    {
        VocabSize = 12,
        Width = 24,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 8,
        FeedForward = 20,
        ContextLength = 64,
        NormEpsilon = 3e-6,
        RotaryBase = 500000,
    };

    public static IEnumerable<TheoryDataRow<bool, bool, bool, RotaryPairing, string>> Options() =>
    [
        new(false, false, true, RotaryPairing.HalfSplit, "LlamaForCausalLM"),
        new(true, false, false, RotaryPairing.HalfSplit, "Qwen2ForCausalLM"),
        new(false, true, true, RotaryPairing.HalfSplit, "Qwen3ForCausalLM"),
        new(true, true, true, RotaryPairing.HalfSplit, "TreeRlForCausalLM"),
        new(false, false, true, RotaryPairing.Adjacent, "TreeRlForCausalLM"),
        new(true, false, true, RotaryPairing.Adjacent, "TreeRlForCausalLM"),
    ];

    [Theory]
    [MemberData(nameof(Options))]
    public void A_model_comes_back_and_is_named_by_what_it_computes(bool bias, bool norm, bool tied, RotaryPairing pairing, string architecture)
    {
        var config = Tiny with { QkvBias = bias, QkNorm = norm, TiedHead = tied, Rotary = pairing };
        var weights = ModelWeights.Random(config, Seed.Of(1));
        string folder = TestData.FreshPath("model");
        ModelFolder.Save(folder, weights, Tokenizer);
        var read = ModelFolder.LoadWeights(folder);
        Assert.Equal(config, read.Config);
        Assert.All(weights.Names, name => Assert.Equal(weights[name].Values, read[name].Values));
        Assert.Equal(Tokenizer.Alphabet, Assert.IsType<CharTokenizer>(ModelFolder.LoadTokenizer(folder)).Alphabet);
        Assert.Contains($"\"{architecture}\"", File.ReadAllText(Path.Combine(folder, "config.json")));
        Assert.Equal(["config.json", "model.safetensors", "treerl_tokenizer.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Equal_weights_give_equal_bytes()
    {
        string one = TestData.FreshPath("m"), two = TestData.FreshPath("m");
        foreach (string folder in new[] { one, two }) ModelFolder.Save(folder, ModelWeights.Random(Tiny, Seed.Of(1)), Tokenizer);
        foreach (string file in Directory.GetFiles(one)) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(two, Path.GetFileName(file))));
    }

    [Fact]
    public void A_model_replaces_a_model_and_leaves_nothing_beside_it()
    {
        string folder = TestData.FreshPath("model");
        ModelFolder.Save(folder, ModelWeights.Random(Tiny, Seed.Of(1)), Tokenizer);
        Directory.CreateDirectory(folder + ".part"); // as a run leaves that was killed while writing
        File.WriteAllText(Path.Combine(folder + ".part", "config.json"), "{");
        var second = ModelWeights.Random(Tiny, Seed.Of(2));
        ModelFolder.Save(folder + "/", second, null);
        Assert.Equal(second["model.norm.weight"].Values, ModelFolder.LoadWeights(folder)["model.norm.weight"].Values);
        Assert.Equal(second["model.embed_tokens.weight"].Values, ModelFolder.LoadWeights(folder)["model.embed_tokens.weight"].Values);
        Assert.Equal([folder], Directory.GetDirectories(Path.GetDirectoryName(folder)!));
        Assert.Contains("no tokenizer", Assert.Throws<InvalidDataException>(() => ModelFolder.LoadTokenizer(folder)).Message);
    }

    [Fact]
    public void A_replacement_that_was_cut_between_its_two_renames_is_finished_by_the_next_reader()
    {
        string folder = TestData.FreshPath("model");
        ModelWeights first = ModelWeights.Random(Tiny, Seed.Of(1)), second = ModelWeights.Random(Tiny, Seed.Of(2));
        ModelFolder.Save(folder, first, Tokenizer);
        ModelFolder.Save(folder + ".part", second, Tokenizer);
        Directory.Move(folder, folder + ".former");
        Assert.Equal(second.Fingerprint(), ModelFolder.LoadWeights(folder).Fingerprint());
        Assert.Equal([folder], Directory.GetDirectories(Path.GetDirectoryName(folder)!));
        Directory.Move(folder, folder + ".former"); // and one whose new folder somebody has removed
        ModelFolder.Save(folder, first, Tokenizer);
        Assert.Equal(first.Fingerprint(), ModelFolder.LoadWeights(folder).Fingerprint());
        Assert.Equal([folder], Directory.GetDirectories(Path.GetDirectoryName(folder)!));
    }

    [Theory]
    [InlineData(TensorType.F32, "float32", 0)]
    [InlineData(TensorType.F16, "float16", 1 / 2048.0)]
    [InlineData(TensorType.BF16, "bfloat16", 1 / 256.0)]
    public void Weights_are_saved_in_the_type_that_was_asked_for(TensorType type, string torch, double relative)
    {
        string folder = TestData.FreshPath("model");
        var weights = ModelWeights.Random(Tiny, Seed.Of(1));
        ModelFolder.Save(folder, weights, null, type);
        var read = ModelFolder.LoadWeights(folder);
        Assert.Contains($"\"torch_dtype\": \"{torch}\"", File.ReadAllText(Path.Combine(folder, "config.json")));
        foreach (string name in weights.Names)
            foreach (var (kept, given) in read[name].Values.Zip(weights[name].Values)) Assert.InRange(kept - given, -relative * Math.Abs(given) - 1e-7, relative * Math.Abs(given) + 1e-7);
        string again = TestData.FreshPath("model");
        ModelFolder.Save(again, read, null, type);
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model.safetensors")));
        Assert.Equal(type == TensorType.F32, weights.Fingerprint() == read.Fingerprint());
    }

    [Fact]
    public void A_weight_too_large_for_the_type_is_refused_before_anything_is_written()
    {
        var weights = ModelWeights.Random(Tiny, Seed.Of(1));
        weights["model.norm.weight"].Values[3] = 70000;
        string folder = TestData.FreshPath("model");
        Assert.Contains("'model.norm.weight' holds 70000, which is too large for F16", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder, weights, null, TensorType.F16)).Message);
        weights["model.norm.weight"].Values[3] = float.MaxValue;
        Assert.Contains("too large for BF16", Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder, weights, null, TensorType.BF16)).Message);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(folder)!));
    }

    [Fact]
    public void A_folder_with_other_files_is_left_alone()
    {
        string folder = TestData.FreshPath("model");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "thesis.txt"), "dear");
        var refused = Assert.Throws<ArgumentException>(() => ModelFolder.Save(folder, ModelWeights.Random(Tiny, Seed.Of(1)), null));
        Assert.Contains("thesis.txt", refused.Message);
        Assert.Equal("dear", File.ReadAllText(Path.Combine(folder, "thesis.txt")));
    }

    [Fact]
    public void A_tokenizer_of_another_vocabulary_is_refused() =>
        Assert.Contains("3 tokens but the model 12", Assert.Throws<ArgumentException>(
            () => ModelFolder.Save(TestData.FreshPath("m"), ModelWeights.Random(Tiny, Seed.Of(1)), new CharTokenizer("ab"))).Message);

    [Theory]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act")]
    [InlineData("\"hidden_act\"", "\"rope_scaling\": {\"factor\": 8}, \"hidden_act\"", "rope_scaling")]
    [InlineData("\"attention_bias\": false", "\"attention_bias\": true", "attention_bias")]
    [InlineData("\"model_type\": \"llama\"", "\"model_type\": \"gpt2\"", "gpt2")]
    [InlineData("\"hidden_size\": 24", "\"hidden_size\": \"24\"", "must be a whole number")]
    [InlineData("\"hidden_size\": 24,", "", "\"hidden_size\" is missing")]
    [InlineData("\"num_attention_heads\": 4", "\"num_attention_heads\": 0", "num_attention_heads")]
    [InlineData("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3", "KeyValueHeads = 3")]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "model.layers.2.input_layernorm.weight' is missing")]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "is not part of this architecture")]
    [InlineData("\"intermediate_size\": 20", "\"intermediate_size\": 21", "has shape")]
    [InlineData("{", "{{", "no JSON")]
    public void A_configuration_that_is_not_computed_or_does_not_fit_is_refused(string from, string to, string says)
    {
        string folder = TestData.FreshPath("model"), config = Path.Combine(folder, "config.json");
        ModelFolder.Save(folder, ModelWeights.Random(Tiny, Seed.Of(1)), null);
        string text = File.ReadAllText(config);
        Assert.Contains(from, text);
        File.WriteAllText(config, text.Replace(from, to));
        var refused = Assert.Throws<InvalidDataException>(() => ModelFolder.LoadWeights(folder));
        Assert.Contains(says, refused.Message);
        Assert.Contains(folder, refused.Message);
    }

    [Fact]
    public void A_folder_written_by_other_tools_is_read()
    {
        string folder = Directory.CreateDirectory(TestData.FreshPath("hf")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32, "intermediate_size": 20, "num_hidden_layers": 2,
             "num_attention_heads": 4, "vocab_size": 12, "max_position_embeddings": 64, "rms_norm_eps": 1e-05, "hidden_act": "silu",
             "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0}, "tie_word_embeddings": true, "rope_scaling": null}
            """);
        var config = Tiny with { Width = 32, KeyValueHeads = 4, NormEpsilon = 1e-5, RotaryBase = 1000 };
        var weights = ModelWeights.Random(config, Seed.Of(1));
        var given = weights.Names.Select(n => weights[n]).ToList();
        given.Add(new WeightTensor("model.layers.0.self_attn.rotary_emb.inv_freq", [4], new float[4]));
        given.Add(given[0] with { Name = "lm_head.weight" });
        SafeTensors.Write(Path.Combine(folder, "model.safetensors"), given);
        Assert.Equal(config, ModelFolder.LoadWeights(folder).Config);
        given[^1] = given[^1] with { Values = new float[12 * 32] };
        SafeTensors.Write(Path.Combine(folder, "model.safetensors"), given);
        Assert.Contains("tie_word_embeddings", Assert.Throws<InvalidDataException>(() => ModelFolder.LoadWeights(folder)).Message);
    }
}
