using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models;

public class CharTokenizerTests
{
    private static readonly CharTokenizer Digits = new("0123\n ");

    [Fact]
    public void Characters_have_the_ids_of_their_place_in_the_alphabet()
    {
        Assert.Equal(7, Digits.VocabSize);
        Assert.Equal([1, 4, 5], Digits.Encode("03\n"));
        Assert.Equal("03\n", Digits.Decode([1, 4, 5]));
        Assert.Empty(Digits.Encode(""));
    }

    [Fact]
    public void The_end_token_decodes_to_nothing_wherever_it_stands()
    {
        Assert.Equal([0], Digits.EndTokens.ToArray());
        Assert.Equal("12", Digits.Decode([0, 2, 0, 3, 0]));
    }

    [Fact]
    public void A_character_outside_the_alphabet_is_named_with_its_place()
    {
        var wrong = Assert.Throws<ArgumentException>(() => Digits.Encode("12x"));
        Assert.Contains("'x' at index 2", wrong.Message);
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Decode([7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Piece(7));
    }

    [Fact]
    public void Every_piece_can_be_printed() =>
        Assert.Equal(["<end>", "0", "1", "2", "3", "↵", "␣"], Enumerable.Range(0, 7).Select(Digits.Piece));

    [Theory]
    [InlineData("")]
    [InlineData("aba")]
    [InlineData("a\ud83d")]
    public void An_alphabet_has_each_character_once_and_no_surrogates(string alphabet) =>
        Assert.ThrowsAny<ArgumentException>(() => new CharTokenizer(alphabet));

    [Fact]
    public void It_is_saved_and_loaded()
    {
        string path = TestData.FreshPath("t.json");
        var odd = new CharTokenizer("a\"\\\n<é→\u0001");
        odd.Save(path);
        Assert.Equal(odd.Alphabet, CharTokenizer.Load(path).Alphabet);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"kind\": \"char\"}")]
    [InlineData("{\"kind\": \"bpe\", \"alphabet\": \"ab\"}")]
    [InlineData("{\"kind\": \"char\", \"alphabet\": \"\"}")]
    [InlineData("{\"kind\": \"char\", \"alphabet\": \"aa\"}")]
    [InlineData("{\"kind\": \"char\", \"alphabet\": 3}")]
    [InlineData("{\"kind\": \"char\", \"alphabet\": \"\\ud83d\"}")]
    public void A_file_of_another_kind_is_refused_by_name(string json)
    {
        string path = TestData.FreshPath("t.json");
        File.WriteAllText(path, json);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => CharTokenizer.Load(path)).Message);
    }
}

public class Llama2CTokenizerTests
{
    private static readonly string[] Pieces = [" ", "a", "b", "c", "ab", "bc", "abc", " a", "é", "aa"];
    private static readonly float[] Scores = [-9, -9, -9, -9, -1, -2, -3, -4, -9, -5];

    // Ids: " " 259, a 260, b 261, c 262, ab 263, bc 264, abc 265, " a" 266, é 267, aa 268.
    private static Llama2CTokenizer Small()
    {
        string path = TestData.FreshPath("tok.bin");
        using (var writer = new BinaryWriter(File.Create(path)))
        {
            writer.Write(7);
            void Piece(float score, byte[] bytes)
            {
                writer.Write(score);
                writer.Write(bytes.Length);
                writer.Write(bytes);
            }
            foreach (string control in new[] { "<unk>", "\n<s>\n", "\n</s>\n" }) Piece(0, Encoding.UTF8.GetBytes(control));
            for (int b = 0; b < 256; b++) Piece(0, Encoding.UTF8.GetBytes($"<0x{b:X2}>"));
            for (int i = 0; i < Pieces.Length; i++) Piece(Scores[i], Encoding.UTF8.GetBytes(Pieces[i]));
        }
        return Llama2CTokenizer.Load(path);
    }

    [Fact]
    public void Pairs_join_by_score_and_then_from_the_left()
    {
        Assert.Equal([265], Small().Encode("abc"));
        Assert.Equal([263, 263], Small().Encode("abab"));
        Assert.Equal([259, 263], Small().Encode(" ab"));
        Assert.Equal([268, 260], Small().Encode("aaa"));
        Assert.Equal([260, 266], Small().Encode("a a"));
        Assert.Equal([267], Small().Encode("é"));
        Assert.Empty(Small().Encode(""));
    }

    [Fact]
    public void What_is_no_piece_is_said_in_bytes()
    {
        Assert.Equal([260, 3 + 0xE2, 3 + 0x82, 3 + 0xAC, 3 + 'z'], Small().Encode("a€z"));
        Assert.Equal("a€z", Small().Decode([260, 3 + 0xE2, 3 + 0x82, 3 + 0xAC, 3 + 'z']));
    }

    [Fact]
    public void A_piece_after_the_begin_token_loses_one_space()
    {
        Assert.Equal("a a", Small().Decode([1, 266, 266]));
        Assert.Equal(" a", Small().Decode([266]));
        Assert.Equal("ab", Small().Decode(Small().EncodePrompt("ab")));
        Assert.Equal([1], Small().EncodePrompt(""));
    }

    [Fact]
    public void Broken_bytes_decode_to_the_replacement_character() => Assert.Equal("a\uFFFD", Small().Decode([260, 3 + 0xE2]));

    [Fact]
    public void Half_a_surrogate_pair_is_refused_with_its_place() =>
        Assert.Contains("index 1", Assert.Throws<ArgumentException>(() => Small().Encode("a\ud83d")).Message);

    [Fact]
    public void Every_cut_of_the_file_is_refused_or_has_fewer_pieces()
    {
        string path = TestData.FreshPath("tok.bin");
        Small().Save(path);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            if (length < whole.Length - 120) Assert.Contains(path, Assert.Throws<InvalidDataException>(() => Llama2CTokenizer.Load(path)).Message);
        }
        File.WriteAllBytes(path, whole);
        Assert.Equal(Small().VocabSize, Llama2CTokenizer.Load(path).VocabSize);
    }

    [Fact]
    public void The_real_tokenizer_agrees_with_a_plain_merge_loop_and_gives_every_text_back()
    {
        string text = File.ReadAllText(TestData.Path("stories260K_greedy200.txt"));
        var tokenizer = Llama2CTokenizer.Load(TestData.Path("tok512.bin"));
        Assert.Equal(512, tokenizer.VocabSize);
        foreach (string sample in new[] { text, " " + text, "héllo wörld €\t\n\n  x", "aaaaaaaaaaaa", "the the thethe  the" })
        {
            int[] ids = tokenizer.Encode(sample);
            Assert.Equal(sample, tokenizer.Decode(ids));
            Assert.Equal(sample, tokenizer.Decode(tokenizer.EncodePrompt(sample)));
            Assert.Equal(PlainMerge(TestData.Path("tok512.bin"), sample), ids);
        }
        Assert.All(Enumerable.Range(0, 512), id => Assert.NotEmpty(tokenizer.Piece(id)));
    }

    [Fact]
    public void The_real_tokenizer_is_written_as_it_was_read()
    {
        string path = TestData.FreshPath("tok.bin");
        Llama2CTokenizer.Load(TestData.Path("tok512.bin")).Save(path);
        Assert.Equal(File.ReadAllBytes(TestData.Path("tok512.bin"))[4..], File.ReadAllBytes(path)[4..]);
    }

    // The definition: scan all adjacent pairs, join the best, repeat.
    private static List<int> PlainMerge(string path, string text)
    {
        byte[] file = File.ReadAllBytes(path);
        var ids = new Dictionary<string, int>();
        var scores = new List<float>();
        var texts = new List<string>();
        for (int at = 4; at < file.Length;)
        {
            int length = BitConverter.ToInt32(file, at + 4);
            texts.Add(Encoding.UTF8.GetString(file, at + 8, length));
            if (scores.Count >= 259) ids[texts[^1]] = scores.Count;
            scores.Add(BitConverter.ToSingle(file, at));
            at += 8 + length;
        }
        var symbols = new List<int>();
        foreach (var rune in text.EnumerateRunes())
            if (ids.TryGetValue(rune.ToString(), out int id)) symbols.Add(id);
            else symbols.AddRange(Encoding.UTF8.GetBytes(rune.ToString()).Select(b => b + 3));
        while (true)
        {
            int best = -1, joined = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
                if (symbols[i] >= 259 && symbols[i + 1] >= 259 && ids.TryGetValue(texts[symbols[i]] + texts[symbols[i + 1]], out int candidate)
                    && (best < 0 || scores[candidate] > scores[joined])) (best, joined) = (i, candidate);
            if (best < 0) return symbols;
            symbols[best] = joined;
            symbols.RemoveAt(best + 1);
        }
    }
}
