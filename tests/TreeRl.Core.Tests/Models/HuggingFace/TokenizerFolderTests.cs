using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using TreeRl.Models;
using TreeRl.Tests.Models.Tokenizers;
using Xunit;

namespace TreeRl.Tests.Models.HuggingFace;

public sealed class TokenizerFolderTests
{
    private const int FileTokens = 260, ModelTokens = 272;

    private static readonly ModelConfig Config = new()
    {
        VocabSize = ModelTokens,
        Width = 8,
        Layers = 1,
        Heads = 1,
        KeyValueHeads = 1,
        HeadSize = 8,
        FeedForward = 8,
        ContextLength = 16,
    };

    private static string Published(string generation)
    {
        string folder = TestData.FreshPath("published");
        ModelFolder.Save(folder, ModelWeights.Random(Config, Seed.Of(1)), null);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), SmallTokenizer.ByteLevel().ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"eos_token": "<end>", "model_max_length": 16}""");
        File.WriteAllText(Path.Combine(folder, "special_tokens_map.json"), """{"eos_token": "<end>"}""");
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{{ messages }}");
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), generation);
        return folder;
    }

    [Fact]
    public void A_published_tokenizer_gets_the_ids_of_its_model_and_both_files_end_tokens()
    {
        var tokenizer = Assert.IsType<HfTokenizer>(ModelFolder.LoadTokenizer(Published("""{"eos_token_id": [259, 7], "temperature": 0.6}""")));
        Assert.Equal(ModelTokens, tokenizer.VocabSize);
        Assert.Equal([7, 259], tokenizer.EndTokens);
        Assert.Equal("", tokenizer.Decode([FileTokens + 1]));
    }

    [Fact]
    public void A_saved_folder_has_the_files_that_other_programs_read_and_comes_back()
    {
        string given = Published("""{"eos_token_id": [259, 7]}"""), saved = TestData.FreshPath("saved");
        for (int round = 0; round < 2; round++) // the second replaces the first
            ModelFolder.Save(saved, ModelFolder.LoadWeights(given), ModelFolder.LoadTokenizer(given));
        Assert.Equal(
            ["chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"],
            Directory.GetFiles(saved).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string name in new[] { "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(given, name)), File.ReadAllBytes(Path.Combine(saved, name)));
        foreach (string name in new[] { "config.json", "generation_config.json" })
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(saved, name)));
            Assert.Equal([7, 259], json.RootElement.GetProperty("eos_token_id").EnumerateArray().Select(id => id.GetInt32()));
        }
        var tokenizer = ModelFolder.LoadTokenizer(saved);
        Assert.Equal([7, 259], tokenizer.EndTokens);
        Assert.Equal(ModelFolder.LoadTokenizer(given).Encode("the theory <end>"), tokenizer.Encode("the theory <end>"));
    }

    [Fact]
    public void Without_a_generation_file_the_models_own_end_token_counts()
    {
        string folder = Published("{}"), config = Path.Combine(folder, "config.json");
        File.Delete(Path.Combine(folder, "generation_config.json"));
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"hidden_act\"", "\"eos_token_id\": 5, \"hidden_act\""));
        Assert.Equal([5, 259], ModelFolder.LoadTokenizer(folder).EndTokens);
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_model_is_refused()
    {
        string folder = Published("{}"), config = Path.Combine(folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace($"\"vocab_size\": {ModelTokens}", "\"vocab_size\": 100"));
        string message = Assert.Throws<InvalidDataException>(() => ModelFolder.LoadTokenizer(folder)).Message;
        Assert.Contains("vocabulary of 100", message);
        Assert.Contains(folder, message);
    }
}
