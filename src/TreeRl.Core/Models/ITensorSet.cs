using System.Collections.Generic;

namespace TreeRl.Models;

/// <summary>Named tensors on the host: a model's weights, an adapter's, or what an optimiser keeps for either.</summary>
public interface ITensorSet
{
    /// <summary>Names, in an order that the configuration fixes.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The tensor called <paramref name="name"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    WeightTensor this[string name] { get; }
}
