using System;
using System.IO;
using System.Text.Json.Nodes;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class TokenizerFileErrorTests
{
    // Path of the member to set (dots between names), the JSON to set it to, and what the message must name.
    [Theory]
    [InlineData("model.type", "\"Unigram\"", "model.type = \"Unigram\"")]
    [InlineData("model.type", "\"WordPiece\"", "model.type = \"WordPiece\"")]
    [InlineData("model.type", "7", "model.type = 7: must be a text")]
    [InlineData("model", "null", "model = null: must be an object")]
    [InlineData("model", "{\"vocab\": {}}", "only BPE models")]
    [InlineData("model.dropout", "0.1", "model.dropout = 0.1")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "continuing_subword_prefix = \"##\"")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix = \"</w>\"")]
    [InlineData("model.unk_token", "\"<unk>\"", "unk_token = \"<unk>\": must be a token of the vocabulary")]
    [InlineData("model.byte_fallback", "true", "no token <0x00>")]
    [InlineData("model.byte_fallback", "1", "must be true or false")]
    [InlineData("model.novelty", "true", "model.novelty = true: this setting is not supported")]
    [InlineData("model.vocab", "[]", "model.vocab = []: must be an object")]
    [InlineData("model.vocab.x", "-1", "vocab.x = -1: must be a token id")]
    [InlineData("model.vocab.x", "1.5", "vocab.x = 1.5: must be a token id")]
    [InlineData("model.vocab.x", "16777216", "must be a token id")]
    [InlineData("model.vocab.xx", "7", "another token has this id")]
    [InlineData("model.vocab.xx", "259", "id 259 is already that of \"xx\"")]
    [InlineData("model.merges", "{}", "model.merges = {}: must be an array")]
    [InlineData("model.merges", "[\"t h\", \"th\"]", "model.merges[1] = \"th\": must be two tokens")]
    [InlineData("model.merges", "[\"t h e\"]", "must be two tokens")]
    [InlineData("model.merges", "[[\"t\"]]", "must be two tokens")]
    [InlineData("model.merges", "[[\"t\", \"\"]]", "must be two tokens")]
    [InlineData("model.merges", "[\"h t\"]", "\"ht\" is no token of the vocabulary")]
    [InlineData("normalizer", "{\"type\": \"NFKC\"}", "normalizer.type = \"NFKC\"")]
    [InlineData("normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Lowercase\"}]}", "normalizer.normalizers[1].type = \"Lowercase\"")]
    [InlineData("normalizer", "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \" +\"}, \"content\": \" \"}", "normalizer.pattern = {\"Regex\"")]
    [InlineData("normalizer", "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \" \"}", "must not be empty")]
    [InlineData("normalizer", "{}", "normalizer has no \"type\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Whitespace\"}", "pre_tokenizer.type = \"Whitespace\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"x\"}, \"behavior\": \"Isolated\", \"invert\": false}", "pre_tokenizer.pattern.Regex = \"x\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"String\": \"x\"}, \"behavior\": \"Isolated\", \"invert\": false}", "pre_tokenizer.pattern = ")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"x\"}, \"behavior\": \"Removed\", \"invert\": false}", "behavior = \"Removed\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"x\"}, \"behavior\": \"Isolated\", \"invert\": true}", "invert = true")]
    [InlineData("pre_tokenizer", "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\", \"add_prefix_space\": true}, {\"type\": \"Digits\", \"individual_digits\": true}]}", "ByteLevel must be the last")]
    [InlineData("pre_tokenizer", "{\"type\": \"Metaspace\", \"replacement\": \"__\"}", "replacement = \"__\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"last\"}", "prepend_scheme = \"last\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"first\", \"add_prefix_space\": false}", "contradicts")]
    [InlineData("decoder", "null", "decoder is missing")]
    [InlineData("decoder", "{\"type\": \"WordPiece\"}", "decoder.type = \"WordPiece\"")]
    [InlineData("decoder", "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]}", "one leading space after Fuse")]
    [InlineData("decoder", "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"b\"}]}", "Replace must come before")]
    [InlineData("post_processor", "{\"type\": \"BertProcessing\"}", "post_processor.type = \"BertProcessing\"")]
    [InlineData("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [], \"special_tokens\": {}}", "a template must hold the text")]
    [InlineData("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\"}}], \"special_tokens\": {}}", "has no \"<s>\"")]
    [InlineData("truncation", "{\"max_length\": 512}", "truncation = {\"max_length\"")]
    [InlineData("padding", "{\"strategy\": {\"Fixed\": 512}}", "padding = {\"strategy\"")]
    [InlineData("version", "\"2.0\"", "version = \"2.0\"")]
    [InlineData("novelty", "1", "novelty = 1: this setting is not supported")]
    [InlineData("added_tokens", "[{\"id\": 259}]", "added_tokens[0] has no \"content\"")]
    public void What_is_broken_or_not_supported_is_refused_by_name(string member, string json, string named)
    {
        var file = SmallTokenizer.ByteLevel();
        JsonNode owner = file;
        string[] names = member.Split('.');
        foreach (string name in names[..^1]) owner = owner[name]!;
        owner[names[^1]] = JsonNode.Parse(json);
        var error = Assert.Throws<InvalidDataException>(() => SmallTokenizer.Read(file));
        Assert.Contains(named, error.Message);
        Assert.StartsWith("tokenizer.json: ", error.Message);
    }

    [Theory]
    [InlineData(259, "", "must not be empty")]
    [InlineData(300, "<end>", "must be listed once")]
    [InlineData(7, "<seven>", "id 7 is already that of")]
    [InlineData(300, "the", "the vocabulary gives this token the id 257")]
    [InlineData(261, "<gap>", "the next free id is 260")]
    public void Added_tokens_must_agree_with_the_vocabulary(int id, string content, string named)
    {
        var file = SmallTokenizer.ByteLevel();
        file["added_tokens"]!.AsArray().Add(SmallTokenizer.Added(id, content));
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => SmallTokenizer.Read(file)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"model\": {}, \"model\": {}}")]
    [InlineData("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"a\": 1}, \"merges\": []}}")]
    [InlineData("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"\\ud800\": 0}, \"merges\": []}}")]
    [InlineData("{\"model\": {\"type\": \"\\ud800\", \"vocab\": {}, \"merges\": []}}")]
    [InlineData("{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}, \"decoder\": {\"type\": \"Fuse\"}}")]
    [InlineData("{}")]
    public void Broken_JSON_is_a_clear_error(string json) =>
        Assert.StartsWith("tokenizer.json: ", Assert.Throws<InvalidDataException>(() => HfTokenizer.Parse(json)).Message);

    [Fact]
    public void A_file_cut_off_anywhere_is_refused()
    {
        string json = SmallTokenizer.Text(SmallTokenizer.Pieces());
        for (int length = 0; length < json.Length; length += 7) Assert.Throws<InvalidDataException>(() => HfTokenizer.Parse(json[..length]));
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_read_or_refused_and_never_crashes()
    {
        var random = new Random(1);
        byte[] json = System.Text.Encoding.UTF8.GetBytes(SmallTokenizer.Text(SmallTokenizer.Pieces()));
        string path = TestData.FreshPath("tokenizer.json");
        for (int round = 0; round < 400; round++)
        {
            byte[] changed = [.. json];
            for (int i = 0; i <= round % 3; i++) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, changed);
            try
            {
                HfTokenizer.Load(path).Encode("hi");
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith(path, e.Message);
            }
            catch (ArgumentException e)
            {
                Assert.Contains("no token", e.Message); // a vocabulary that lost a character
            }
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error_of_reading() =>
        Assert.ThrowsAny<IOException>(() => HfTokenizer.Load(TestData.FreshPath("none.json")));
}
