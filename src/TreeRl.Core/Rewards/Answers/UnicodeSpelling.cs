namespace TreeRl.Rewards.Answers;

/// <summary>How symbols beyond ASCII are spelled in LaTeX before an answer is read.</summary>
internal static class UnicodeSpelling
{
    /// <summary>Upper byte of a character -> lower byte -> spelling; null where there are none.</summary>
    private static readonly string?[]?[] Pages = Build();

    /// <summary>The spelling of a character, or null when it has none; a command ends with a space.</summary>
    public static string? Of(char c) => Pages[c >> 8]?[c & 0xFF];

    private static string?[]?[] Build()
    {
        // each entry is one character and its spelling
        const string Entries =
            "−- –- —- ‐- ‑- ×\\times ·\\cdot ⋅\\cdot ∙\\cdot •\\cdot ÷/ ∕/ ⁄/ π\\pi √\\sqrt ∛\\cbrt ∞\\infty ≤\\le ≥\\ge ⩽\\le ⩾\\ge ≠\\ne "
            + "∈\\in ∉\\notin ∪\\cup ∩\\cap ±\\pm ∓\\mp °\\degree º\\degree ˚\\degree ²^{2} ³^{3} ¹^{1} ⁰^{0} ⁴^{4} ⁵^{5} ⁶^{6} ⁷^{7} ⁸^{8} "
            + "⁹^{9} ⁿ^{n} ₀_{0} ₁_{1} ₂_{2} ₃_{3} ₄_{4} ₅_{5} ₆_{6} ₇_{7} ₈_{8} ₉_{9} ½\\frac{1}{2} ¼\\frac{1}{4} ¾\\frac{3}{4} ⅓\\frac{1}{3} "
            + "⅔\\frac{2}{3} ⅕\\frac{1}{5} ⅛\\frac{1}{8} ⅜\\frac{3}{8} ⅝\\frac{5}{8} ⅞\\frac{7}{8} α\\alpha β\\beta γ\\gamma δ\\delta "
            + "θ\\theta λ\\lambda μ\\mu ρ\\rho σ\\sigma φ\\phi ϕ\\phi ω\\omega Δ\\Delta ∅\\emptyset ℝ\\R →\\to ⇒\\implies ≈\\approx "
            + "≡\\equiv ∖\\setminus ⟨\\langle ⟩\\rangle ⌊\\lfloor ⌋\\rfloor ⌈\\lceil ⌉\\rceil ∣| ′' ’' ‘' …\\ldots ￥\\$ €\\$ £\\$ 、, 。. "
            + "∧\\land ∨\\lor";
        var pages = new string?[]?[256];
        foreach (string entry in Entries.Split(' ')) Put(entry[0], char.IsAsciiLetter(entry[^1]) ? entry[1..] + " " : entry[1..]);
        foreach (char blank in "∠△“”\"`") Put(blank, " ");
        Put('\u0008', "\\b"); // escapes that were read as control characters
        Put('\u000C', "\\f");
        return pages;

        void Put(char c, string spelling) => (pages[c >> 8] ??= new string?[256])[c & 0xFF] = spelling;
    }
}
