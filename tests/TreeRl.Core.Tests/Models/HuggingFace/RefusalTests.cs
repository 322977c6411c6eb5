using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json.Nodes;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

public sealed class RefusalTests
{
    private const string IndexName = "model.safetensors.index.json", FirstShard = "model-00001-of-00002.safetensors", SecondShard = "model-00002-of-00002.safetensors";

    private static string Refusal(string folder)
    {
        string message = Assert.Throws<InvalidDataException>(() => ModelFolder.LoadWeights(folder)).Message;
        Assert.Contains(folder, message);
        return message;
    }

    private static void Edit(string folder, string file, Action<JsonObject> change)
    {
        string path = Path.Combine(folder, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    [Theory]
    [InlineData("llama", "architectures", """["GemmaForCausalLM"]""", "architecture GemmaForCausalLM is not computed")]
    [InlineData("llama", "architectures", """["Qwen2ForCausalLM"]""", "contradicts itself")]
    [InlineData("llama", "architectures", """["LlamaForCausalLM", "MistralForCausalLM"]""", "an array of one name")]
    [InlineData("llama", "model_type", "\"phi3\"", "contradicts itself")]
    [InlineData("llama", "hidden_act", "\"gelu\"", "only \"silu\"")]
    [InlineData("llama", "mlp_bias", "true", "\"mlp_bias\" = true")]
    [InlineData("llama", "attention_bias", "true", "\"attention_bias\" = true")]
    [InlineData("qwen3", "attention_bias", "true", "\"attention_bias\" = true")]
    [InlineData("llama", "quantization_config", """{"quant_method": "gptq"}""", "quantised")]
    [InlineData("llama", "auto_map", """{"AutoModelForCausalLM": "modeling.Mine"}""", "code of its own")]
    [InlineData("llama", "partial_rotary_factor", "0.5", "partial_rotary_factor")]
    [InlineData("llama", "hidden_size", "33", "must be a multiple of \"num_attention_heads\"")]
    [InlineData("llama", "num_attention_heads", "536870916", "num_attention_heads")]
    [InlineData("qwen3", "num_attention_heads", "536870916", "Heads = 536870916")]
    [InlineData("qwen3", "head_dim", null, "\"head_dim\" is missing")]
    [InlineData("qwen2", "num_key_value_heads", null, "\"num_key_value_heads\" is missing")]
    [InlineData("mistral", "sliding_window", "64", "\"sliding_window\" = 64")]
    [InlineData("qwen2", "use_sliding_window", "true", "use_sliding_window")]
    [InlineData("qwen3", "layer_types", """["full_attention", "sliding_attention"]""", "layer_types")]
    [InlineData("llama", "rope_scaling", """{"type": "dynamic", "factor": 2}""", "of kind \"dynamic\" is not computed")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "longrope", "short_factor": [1]}""", "of kind \"longrope\"")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "linear"}""", "\"factor\" is missing")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "linear", "factor": 0.5}""", "Factor = 0.5")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "linear", "factor": 2, "type": "yarn"}""", "contradicts itself")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "default", "mrope_section": [1, 2]}""", "\"mrope_section\" = [1,2]")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "yarn", "factor": 2, "beta_fast": 1, "beta_slow": 2}""", "BetaFast = 1")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "llama3", "factor": 2, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 64}""", "HighFrequencyFactor = 4")]
    [InlineData("llama", "rope_scaling", "7", "must be an object or null")]
    [InlineData("llama", "rope_parameters", """{"rope_type": "default", "rope_theta": 500}""", "\"rope_theta\" = 10000 but 500")]
    [InlineData("mistral", "rope_scaling", """{"rope_type": "linear", "factor": 2}""", "\"rope_scaling\" and \"rope_parameters\" differ")]
    [InlineData("qwen3", "rope_parameters", """{"rope_type": "default", "rope_theta": 500, "partial_rotary_factor": 0.25}""", "partial_rotary_factor")]
    [InlineData("qwen3", "rope_parameters", """{"full_attention": {"rope_type": "default"}}""", "full_attention")]
    public void What_is_not_computed_is_refused_by_name(string name, string key, string? value, string says)
    {
        string folder = GoldenModels.Copy(name);
        Edit(folder, "config.json", json =>
        {
            if (value is null) json.Remove(key);
            else json[key] = JsonNode.Parse(value);
        });
        Assert.Contains(says, Refusal(folder));
    }

    [Theory]
    [InlineData("mistral", "sliding_window", "128")]
    [InlineData("mistral", "sliding_window", "null")]
    [InlineData("mistral", "max_position_embeddings", "4096")]
    [InlineData("qwen2", "sliding_window", "8")]
    [InlineData("qwen2", "attention_bias", "true")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "default"}""")]
    [InlineData("llama", "architectures", "null")]
    [InlineData("llama", "quantization_config", "null")]
    public void What_changes_nothing_is_read(string name, string key, string value)
    {
        string folder = GoldenModels.Copy(name);
        Edit(folder, "config.json", json => json[key] = JsonNode.Parse(value));
        Assert.Equal(ModelFolder.LoadWeights(GoldenModels.Folder(name)).Config with { ContextLength = ModelFolder.LoadWeights(folder).Config.ContextLength }, ModelFolder.LoadWeights(folder).Config);
    }

    [Fact]
    public void A_mistral_file_that_omits_the_window_has_that_of_the_format()
    {
        string folder = GoldenModels.Copy("mistral");
        Edit(folder, "config.json", json =>
        {
            json.Remove("sliding_window");
            json["max_position_embeddings"] = 32768;
        });
        Assert.Contains("4096", Refusal(folder));
    }

    [Fact]
    public void Pickled_weights_are_refused()
    {
        string folder = GoldenModels.Copy("llama");
        File.Move(Path.Combine(folder, "model.safetensors"), Path.Combine(folder, "pytorch_model-00001-of-00001.bin"));
        Assert.Contains("convert them to safetensors", Refusal(folder));
    }

    [Theory]
    [InlineData("../evil.safetensors")]
    [InlineData("/etc/evil.safetensors")]
    [InlineData("sub\\evil.safetensors")]
    [InlineData("..")]
    [InlineData(".safetensors")]
    [InlineData("weights.bin")]
    [InlineData("C:evil.safetensors")]
    public void A_shard_outside_the_folder_is_not_opened(string shard)
    {
        string folder = GoldenModels.Copy("qwen2");
        Edit(folder, IndexName, json => json["weight_map"]!["model.norm.weight"] = shard);
        Assert.Contains("must be the name of a file in the same folder", Refusal(folder));
    }

    public static IEnumerable<TheoryDataRow<string>> Lies() => [new("moved"), new("unnamed"), new("invented"), new("absent file"), new("no map"), new("empty map"), new("exchanged"), new("cut")];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Shards_that_contradict_their_index_are_refused(string lie)
    {
        string folder = GoldenModels.Copy("qwen2"), first = Path.Combine(folder, FirstShard), second = Path.Combine(folder, SecondShard);
        string says = lie switch
        {
            "moved" => $"places in {FirstShard}",
            "unnamed" => "does not name",
            "invented" => "which does not hold it",
            "absent file" => "which is not in the folder",
            "no map" => "\"weight_map\" is missing",
            "empty map" => "\"weight_map\" is empty",
            "exchanged" => "the files are of different models",
            _ => "cut off",
        };
        if (lie == "absent file") File.Delete(second);
        else if (lie == "cut") File.WriteAllBytes(second, File.ReadAllBytes(second)[..^1]);
        else if (lie == "exchanged")
        {
            byte[] bytes = File.ReadAllBytes(first);
            File.Copy(second, first, overwrite: true);
            File.WriteAllBytes(second, bytes);
        }
        else
        {
            Edit(folder, IndexName, json =>
            {
                if (lie == "no map") json.Remove("weight_map");
                else if (lie == "empty map") json["weight_map"] = new JsonObject();
                else if (lie == "moved") json["weight_map"]!["model.norm.weight"] = FirstShard;
                else if (lie == "unnamed") json["weight_map"]!.AsObject().Remove("model.norm.weight");
                else json["weight_map"]!["model.extra.weight"] = SecondShard;
            });
        }
        Assert.Contains(says, Refusal(folder));
    }

    [Theory]
    [InlineData("llama3", "config.json")]
    [InlineData("qwen3-yarn", "config.json")]
    [InlineData("qwen2", IndexName)]
    [InlineData("qwen2", SecondShard)]
    public void Flipped_bytes_give_a_clear_refusal_or_a_sound_model_but_never_another_exception(string name, string file)
    {
        string folder = GoldenModels.Copy(name), path = Path.Combine(folder, file);
        byte[] whole = File.ReadAllBytes(path);
        int end = file == SecondShard ? 8 + (int)BitConverter.ToInt64(whole) : whole.Length, refused = 0;
        var seed = Seed.Of(11);
        for (int trial = 0; trial < 500; trial++)
        {
            byte[] changed = [.. whole];
            int at = seed.Below(end, 2 * trial);
            changed[at] = trial % 2 == 0 ? (byte)seed.Below(256, 2 * trial + 1) : (byte)('0' + seed.Below(10, 2 * trial + 1));
            File.WriteAllBytes(path, changed);
            try
            {
                ModelFolder.LoadWeights(folder);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 100, 500);
    }
}
