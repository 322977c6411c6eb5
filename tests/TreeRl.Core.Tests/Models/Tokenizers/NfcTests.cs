using System;
using System.Linq;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class NfcTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("abc é", "abc é")]
    [InlineData("e\u0301", "é")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")] // stays: the dot below goes before, and the long s with dots has no character
    [InlineData("s\u0307\u0323", "\u1E69")] // ṩ, whatever the order of its dots
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("\u212B", "\u00C5")] // Ångström sign
    [InlineData("\u0958", "\u0915\u093C")] // excluded from composition
    [InlineData("\u1112\u1161\u11AB", "\uD55C")] // Hangul
    [InlineData("\uD558\u11AB", "\uD55C")]
    [InlineData("\uD55C\u11AB", "\uD55C\u11AB")]
    [InlineData("\u1161\u11A8", "\u1161\u11A8")]
    [InlineData("a\u0315\u0300\u05AE\u0062", "\u00E0\u05AE\u0315b")]
    [InlineData("\u0301\u0301", "\u0301\u0301")]
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65")] // a half note, excluded from composition
    [InlineData("\uD87E\uDC1A", "\u51AC")]
    public void Form_C_of_known_cases(string text, string expected) => Assert.Equal(expected, Nfc.Apply(text));

    [Fact]
    public void Every_character_alone_and_in_company_has_the_form_that_ICU_gives()
    {
        // Beyond U+2FA1F nothing is composed, decomposed or put in order.
        uint hash = 2166136261;
        for (int point = 0; point < 0x2FA20; point++)
        {
            if (point is >= 0xD800 and < 0xE000) continue;
            string c = char.ConvertFromUtf32(point);
            foreach (string text in new[] { c, "a" + c, "a\u0323" + c, "e" + c + "\u0301", c + "\u0327\u0300", "\u1100" + c, "\u0915" + c })
                foreach (char unit in Nfc.Apply(text)) hash = unchecked((hash ^ unit) * 16777619);
        }
        // The same computation in JavaScript with String.prototype.normalize, ICU with Unicode 17.
        Assert.Equal(0xf4254e30u, hash);
    }

    [Fact]
    public void A_text_in_form_C_stays_as_it_is()
    {
        foreach (string text in Goldens.Texts)
        {
            string once = Nfc.Apply(TextNormalizer.Repair(text));
            Assert.Equal(once, Nfc.Apply(once));
        }
    }

    [Fact]
    public void A_long_run_of_marks_out_of_order_is_put_in_order()
    {
        string marks = string.Concat(Enumerable.Repeat("\u0301\u0316", 200_000));
        string expected = "a" + new string('\u0316', 200_000) + new string('\u0301', 200_000);
        Assert.Equal("á" + expected[1..^1], Nfc.Apply("a" + marks));
    }
}
