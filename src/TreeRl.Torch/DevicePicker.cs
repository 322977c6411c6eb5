using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using TreeRl.Policies;
using static TorchSharp.torch;

namespace TreeRl.Torch;

/// <summary>
/// Draws tokens on the device by the rules of <see cref="TokenPicker"/>: same filters, same ties, inverse distribution function in id order at the uniform
/// numbers of the requests' seeds. A draw differs from the embedded engine's only where the number falls within rounding of a token's edge.
/// </summary>
internal sealed class DevicePicker
{
    private readonly Transformer model;
    private readonly PickSettings settings;
    private readonly int vocabulary, block, blocks;

    public DevicePicker(Transformer model, PickSettings settings)
    {
        this.model = model;
        this.settings = settings;
        vocabulary = model.Config.VocabSize;
        block = 16;
        while ((long)block * block < vocabulary) block *= 2;
        blocks = (vocabulary + block - 1) / block;
    }

    /// <summary>Draws from rows of logits.</summary>
    /// <param name="logits">[n, V], single precision.</param>
    /// <param name="part">What to draw from each.</param>
    /// <returns>[n, 1 + 2 draws] in double: entropy, then for each draw id, or -1 where no token is left, and log-probability.</returns>
    public Tensor Pick(Tensor logits, DrawPart part)
    {
        using var scope = NewDisposeScope();
        var measures = Head.Measure(logits);
        var made = new List<Tensor> { measures.select(1, 2) };
        if (part.Draws > 0)
        {
            Tensor largest = measures.select(1, 0), logSum = measures.select(1, 1), weights = Weights(logits, largest);
            var replaced = tensor(part.Distinct, ScalarType.Bool, model.Device).unsqueeze(1);
            foreach (var number in from_array(part.Uniforms, ScalarType.Float64, model.Device).unbind(1))
            {
                using var inner = NewDisposeScope();
                var id = Search(weights, number, strict: true);
                var index = id.clamp_min(0).unsqueeze(1);
                var logProb = logits.gather(1, index).squeeze(1).to(ScalarType.Float64) - largest - logSum;
                made.Add(id.to(ScalarType.Float64).MoveToOuterDisposeScope());
                made.Add(where(id < 0, zeros_like(logProb), logProb).MoveToOuterDisposeScope());
                if (part.Distinct.Contains(true)) weights.scatter_(1, index, where(replaced, zeros_like(index, ScalarType.Float32), weights.gather(1, index)));
            }
        }
        return stack(made, 1).MoveToOuterDisposeScope();
    }

    /// <summary>exp((logit - largest) / temperature) of tokens that pass the filters, or 1 for the likeliest; 0 for all others. [n, whole blocks].</summary>
    private Tensor Weights(Tensor logits, Tensor largest)
    {
        using var scope = NewDisposeScope();
        if (settings.Temperature == 0) // of equals the first: so argmax is defined
            return Padded(zeros_like(logits).scatter(1, logits.argmax(1, keepdim: true), ones_like(logits))).MoveToOuterDisposeScope();
        var x = (logits - largest.to(ScalarType.Float32).unsqueeze(1)) * (1 / settings.Temperature);
        var weights = x.exp().masked_fill_(x < -87, 0); // as the embedded engine's exp
        if (settings.TopP < 1 || settings.TopK > 0 && settings.TopK < vocabulary) weights = Ranked(logits, weights);
        if (settings.MinP > 0) weights = weights.masked_fill(weights < (float)settings.MinP, 0);
        return Padded(weights).MoveToOuterDisposeScope();
    }

    /// <summary>Top-k and top-p: ranks by logit, equal logits by id, and drops the ranks behind.</summary>
    private Tensor Ranked(Tensor logits, Tensor weights)
    {
        var (_, order) = logits.sort(1, descending: true, stable: true);
        Tensor ordered = weights.gather(1, order), ranks = arange(vocabulary, ScalarType.Int64, model.Device).unsqueeze(0);
        if (settings.TopK > 0) ordered = ordered.masked_fill(ranks >= settings.TopK, 0);
        if (settings.TopP < 1)
        {
            var last = Search(Padded(ordered), full_like(ordered.select(1, 0), settings.TopP, ScalarType.Float64), strict: false);
            ordered = ordered.masked_fill(ranks > last.unsqueeze(1), 0);
        }
        return zeros_like(weights).scatter_(1, order, ordered);
    }

    private Tensor Padded(Tensor weights)
    {
        int missing = blocks * block - vocabulary;
        return missing == 0 ? weights : cat([weights, zeros([weights.shape[0], missing], ScalarType.Float32, model.Device)], 1);
    }

    /// <summary>
    /// The first index of each row whose running sum passes (or, not strict, reaches) its share of the row's sum; the last index of positive weight when
    /// rounding runs past it; -1 when there is none. Running sums are products with a triangle, over blocks and then inside one: a parallel scan may add in
    /// another order each time.
    /// </summary>
    /// <param name="weights">[n, whole blocks].</param>
    /// <param name="share">[n], double.</param>
    /// <param name="strict">Whether the sum must be above the share.</param>
    private Tensor Search(Tensor weights, Tensor share, bool strict)
    {
        using var scope = NewDisposeScope();
        long n = weights.shape[0];
        var grouped = weights.view(n, blocks, block);
        var sums = grouped.sum(2, type: ScalarType.Float64);
        var running = sums.matmul(Triangle(blocks));
        var target = share.unsqueeze(1) * running.narrow(1, blocks - 1, 1);
        var chosen = First(running, sums, target, strict);
        var at = chosen.clamp_min(0);
        var inside = grouped.reshape(n * blocks, block).index_select(0, arange(n, ScalarType.Int64, model.Device) * blocks + at).to(ScalarType.Float64);
        var before = (running - sums).gather(1, at.unsqueeze(1));
        var offset = First(inside.matmul(Triangle(block)), inside, target - before, strict);
        return where(chosen < 0, chosen, at * block + offset).MoveToOuterDisposeScope();
    }

    /// <summary>First column where the running sum passes the target and the summand is positive, else the last positive one, else -1.</summary>
    private Tensor First(Tensor running, Tensor summands, Tensor target, bool strict)
    {
        var columns = arange(running.shape[1], ScalarType.Int64, model.Device).unsqueeze(0).expand(running.shape);
        Tensor positive = summands > 0, passes = (strict ? running > target : running >= target).logical_and(positive);
        var first = where(passes, columns, full_like(columns, long.MaxValue)).amin(1);
        var last = where(positive, columns, full_like(columns, -1)).amax([1]);
        return where(first == long.MaxValue, last, first);
    }

    private Tensor Triangle(int size) => ones(size, size, ScalarType.Float64, model.Device).triu();
}
