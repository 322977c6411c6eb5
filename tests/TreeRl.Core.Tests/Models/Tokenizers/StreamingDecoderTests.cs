using System;
using System.Linq;
using System.Text;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class StreamingDecoderTests
{
    [Fact]
    public void A_character_comes_out_when_its_last_byte_is_there()
    {
        var decoder = StreamingDecoder.For(SmallTokenizer.Read(SmallTokenizer.ByteLevel()));
        Assert.Equal(["a", "", "", "", "\U0001F600", " the"], new[] { 'a', 0xF0, 0x9F, 0x98, 0x80, 258 }.Select(decoder.Push));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void An_unfinished_character_comes_out_replaced()
    {
        var decoder = StreamingDecoder.For(SmallTokenizer.Read(SmallTokenizer.ByteLevel()));
        Assert.Equal(["", "", "\uFFFDa", ""], new[] { 0xE2, 0x82, 'a', 0xE2 }.Select(decoder.Push));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("b", decoder.Push('b')); // a new text
    }

    [Fact]
    public void The_leading_space_of_pieces_is_dropped_once_for_each_text()
    {
        var tokenizer = SmallTokenizer.Read(SmallTokenizer.Pieces(), new HfTokenizerOptions { BeginToken = "<s>" });
        var decoder = StreamingDecoder.For(tokenizer);
        Assert.Equal(["", "hi", " hi"], new[] { 1, 263, 263 }.Select(decoder.Push));
        Assert.Equal("", decoder.Flush());
        Assert.Equal(["", "hi"], new[] { 259, 262 }.Select(decoder.Push));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("metaspace")]
    public void Any_ids_stream_to_their_decoded_text(string name)
    {
        var tokenizer = HfTokenizer.Parse(Goldens.Json(name), new HfTokenizerOptions { EndTokens = [name == "gpt2" ? "<|endoftext|>" : "</s>"], VocabSize = 5000 });
        var random = new Random(3);
        var decoder = StreamingDecoder.For(tokenizer);
        for (int round = 0; round < 3000; round++)
        {
            int limit = round % 2 == 0 ? tokenizer.VocabSize : 300; // low ids are bytes
            int[] ids = Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(limit)).ToArray();
            string streamed = string.Concat(ids.Select(decoder.Push)) + decoder.Flush();
            Assert.Equal(tokenizer.Decode(ids), streamed);
        }
    }

    [Fact]
    public void Tokenizers_of_other_kinds_stream_as_well()
    {
        var tokenizer = new CharTokenizer("ab ");
        var decoder = StreamingDecoder.For(tokenizer);
        Assert.Equal(["a", "b", "", " "], new[] { 1, 2, 0, 3 }.Select(decoder.Push));
        Assert.Equal("", decoder.Flush());
        Assert.Equal("b", decoder.Push(2));
    }

    [Fact]
    public void An_id_out_of_range_is_refused()
    {
        var decoder = StreamingDecoder.For(SmallTokenizer.Read(SmallTokenizer.ByteLevel()));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Push(260));
    }
}
