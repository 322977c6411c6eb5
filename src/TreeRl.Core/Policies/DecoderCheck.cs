using System;
using TreeRl.Models;

namespace TreeRl.Policies;

/// <summary>What every engine's decoder checks before it reads tokens.</summary>
internal static class DecoderCheck
{
    /// <summary>Checks prompts and the room for their branches.</summary>
    /// <exception cref="ArgumentException">A prompt is empty, longer than the context, or has an id outside the vocabulary; or there is not one branch for each.</exception>
    public static void Prompts(ReadOnlySpan<int[]> prompts, int branches, ModelConfig config)
    {
        Guard.SameLength(branches, prompts.Length, "one branch for each prompt");
        for (int i = 0; i < prompts.Length; i++)
        {
            if (prompts[i] is not { Length: > 0 })
                throw new ArgumentException($"prompt {i} is empty: a branch needs at least one token to be predicted from", nameof(prompts));
            if (prompts[i].Length > config.ContextLength)
                throw new ArgumentException($"prompt {i} has {prompts[i].Length} tokens: the model's context is {config.ContextLength}", nameof(prompts));
            foreach (int token in prompts[i]) Token(token, config);
        }
    }

    /// <summary>Checks a token that a branch is to read behind the <paramref name="length"/> tokens it has read.</summary>
    /// <exception cref="ArgumentException">The branch has read the whole context, or the token is outside the vocabulary.</exception>
    public static void Next(int branch, int length, int token, ModelConfig config)
    {
        Token(token, config);
        if (length >= config.ContextLength)
            throw new ArgumentException($"branch {branch} has read {length} tokens, the model's whole context: end it", "branches");
    }

    private static void Token(int token, ModelConfig config)
    {
        if ((uint)token >= (uint)config.VocabSize)
            throw new ArgumentOutOfRangeException(nameof(token), token, $"token = {token}: the vocabulary has {config.VocabSize} tokens, 0 .. {config.VocabSize - 1}");
    }
}
