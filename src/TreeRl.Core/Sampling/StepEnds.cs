using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Forests;
using TreeRl.Models;

namespace TreeRl.Sampling;

/// <summary>Tells where the steps of grown answers end, and cuts nodes there.</summary>
internal sealed class StepEnds(ITokenizer tokenizer, ForestBuilder builder)
{
    /// <summary>Whether a step ends behind the first <paramref name="kept"/> tokens of a node, at least one.</summary>
    /// <param name="steps">The rule.</param>
    /// <param name="promptId">The node's prompt.</param>
    /// <param name="node">The node.</param>
    /// <param name="before">Answer tokens above it.</param>
    /// <param name="own">Its tokens.</param>
    /// <param name="kept">Tokens of it before the place.</param>
    public bool Holds(StepRule steps, string promptId, int node, int before, GrownToken[] own, int kept) => steps switch
    {
        StepRule.EveryTokens every => (before + kept) % every.Tokens == 0,
        StepRule.AfterText after => own[kept - 1].Id < tokenizer.VocabSize && tokenizer.Decode([own[kept - 1].Id]).Contains(after.Text, StringComparison.Ordinal),
        StepRule.Custom custom => custom.Rule.Ask(Place(promptId, node, before, own, kept)),
        _ => throw new InvalidOperationException($"no such step rule: {steps}"),
    };

    /// <summary>A place inside a node, in front of its token <paramref name="offset"/>.</summary>
    public ForkPlace Place(string promptId, int node, int before, GrownToken[] own, int offset) => new(tokenizer, builder, node, offset)
    {
        PromptId = promptId,
        PathTokens = before + offset,
        NextToken = offset < own.Length ? own[offset].Id : -1,
        LogProb = offset < own.Length ? own[offset].LogProb : float.NaN,
        Entropy = offset < own.Length ? own[offset].Entropy : float.NaN,
    };

    /// <summary>
    /// Cuts the nodes of all prompts so that every step is a node of its own. An end token that follows a step alone stays with it.
    /// </summary>
    public void Cut(StepRule steps, IReadOnlyList<string> promptIds)
    {
        var open = new Stack<(int Node, int Before)>();
        for (int prompt = 0; prompt < promptIds.Count; prompt++)
        {
            for (int root = builder.FirstRootOf(prompt); root >= 0; root = builder.NextSiblingOf(root)) open.Push((root, 0));
            while (open.TryPop(out var at))
            {
                var own = builder.OwnTokens(at.Node);
                for (int child = builder.FirstChildOf(at.Node); child >= 0; child = builder.NextSiblingOf(child)) open.Push((child, at.Before + own.Length));
                bool endsAlone = own.Length > 0 && tokenizer.EndTokens.Contains(own[^1].Id);
                // From the end: the upper part keeps the node's index.
                for (int kept = own.Length - 1; kept >= 1; kept--)
                {
                    if (endsAlone && kept == own.Length - 1) continue;
                    if (Holds(steps, promptIds[prompt], at.Node, at.Before, own, kept)) builder.Split(at.Node, kept);
                }
            }
        }
    }
}
