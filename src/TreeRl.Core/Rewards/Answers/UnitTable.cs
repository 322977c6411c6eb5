using System;
using System.Collections.Generic;
using System.Text;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// Units of measure as powers of dimensions and a scale. An unknown word anywhere in a unit makes the whole unit unknown: unknown units agree
/// with every unit, because "5 apples" and "5 fruits" cannot be told apart from "5" by their words.
/// </summary>
internal static class UnitTable
{
    private static readonly Dictionary<string, Unit> Units = Build();

    /// <summary>The scale that turns <paramref name="given"/> into <paramref name="reference"/>; 1 when one of them is unknown or missing, null when they conflict.</summary>
    public static BigRational? Scale(string given, string reference)
    {
        if (Read(given) is not { } from || Read(reference) is not { } to) return BigRational.One;
        if (from.Dimension != to.Dimension) return null;
        return from.Scale / to.Scale;
    }

    /// <summary>True for a unit of which every word is known.</summary>
    public static bool IsUnit(string unit) => unit.Length <= 40 && char.IsLetter(unit[0]) && Read(unit) is not null;

    private static (string Dimension, BigRational Scale)? Read(string unit)
    {
        string clock = unit.Length <= 4 ? unit.Replace(".", "", StringComparison.Ordinal).ToLowerInvariant() : "";
        if (clock is "am" or "pm") return (clock, BigRational.One);
        if (unit.StartsWith("mod ", StringComparison.Ordinal)) return (unit, BigRational.One);
        var dimensions = new List<string>(); // sorted
        var powers = new List<int>();
        BigRational scale = BigRational.One;
        int sign = 1, pending = 1;
        (string Dimension, BigRational Scale, int Power)? last = null;
        foreach (string word in Words(unit))
        {
            switch (word)
            {
                case "per" or "/" or "a" or "an" or "each":
                    sign = -1;
                    continue;
                case "square" or "sq" or "squared":
                    if (word == "squared" && last is { } before) Add(before.Dimension, before.Scale, before.Power);
                    else pending = 2;
                    continue;
                case "cubic" or "cu":
                    pending = 3;
                    continue;
                case "unit" or "units" or "*" or "^":
                    continue;
            }
            if (char.IsAsciiDigit(word[0]))
            {
                if (last is not { } raised || !int.TryParse(word, out int power) || power > 9) return null;
                for (int i = 1; i < power; i++) Add(raised.Dimension, raised.Scale, raised.Power);
                continue;
            }
            if (Find(word) is not { } found) return null;
            last = (found.Dimension, found.Scale, sign);
            for (int i = 0; i < pending; i++) Add(found.Dimension, found.Scale, sign);
            pending = 1;
        }
        var name = new StringBuilder();
        for (int i = 0; i < powers.Count; i++)
            if (powers[i] != 0) name.Append(dimensions[i]).Append(powers[i]).Append(' ');
        return name.Length == 0 ? null : (name.ToString(), scale);

        void Add(string dimension, BigRational factor, int power)
        {
            int at = 0;
            while (at < dimensions.Count && string.CompareOrdinal(dimensions[at], dimension) < 0) at++;
            if (at == dimensions.Count || dimensions[at] != dimension)
            {
                dimensions.Insert(at, dimension);
                powers.Insert(at, 0);
            }
            powers[at] += power;
            scale = power > 0 ? scale * factor : scale / factor;
        }
    }

    private static IEnumerable<string> Words(string unit)
    {
        int i = 0, limit = Math.Min(unit.Length, 80);
        while (i < limit)
        {
            char c = unit[i];
            int from = i++;
            if (char.IsLetter(c))
                while (i < limit && char.IsLetter(unit[i])) i++;
            else if (char.IsAsciiDigit(c))
                while (i < limit && char.IsAsciiDigit(unit[i])) i++;
            else if (c is ' ' or '{' or '}' or '.') continue;
            yield return unit[from..i];
        }
    }

    private static Unit? Find(string word)
    {
        if (Units.TryGetValue(word, out var exact)) return exact;
        string lower = word.ToLowerInvariant();
        if (Units.TryGetValue(lower, out var found)) return found;
        if (lower.EndsWith("es", StringComparison.Ordinal) && Units.TryGetValue(lower[..^2], out found)) return found;
        if (lower.EndsWith('s') && Units.TryGetValue(lower[..^1], out found)) return found;
        return null;
    }

    private static Dictionary<string, Unit> Build()
    {
        var units = new Dictionary<string, Unit>(StringComparer.Ordinal);
        Define("length", "m meter metre", 1, 1);
        Define("length", "cm centimeter centimetre", 1, 100);
        Define("length", "mm millimeter millimetre", 1, 1000);
        Define("length", "dm decimeter decimetre", 1, 10);
        Define("length", "km kilometer kilometre", 1000, 1);
        Define("length", "in inch", 254, 10000);
        Define("length", "ft foot feet", 3048, 10000);
        Define("length", "yd yard", 9144, 10000);
        Define("length", "mi mile", 1609344, 1000);
        Define("time", "s sec second", 1, 1);
        Define("time", "min minute", 60, 1);
        Define("time", "h hr hour", 3600, 1);
        Define("time", "day", 86400, 1);
        Define("time", "week", 604800, 1);
        Define("month", "month", 1, 1);
        Define("month", "year", 12, 1);
        Define("mass", "g gram", 1, 1000);
        Define("mass", "kg kilogram kilo", 1, 1);
        Define("mass", "mg milligram", 1, 1_000_000);
        Define("weight", "lb pound", 16, 1);
        Define("weight", "oz ounce", 1, 1);
        Define("weight", "ton", 32000, 1);
        Define("volume", "l L liter litre", 1, 1);
        Define("volume", "ml mL milliliter millilitre", 1, 1000);
        Define("money", "$ dollar usd USD buck", 1, 1);
        Define("money", "¢ cent", 1, 100);
        Define("volume us", "gal gallon", 16, 1);
        Define("volume us", "qt quart", 4, 1);
        Define("volume us", "pt pint", 2, 1);
        Define("volume us", "cup", 1, 1);
        return units;

        void Define(string dimension, string names, long above, long below)
        {
            foreach (string name in names.Split(' ')) units[name] = new Unit(dimension, BigRational.Of(above, below));
        }
    }

    private sealed record Unit(string Dimension, BigRational Scale);
}
