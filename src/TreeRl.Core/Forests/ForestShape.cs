using System;

namespace TreeRl.Forests;

/// <summary>
/// Reads forests from a short notation, for tests and for trying things out. A node is its number of tokens, followed by its children in
/// brackets; spaces separate siblings and trees, a bar separates prompts:
/// <code>
/// "3(1 2(1 1)) 4 | 5"    two prompts; the first has a tree of three leaves and a chain of 4 tokens, the second a chain of 5
/// </code>
/// </summary>
internal static class ForestShape
{
    public static Forest Read(string shape, int vocabSize)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Guard.InRange(vocabSize >= 2, vocabSize, "must be at least 2: token 0 is left out");
        var builder = new ForestBuilder();
        int at = 0, token = 0;
        int prompt = builder.AddPrompt("p0");
        while (Skip())
        {
            if (shape[at] == '|')
            {
                at++;
                prompt = builder.AddPrompt($"p{builder.PromptCount}");
            }
            else
            {
                Grow(builder.AddRoot(prompt));
            }
        }
        return builder.Seal();

        bool Skip()
        {
            while (at < shape.Length && char.IsWhiteSpace(shape[at])) at++;
            return at < shape.Length;
        }

        void Grow(int node)
        {
            int start = at;
            while (at < shape.Length && char.IsAsciiDigit(shape[at])) at++;
            if (at == start || !int.TryParse(shape.AsSpan(start, at - start), out int count) || count < 1) throw Error(start, "a number of tokens, at least 1");
            for (int i = 0; i < count; i++, token++)
                builder.AddToken(node, 1 + token % (vocabSize - 1), -(1 + token % 7) / 8f, token % 5 / 4f);
            if (at >= shape.Length || shape[at] != '(')
            {
                builder.Finish(node, Finish.EndOfText);
                return;
            }
            at++;
            bool any = false;
            while (Skip() && shape[at] != ')')
            {
                Grow(builder.AddChild(node));
                any = true;
            }
            if (!any || at >= shape.Length) throw Error(at, any ? "a closing bracket" : "a child");
            at++;
        }

        ArgumentException Error(int place, string expected) =>
            new($"shape \"{shape}\": expected {expected} at position {place}, as in \"3(1 2(1 1)) 4 | 5\"", nameof(shape));
    }
}
