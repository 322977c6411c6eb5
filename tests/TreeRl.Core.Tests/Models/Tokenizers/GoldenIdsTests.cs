using System;
using System.Linq;
using System.Text;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class GoldenIdsTests
{
    public static TheoryData<string> Names => new(Goldens.Names);

    [Fact]
    public void There_are_more_than_ten_thousand_texts_and_the_first_is_empty()
    {
        Assert.True(Goldens.Texts.Length > 10_000);
        Assert.Equal("", Goldens.Texts[0]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_equal_those_of_the_reference_implementation_on_every_text(string name)
    {
        var tokenizer = Goldens.Tokenizer(name);
        var expected = Goldens.ExpectedIds(name);
        for (int i = 0; i < expected.Length; i++)
        {
            int[] ids = tokenizer.Encode(Goldens.Texts[i]);
            if (Goldens.Hash(ids) != expected[i].Hash || (expected[i].Ids is { } full && !full.SequenceEqual(ids)))
                Assert.Fail($"text {i} \"{Goldens.Shown(Goldens.Texts[i])}\": {string.Join(' ', ids.Take(40))}, expected {string.Join(' ', expected[i].Ids?.Take(40) ?? [])}");
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("digits")]
    [InlineData("llama3")]
    public void Byte_level_ids_decode_to_the_text_they_came_from(string name)
    {
        var tokenizer = Goldens.Tokenizer(name);
        foreach (string text in Goldens.Texts) Assert.Equal(Repaired(text), tokenizer.Decode(tokenizer.Encode(text), SpecialText.Keep));
    }

    [Fact]
    public void Ids_after_NFC_decode_to_the_text_in_form_C()
    {
        var tokenizer = Goldens.Tokenizer("qwen");
        foreach (string text in Goldens.Texts.Where(text => !text.Contains('<'))) Assert.Equal(Nfc.Apply(Repaired(text)), tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void Ids_with_byte_fallback_decode_to_the_text_they_came_from()
    {
        var tokenizer = Goldens.Tokenizer("llama2");
        foreach (string text in Goldens.Texts.Where(text => !text.Contains('▁') && !text.Contains("s>") && !text.Contains("<unk>")))
            Assert.Equal(Repaired(text), tokenizer.Decode(tokenizer.Encode(text), SpecialText.Keep));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Streaming_gives_the_decoded_text_and_splits_no_character(string name)
    {
        var tokenizer = Goldens.Tokenizer(name);
        var decoder = StreamingDecoder.For(tokenizer);
        foreach (string text in Goldens.Texts.Where((_, i) => i % 3 == 0))
        {
            int[] ids = tokenizer.Encode(text);
            var joined = new StringBuilder();
            foreach (int id in ids)
            {
                string part = decoder.Push(id);
                if (part.Length > 0) Assert.False(char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1]));
                joined.Append(part);
            }
            joined.Append(decoder.Flush());
            Assert.Equal(tokenizer.Decode(ids), joined.ToString());
        }
    }

    // Independent of the code under test: each half of a surrogate pair that stands alone is U+FFFD.
    private static string Repaired(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));
}
