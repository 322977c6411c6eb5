using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class HfTokenizerTests
{
    [Fact]
    public void A_byte_level_text_by_hand()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.ByteLevel());
        Assert.Equal([257, 258, 'm', 10], tokenizer.Encode("the them\n"));
        Assert.Equal([0xC3, 0xA9, 259, 't', 'e'], tokenizer.Encode("é<end>te"));
        Assert.Equal("the them\n", tokenizer.Decode([257, 258, 'm', 10]));
        Assert.Equal(260, tokenizer.VocabSize);
        Assert.Empty(tokenizer.Encode(""));
        Assert.Equal("", tokenizer.Decode([]));
    }

    [Fact]
    public void A_text_of_pieces_by_hand()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.Pieces());
        Assert.Equal([263, 263], tokenizer.Encode("hi hi"));
        Assert.Equal([259, 263], tokenizer.Encode(" hi"));
        Assert.Equal([259, 3 + 0xC3, 3 + 0xA9, 262], tokenizer.Encode("éhi"));
        Assert.Equal([263, 2, 263], tokenizer.Encode("hi</s>hi"));
        Assert.Equal("hi hi", tokenizer.Decode([263, 263]));
        Assert.Equal(" hi", tokenizer.Decode([259, 263]));
        Assert.Equal("é", tokenizer.Decode([259, 3 + 0xC3, 3 + 0xA9]));
    }

    [Fact]
    public void Halves_of_surrogate_pairs_are_replacement_characters()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.ByteLevel());
        int[] replaced = [0xEF, 0xBF, 0xBD];
        Assert.Equal([.. replaced, .. replaced, 'a'], tokenizer.Encode("\uDE00\uD83Da"));
        Assert.Equal([0xF0, 0x9F, 0x98, 0x80], tokenizer.Encode("\uD83D\uDE00"));
        Assert.Equal([.. replaced, 0xF0, 0x9F, 0x98, 0x80], tokenizer.Encode("\uD83D\uD83D\uDE00"));
    }

    [Fact]
    public void Added_tokens_match_the_longest_and_by_their_flags()
    {
        var file = SmallTokenizer.ByteLevel();
        var added = file["added_tokens"]!.AsArray();
        added.Add(SmallTokenizer.Added(260, "<endless>"));
        added.Add(SmallTokenizer.Added(261, "<l>", left: true));
        added.Add(SmallTokenizer.Added(262, "<r>", right: true));
        added.Add(SmallTokenizer.Added(263, "word", singleWord: true, special: false));
        added.Add(SmallTokenizer.Added(264, "<end"));
        var tokenizer = SmallTokenizer.Read(file);
        Assert.Equal([260, 259, 264, 'x'], tokenizer.Encode("<endless><end><endx"));
        Assert.Equal(['a', 261, ' ', 'b'], tokenizer.Encode("a \n <l> b"));
        Assert.Equal(['a', ' ', 262, 'b'], tokenizer.Encode("a <r> \n b"));
        Assert.Equal([262, 262, 261], tokenizer.Encode("<r> <r>  <l>"));
        Assert.Equal([263, ' ', 263, '!', 's'], tokenizer.Encode("word word!s"));
        Assert.Equal("words swordé".Select(c => (int)c).SkipLast(1).Concat([0xC3, 0xA9]), tokenizer.Encode("words swordé"));
    }

    [Fact]
    public void Special_tokens_are_text_when_asked_for()
    {
        var file = SmallTokenizer.ByteLevel();
        file["added_tokens"]!.AsArray().Add(SmallTokenizer.Added(260, "<think>", special: false));
        var tokenizer = SmallTokenizer.Read(file);
        Assert.Equal(["<end>".Select(c => (int)c), [260]], [tokenizer.EncodePlain("<end>"), tokenizer.EncodePlain("<think>")]);
        Assert.Equal("<end>", tokenizer.Decode(tokenizer.EncodePlain("<end>"), SpecialText.Drop));
        Assert.True(tokenizer.IsSpecial(259));
        Assert.False(tokenizer.IsSpecial(260));
    }

    [Fact]
    public void A_normalized_token_is_found_after_the_normalizer()
    {
        var file = SmallTokenizer.ByteLevel();
        file["normalizer"] = SmallTokenizer.Node("""{"type": "NFC"}""");
        file["added_tokens"]!.AsArray().Add(SmallTokenizer.Added(260, "e\u0301", normalized: true));
        Assert.Equal([260, 260], SmallTokenizer.Read(file).Encode("ée\u0301"));
    }

    [Fact]
    public void A_known_word_needs_no_merges_where_they_are_ignored()
    {
        var file = SmallTokenizer.ByteLevel();
        file["model"]!["vocab"]!["xyz"] = 259;
        file["added_tokens"] = new JsonArray();
        Assert.Equal(['x', 'y', 'z'], SmallTokenizer.Read(file).Encode("xyz"));
        file["model"]!["ignore_merges"] = true;
        Assert.Equal([259, ' ', 'x', 'y', 'z'], SmallTokenizer.Read(file).Encode("xyz xyz"));
    }

    [Fact]
    public void Unknown_characters_are_fused_when_the_file_says_so_and_an_error_when_it_names_no_token()
    {
        var file = SmallTokenizer.Pieces();
        file["model"]!["byte_fallback"] = false;
        Assert.Equal([259, 0, 260, 0], SmallTokenizer.Read(file).Encode("xyhz"));
        file["model"]!["fuse_unk"] = false;
        Assert.Equal([259, 0, 0, 260, 0], SmallTokenizer.Read(file).Encode("xyhz"));
        file["model"]!["unk_token"] = null;
        var error = Assert.Throws<ArgumentException>(() => SmallTokenizer.Read(file).Encode("hix"));
        Assert.Contains("U+0078", error.Message);
    }

    [Fact]
    public void The_template_is_applied_to_prompts_and_when_asked_for()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.Pieces());
        Assert.Equal([263], tokenizer.Encode("hi"));
        Assert.Equal([1, 263], tokenizer.EncodePrompt("hi"));
        Assert.Equal([1, 263], tokenizer.EncodePrompt("<s>hi"));
        Assert.Equal([1, 1, 263], tokenizer.EncodeWithTemplate("<s>hi"));
        Assert.Equal([1], tokenizer.EncodePrompt(""));
        Assert.Equal([1], tokenizer.TemplateBefore);
        Assert.Empty(tokenizer.TemplateAfter);
        Assert.Equal([257], SmallTokenizer.Read(SmallTokenizer.ByteLevel()).EncodePrompt("the"));
    }

    [Fact]
    public void Begin_and_end_tokens_decode_to_nothing_and_other_special_tokens_by_choice()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.Pieces(), new HfTokenizerOptions { BeginToken = "<s>", EndTokens = ["</s>"], VocabSize = 300 });
        Assert.Equal((1, 300), (tokenizer.BeginToken, tokenizer.VocabSize));
        Assert.Equal([2], tokenizer.EndTokens);
        int[] ids = [1, 263, 0, 2, 299];
        Assert.Equal("hi<unk>", tokenizer.Decode(ids));
        Assert.Equal("hi", tokenizer.Decode(ids, SpecialText.Drop));
        Assert.Equal("<s> hi<unk></s>", tokenizer.Decode(ids, SpecialText.Keep));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([300]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
    }

    [Fact]
    public void Options_must_fit_the_file()
    {
        var file = SmallTokenizer.ByteLevel();
        Assert.Contains("<stop>", Assert.Throws<ArgumentException>(() => SmallTokenizer.Read(file, new HfTokenizerOptions { EndTokens = ["<stop>"] })).Message);
        Assert.Contains("<stop>", Assert.Throws<ArgumentException>(() => SmallTokenizer.Read(file, new HfTokenizerOptions { BeginToken = "<stop>" })).Message);
        Assert.Contains("259", Assert.Throws<ArgumentOutOfRangeException>(() => SmallTokenizer.Read(file, new HfTokenizerOptions { VocabSize = 259 })).Message);
    }

    [Fact]
    public void Broken_bytes_become_replacement_characters_and_whole_characters_survive()
    {
        var bytes = SmallTokenizer.Read(SmallTokenizer.ByteLevel());
        Assert.Equal("a\uFFFDb\uFFFD", bytes.Decode(['a', 0xE2, 0x82, 'b', 0xFF]));
        var pieces = SmallTokenizer.Read(SmallTokenizer.Pieces());
        Assert.Equal("é\uFFFDhi", pieces.Decode([3 + 0xC3, 3 + 0xA9, 3 + 0xE2, 262]));
    }

    [Fact]
    public void Pieces_are_printable()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.ByteLevel(), new HfTokenizerOptions { VocabSize = 262 });
        Assert.Equal(["␣the", "↵", "<U+0000>", "<0xC3>", "<end>", "<261>"], new[] { 258, 10, 0, 0xC3, 259, 261 }.Select(tokenizer.Piece));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Piece(262));
        Assert.Equal([258, 259, null], new[] { "Ġthe", "<end>", "none" }.Select(tokenizer.IdOf));
        Assert.Equal(" the"u8.ToArray(), tokenizer.TokenBytes(258).ToArray());
    }

    [Fact]
    public void A_folder_says_which_tokens_begin_and_end_and_is_saved_as_it_was()
    {
        string folder = TestData.FreshPath("model"), copy = TestData.FreshPath("copy");
        Directory.CreateDirectory(folder);
        string json = SmallTokenizer.Text(SmallTokenizer.Pieces()), config = """{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "other": 1}""";
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id": [262, 2], "temperature": 0.6}""");
        var tokenizer = HfTokenizer.Load(folder);
        Assert.Equal(1, tokenizer.BeginToken);
        Assert.Equal([2, 262], tokenizer.EndTokens);
        Assert.Equal([1, 263], ((ITokenizer)tokenizer).EncodePrompt("hi"));
        tokenizer.Save(copy);
        Assert.Equal(json, File.ReadAllText(Path.Combine(copy, "tokenizer.json")));
        Assert.Equal(config, File.ReadAllText(Path.Combine(copy, "tokenizer_config.json")));

        var alone = HfTokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        Assert.Null(alone.BeginToken);
        Assert.Empty(alone.EndTokens);

        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id": 264}""");
        Assert.Contains("eos_token_id = 264", Assert.Throws<InvalidDataException>(() => HfTokenizer.Load(folder)).Message);
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id": 262}""");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"eos_token": "<none>"}""");
        Assert.Contains("\"<none>\": must be a token", Assert.Throws<InvalidDataException>(() => HfTokenizer.Load(folder)).Message);
    }

    // Each of these runs is one word, or is full of candidates for added tokens. In quadratic time they would take very long.
    [Theory]
    [InlineData("gpt2")]
    [InlineData("prefix")]
    [InlineData("qwen")]
    [InlineData("llama2")]
    [InlineData("unfused")]
    public void Long_runs_of_anything_are_encoded_and_come_back(string name)
    {
        var tokenizer = Goldens.Tokenizer(name);
        foreach (string unit in new[] { "a", " ", "\n", "\U0001F600", "\u0301\u0316", "ab ", "<|im_", "<mark", "日", "'s", "1" })
        {
            string text = string.Concat(Enumerable.Repeat(unit, 60_000));
            int[] ids = tokenizer.Encode(text);
            string back = tokenizer.Decode(ids);
            if (name is "gpt2" or "llama2") Assert.True(back == text, $"run of {Goldens.Shown(unit)}");
            else Assert.True(back.Length > 0);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Added_tokens_that_take_white_space_along_do_not_scan_it_again_and_again(bool left, bool right)
    {
        var file = SmallTokenizer.ByteLevel();
        file["added_tokens"]!.AsArray().Add(SmallTokenizer.Added(260, "\n", left: left, right: right));
        int[] ids = SmallTokenizer.Read(file).Encode(new string('\n', 2_000_000) + "x");
        Assert.Equal(2_000_001, ids.Length);
        Assert.Equal(260, ids[0]);
    }

    [Fact]
    public void One_tokenizer_serves_several_threads()
    {
        var tokenizer = HfTokenizer.Parse(Goldens.Json("gpt2"));
        var texts = Goldens.Texts.Take(3000).ToArray();
        var together = texts.AsParallel().AsOrdered().Select(tokenizer.Encode).ToArray();
        for (int i = 0; i < texts.Length; i++) Assert.Equal(tokenizer.Encode(texts[i]), together[i]);
    }
}
