using System.Collections.Immutable;

namespace TreeRl.Forests;

/// <summary>The question a group of trees answers. It belongs to its trees and is no part of their nodes.</summary>
/// <param name="Id">Names the prompt in files and reports; unique within a forest.</param>
/// <param name="Text">The prompt as text.</param>
/// <param name="TokenIds">The prompt as the policy reads it; at least one token.</param>
/// <param name="Reference">The key that a grader compares answers with; empty when there is none.</param>
public sealed record ForestPrompt(string Id, string Text, ImmutableArray<int> TokenIds, string Reference);
