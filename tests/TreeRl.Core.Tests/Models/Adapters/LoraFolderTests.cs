using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Tests.Policies;
using Xunit;

namespace TreeRl.Tests.Models.Adapters;

public sealed class LoraFolderTests
{
    private const string ConfigName = "adapter_config.json", WeightsName = "adapter_model.safetensors";

    /// <summary>Single precision against double, as for models without an adapter.</summary>
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Golden => ["llama-attention", "qwen3-all-and-tied-head", "qwen3-second-block"];

    private static string Folder(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden", name);

    private static string GoldenModel(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "HuggingFace", "golden", name);

    private static LoraAdapter Any() => TestAdapters.On(TestBatches.Weights(TestModels.Plain), new LoraSettings { Rank = 2, Alpha = 3, Layers = ["q_proj", "lm_head"], Blocks = [1] }).Adapter!;

    private static string Saved()
    {
        string folder = TestData.FreshPath("adapter");
        LoraFolder.Save(folder, Any());
        return folder;
    }

    private static string Refusal(string folder, ModelConfig? config = null)
    {
        string message = Assert.Throws<InvalidDataException>(() => LoraFolder.Load(folder, config ?? TestModels.Plain)).Message;
        Assert.Contains(folder, message);
        return message;
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Logits_with_an_adapter_of_another_program_equal_that_programs(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(name), "golden.json")));
        int[] ids = [.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        int[] positions = [.. golden.RootElement.GetProperty("positions").EnumerateArray().Select(at => at.GetInt32())];
        var rows = golden.RootElement.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetDouble()).ToArray()).ToArray();
        var weights = ModelFolder.LoadWeights(GoldenModel(golden.RootElement.GetProperty("model").GetString()!));
        var adapted = weights.WithAdapter(LoraFolder.Load(Folder(name), weights.Config));
        foreach (var model in new[] { adapted, LoraMerge.Merged(adapted) })
        {
            using var policy = CpuPolicy.Create(model, new CpuOptions { Threads = 1 });
            using var decoder = policy.NewDecoder(new PickSettings());
            var branches = new int[positions.Length];
            decoder.Prompt([.. positions.Select(position => ids[..(position + 1)])], branches);
            for (int i = 0; i < positions.Length; i++)
            {
                var logits = new float[weights.Config.VocabSize];
                decoder.CopyLogits(branches[i], logits);
                for (int id = 0; id < logits.Length; id++) Assert.InRange(logits[id] - rows[i][id], -Tolerance, Tolerance);
            }
        }
    }

    [Fact]
    public void An_adapter_comes_back_bit_for_bit_under_PEFTs_names()
    {
        var adapter = Any();
        string folder = TestData.FreshPath("adapter");
        LoraFolder.Save(folder, adapter, "models/base");
        var read = LoraFolder.Load(folder, TestModels.Plain);
        Assert.Equal(adapter.Fingerprint(), read.Fingerprint());
        Assert.Equal(adapter.Names.SelectMany(name => adapter[name].Values), read.Names.SelectMany(name => read[name].Values));
        Assert.Equal([ConfigName, WeightsName], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        Assert.Equal(
            ["base_model.model.lm_head.lora_A.weight", "base_model.model.lm_head.lora_B.weight", "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight", "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight"],
            SafeTensors.Read(Path.Combine(folder, WeightsName)).Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, ConfigName)))!;
        Assert.Equal(("LORA", "CAUSAL_LM", 2, 3, "none", "models/base"),
            ((string)config["peft_type"]!, (string)config["task_type"]!, (int)config["r"]!, (int)config["lora_alpha"]!, (string)config["bias"]!, (string)config["base_model_name_or_path"]!));
        Assert.Equal("[\"q_proj\",\"lm_head\"]", config["target_modules"]!.ToJsonString());
        Assert.Equal("[1]", config["layers_to_transform"]!.ToJsonString());
    }

    [Theory]
    [InlineData(TensorType.F16, 1 / 2048.0)]
    [InlineData(TensorType.BF16, 1 / 256.0)]
    public void An_adapter_in_half_precision_is_rounded_to_nearest(TensorType type, double relative)
    {
        var adapter = Any();
        string folder = TestData.FreshPath("adapter");
        LoraFolder.Save(folder, adapter, type: type);
        var read = LoraFolder.Load(folder, TestModels.Plain);
        foreach (string name in adapter.Names)
            foreach (var (kept, given) in read[name].Values.Zip(adapter[name].Values)) Assert.InRange(kept - given, -relative * Math.Abs(given) - 1e-7, relative * Math.Abs(given) + 1e-7);
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "\"peft_type\" = \"IA3\"")]
    [InlineData("task_type", "\"SEQ_CLS\"", "must be \"CAUSAL_LM\"")]
    [InlineData("r", "0", "Rank = 0")]
    [InlineData("r", "3", "has shape [2, 32]: must be [3, 32] for rank 3")]
    [InlineData("r", "null", "\"r\" is missing")]
    [InlineData("r", "2.5", "must be a whole number")]
    [InlineData("lora_alpha", "-1", "Alpha = -1")]
    [InlineData("lora_alpha", "null", "\"lora_alpha\" is missing")]
    [InlineData("use_dora", "true", "\"use_dora\" = true: not computed")]
    [InlineData("use_rslora", "true", "\"use_rslora\" = true")]
    [InlineData("rank_pattern", """{"q_proj": 4}""", "\"rank_pattern\"")]
    [InlineData("modules_to_save", """["lm_head"]""", "\"modules_to_save\"")]
    [InlineData("bias", "\"all\"", "trained biases")]
    [InlineData("init_lora_weights", "\"pissa\"", "changed base weights")]
    [InlineData("target_modules", """["q_proj", "lm_head", "c_attn"]""", "'c_attn', which is no linear layer")]
    [InlineData("target_modules", """["q_proj"]""", "'base_model.model.lm_head.lora_A.weight' is no part of an adapter on q_proj")]
    [InlineData("target_modules", """["q_proj", "k_proj", "lm_head"]""", "layers.1.self_attn.k_proj.lora_A.weight' is missing")]
    [InlineData("target_modules", "[]", "is empty")]
    [InlineData("target_modules", "7", "\"target_modules\" is missing")]
    [InlineData("target_modules", "[7]", "must be an array of layer names")]
    [InlineData("layers_to_transform", "null", "layers.0.self_attn.q_proj.lora_A.weight' is missing")]
    [InlineData("layers_to_transform", "[9]", "Blocks has 9")]
    [InlineData("layers_to_transform", "\"1\"", "must be a whole number or an array")]
    public void A_configuration_that_is_not_computed_or_does_not_fit_is_refused(string key, string value, string says)
    {
        string folder = Saved(), path = Path.Combine(folder, ConfigName);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(path, json.ToJsonString());
        Assert.Contains(says, Refusal(folder));
    }

    [Fact]
    public void Layers_given_as_a_pattern_are_those_that_have_tensors()
    {
        string folder = Saved(), path = Path.Combine(folder, ConfigName);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json["target_modules"] = "all-linear";
        File.WriteAllText(path, json.ToJsonString());
        Assert.Equal(Any().Names, LoraFolder.Load(folder, TestModels.Plain).Names);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused() => Assert.Contains("must be [2, 48] for rank 2", Refusal(Saved(), TestModels.Plain with { Width = 48 }));

    [Fact]
    public void Tensors_of_another_kind_and_pickled_files_are_refused_by_name()
    {
        string folder = Saved(), path = Path.Combine(folder, WeightsName);
        SafeTensors.Write(path, [.. SafeTensors.Read(path), new("base_model.model.model.embed_tokens.lora_embedding_A", [1], [1])]);
        Assert.Contains("lora_embedding_A' is no factor", Refusal(folder));
        File.Move(path, Path.Combine(folder, "adapter_model.bin"));
        Assert.Contains("pickled weights", Refusal(folder));
    }

    [Fact]
    public void An_adapter_is_not_mistaken_for_a_model_nor_a_model_for_an_adapter()
    {
        Assert.Contains("it holds an adapter, not a model", Assert.Throws<InvalidDataException>(() => ModelFolder.LoadWeights(Saved())).Message);
        string model = TestData.FreshPath("model");
        ModelFolder.Save(model, TestBatches.Weights(TestModels.Plain), null);
        Assert.Contains("which is no part of an adapter", Assert.Throws<ArgumentException>(() => LoraFolder.Save(model, Any())).Message);
        Assert.Contains("merge it", Assert.Throws<ArgumentException>(() => ModelFolder.Save(model, TestAdapters.On(TestBatches.Weights(TestModels.Plain)), null)).Message);
    }

    [Fact]
    public void Every_cut_and_every_spoilt_byte_gives_a_clear_refusal_or_a_whole_adapter()
    {
        string folder = Saved();
        var seed = Seed.Of(7);
        foreach (string file in new[] { ConfigName, WeightsName })
        {
            string path = Path.Combine(folder, file);
            byte[] whole = File.ReadAllBytes(path);
            for (int length = 0; length < whole.Length; length += 1 + whole.Length / 400)
            {
                if (file == ConfigName && length >= whole.Length - 1) continue; // only the last line break is gone
                File.WriteAllBytes(path, whole[..length]);
                Refusal(folder);
            }
            int reach = file == ConfigName ? whole.Length : 8 + (int)BitConverter.ToInt64(whole), refused = 0;
            for (int trial = 0; trial < 1500; trial++)
            {
                byte[] changed = [.. whole];
                for (int k = 0; k <= seed.Below(3, 10 * trial); k++) changed[seed.Below(reach, 10 * trial + 1 + 2 * k)] = (byte)seed.Below(256, 10 * trial + 2 + 2 * k);
                File.WriteAllBytes(path, changed);
                try
                {
                    LoraFolder.Load(folder, TestModels.Plain);
                }
                catch (InvalidDataException e)
                {
                    Assert.Contains(folder, e.Message);
                    refused++;
                }
            }
            Assert.InRange(refused, 500, 1500);
            File.WriteAllBytes(path, whole);
        }
        LoraFolder.Load(folder, TestModels.Plain);
    }
}
