using System;
using System.Collections.Generic;

namespace TreeRl.Rewards.Answers;

/// <summary>
/// The words of LaTeX and of plain mathematical text that the reader knows. Plain tables of strings: the runtime has their code compiled, so that the first comparison of a
/// process is not slowed by it.
/// </summary>
internal static class Vocabulary
{
    /// <summary>Commands that change only the look: dropped. A group that follows is read as if they were not there.</summary>
    public static readonly HashSet<string> Decoration = Set(
        "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle scriptstyle limits nolimits "
        + "quad qquad enspace thinspace thickspace negthinspace hfill hfil mathbf mathit boldsymbol bm mathsf mathcal mathfrak mathscr pmb "
        + "bf it rm sf tt large Large small tiny normalsize vec hat tilde underline boxed fbox framebox overrightarrow overleftarrow widehat "
        + "mathop mathord mathrel mathbin boldmath unboldmath strut mathstrut angle triangle measuredangle therefore because "
        + "hline noindent par nonumber notag allowbreak nobreak protect relax centering");

    /// <summary>Commands whose argument is running text.</summary>
    public static readonly HashSet<string> TextBlocks = Set(
        "text mbox textrm textbf textit textsf texttt textnormal textup textsc mathrm hbox emph operatorname unit si mathtt");

    /// <summary>Commands with an argument that is dropped as well.</summary>
    public static readonly HashSet<string> DropArgument = Set("hspace vspace phantom hphantom vphantom color label tag mspace");

    /// <summary>Functions written as a command or as a word; the value is the canonical name.</summary>
    public static readonly Dictionary<string, string> Functions = Map(
        "sin:sin cos:cos tan:tan cot:cot sec:sec csc:csc cosec:csc arcsin:arcsin arccos:arccos arctan:arctan asin:arcsin acos:arccos "
        + "atan:arctan tg:tan ctg:cot arctg:arctan arccot:arccot arcsec:arcsec arccsc:arccsc sinh:sinh cosh:cosh tanh:tanh coth:coth "
        + "log:log ln:ln lg:lg exp:exp sqrt:sqrt cbrt:cbrt abs:abs floor:floor ceil:ceil gcd:gcd lcm:lcm max:max min:min frac:frac "
        + "dfrac:frac tfrac:frac cfrac:frac sfrac:frac nicefrac:frac xfrac:frac binom:binom dbinom:binom tbinom:binom arsinh:arcsinh "
        + "cis:cis Re:Re Im:Im arg:arg det:det");

    /// <summary>Commands and words that stand for an operator token.</summary>
    public static readonly Dictionary<string, string> Operators = Map(
        "cdot:* times:* ast:* div:/ pm:pm mp:mp cup:cup bigcup:cup cap:cap setminus:setminus backslash:setminus smallsetminus:setminus "
        + "mid:mid colon:: vert:| lvert:| rvert:| Vert:|| lVert:|| rVert:|| langle:<< rangle:>> lbrace:\\{ rbrace:\\} lbrack:[ rbrack:] "
        + "lparen:( rparen:) lfloor:lfloor rfloor:rfloor lceil:lceil rceil:rceil le:<= leq:<= leqslant:<= leqq:<= lt:< ge:>= geq:>= "
        + "geqslant:>= geqq:>= gt:> ne:!= neq:!= in:in approx:~= simeq:~= equiv:== cong:== to:-> rightarrow:-> longrightarrow:-> mapsto:-> "
        + "Rightarrow:=> implies:=> iff:<=> Leftrightarrow:<=> subset:subset subseteq:subset notin:notin over:over choose:choose "
        + "degree:deg circ:deg prime:' land:and wedge:and lor:or vee:or pmod:pmod bmod:mod mod:mod newline:\\\\ sim:sim atop:over "
        + "ldots:... dots:... cdots:... dotsc:... dotsb:... percent:% colonequals:= coloneqq:= perp:perp parallel:parallel");

    /// <summary>Letters and constants written as a command or a word; the value is the canonical name.</summary>
    public static readonly Dictionary<string, string> Letters = Map(
        "pi:pi alpha:alpha beta:beta gamma:gamma delta:delta epsilon:epsilon varepsilon:epsilon zeta:zeta eta:eta theta:theta "
        + "vartheta:theta iota:iota kappa:kappa lambda:lambda mu:mu nu:nu xi:xi rho:rho varrho:rho sigma:sigma tau:tau upsilon:upsilon "
        + "phi:phi varphi:phi chi:chi psi:psi omega:omega Gamma:Gamma Delta:Delta Theta:Theta Lambda:Lambda Xi:Xi Pi:Pi Sigma:Sigma "
        + "Phi:Phi Psi:Psi Omega:Omega ell:l imath:i jmath:j infty:infinity infinity:infinity emptyset:emptyset varnothing:emptyset "
        + "R:reals Reals:reals reals:reals");

    /// <summary>Plain words that are not read as a product of letters although they are short.</summary>
    public static readonly HashSet<string> ShortWords = Set(
        "is of at by on an as be if it no so we the for per day man men yes not any all one two six ten are was has its odd red way "
        + "dne mod to he she her his him who how but out off old new far few pm am sum cat dog cow car bus boy hen egg cup pen box "
        + "ft cm mm km kg mg ml mi lb lbs oz yd hr hrs min mph sec sq cu inch rad deg usd eur gal sq pt qt tsp bag can jar hat");

    /// <summary>Words that only introduce an answer.</summary>
    public static readonly HashSet<string> Hedges = Set("about approximately exactly roughly approx only thus so therefore hence answer");

    private static HashSet<string> Set(string words) => new(words.Split(' '), StringComparer.Ordinal);

    private static Dictionary<string, string> Map(string pairs)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in pairs.Split(' '))
        {
            int colon = pair.IndexOf(':');
            map[pair[..colon]] = pair[(colon + 1)..];
        }
        return map;
    }
}
