namespace TreeRl.Rewards.Answers;

/// <summary>
/// Commas that are decimal signs beyond doubt: <c>0,5</c>, <c>1000,99</c>, <c>2,74</c>, <c>1.234,56</c>. Three digits behind a comma may be thousands, a single one behind
/// few may be the second of a list; those are left to the other readings.
/// </summary>
internal static class DecimalComma
{
    /// <summary>Where a number ends that has whole digits [<paramref name="from"/>, <paramref name="comma"/>) and a decimal comma behind them; 0 when there is no such comma.</summary>
    public static int At(string text, int from, int comma)
    {
        if (comma <= from || comma + 1 >= text.Length || text[comma] != ',' || from > 0 && text[from - 1] is ',' or '.') return 0;
        int end = comma + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        int places = end - comma - 1, whole = comma - from;
        if (places == 0 || end + 1 < text.Length && text[end] is ',' or '.' && char.IsAsciiDigit(text[end + 1])) return 0;
        bool sure = text[from] == '0' && whole == 1 || whole >= 4 || places >= 2 && places != 3;
        return sure ? end : 0;
    }

    /// <summary>True when some comma of the text is a decimal sign.</summary>
    public static bool In(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i])) continue;
            int end = i;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (At(text, i, end) > 0 || Grouped(text, i, end) > 0) return true;
            i = end - 1;
        }
        return false;
    }

    /// <summary>The comma of a number whose thousands are parted by full stops, 1.234,56: its place, or 0 when there is none.</summary>
    public static int Grouped(string text, int from, int end)
    {
        if (end - from > 3) return 0;
        int at = end;
        while (at + 3 < text.Length && text[at] == '.' && char.IsAsciiDigit(text[at + 1]) && char.IsAsciiDigit(text[at + 2]) && char.IsAsciiDigit(text[at + 3])) at += 4;
        bool comma = at > end && at + 1 < text.Length && text[at] == ',' && char.IsAsciiDigit(text[at + 1]);
        return comma ? at : 0;
    }
}
