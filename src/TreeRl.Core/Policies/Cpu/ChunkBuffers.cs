using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>What a layer's forward pass leaves for its backward pass. M rows; see <see cref="ParameterLayout"/> for the padded sizes.</summary>
internal unsafe struct LayerBuffers
{
    /// <summary>Residual stream entering the layer, [M, D'].</summary>
    public float* Input;

    /// <summary>Its RMSNorm, [M, D'], and 1/rms, [M].</summary>
    public float* InputNormed, InputInverse;

    /// <summary>q and k before their own norm, [M, (H+2KV) h'], and 1/rms by head, [H+KV][M]; null without q/k norm.</summary>
    public float* RawQkv, HeadInverse;

    /// <summary>q, k (turned) and v, [M, (H+2KV) h'].</summary>
    public float* Qkv;

    /// <summary>Attention output, [M, H h'], and log-sum-exp of the scaled scores, [H][M].</summary>
    public float* Attended, LogSumExp;

    /// <summary>Residual stream after attention, [M, D'].</summary>
    public float* Middle;

    /// <summary>Its RMSNorm, [M, D'], and 1/rms, [M].</summary>
    public float* MiddleNormed, MiddleInverse;

    /// <summary>
    /// Gate and up, [M, 2F'] in rows of <see cref="ChunkBuffers.GateUpStride"/>. Unless <see cref="ChunkBuffers.KeepsGates"/> they are those of one <see cref="ChunkBuffers.ForwardBlock"/>.
    /// </summary>
    public float* GateUp;

    /// <summary>The feed-forward half's part of these buffers from a row on; the attention half's pointers are not moved.</summary>
    public readonly LayerBuffers From(int row, nint width, nint gateUpStride) => this with
    {
        Middle = Middle + row * width,
        MiddleNormed = MiddleNormed + row * width,
        MiddleInverse = MiddleInverse + row,
        GateUp = GateUp + row * gateUpStride,
    };
}

/// <summary>
/// One thread's memory for passes over chunks, carved anew for each chunk from one buffer that only ever grows, so that small chunks stay
/// in cache and a steady workload allocates nothing. Without a backward pass all layers share one set of buffers; when activations are computed again, all
/// share one set but for what enters them.
/// </summary>
internal sealed unsafe class ChunkBuffers(ParameterLayout layout, int rank, bool recompute) : IDisposable
{
    /// <summary>Rows that go up at once, attention apart, 32 register tiles: few enough that what is wide stays in the second-level cache.</summary>
    public const int ForwardBlock = 192;

    /// <summary>Query rows that attention treats at once.</summary>
    public const int QueryBlock = 48;

    /// <summary>Largest vocabulary whose logits are kept from forward to backward; larger ones are computed again, block by block.</summary>
    public const int KeptVocab = 4096;

    private const long LogitFloats = 1 << 20;
    private const int TransposedColumns = 4096;

    private readonly NativeBuffer<float> memory = new();
    private readonly NativeBuffer<int> integers = new();
    private long taken;
    private bool measuring;

    /// <summary>
    /// Floats from row to row of what is as wide as gate and up, and as one of them: a cache line more than the row, so that rows of a power of two do not fall into the same
    /// few sets of the caches.
    /// </summary>
    public nint GateUpStride { get; } = 2 * layout.FeedForward + Simd.Unit;

    public nint GatedStride { get; } = layout.FeedForward + Simd.Unit;

    /// <summary>Whether gate and up of all rows are kept, for a backward pass; else each block of rows takes the place of the one before.</summary>
    public bool KeepsGates { get; private set; }

    /// <summary>Layer -> its buffers.</summary>
    public LayerBuffers[] Layers { get; } = new LayerBuffers[layout.Config.Layers];

    /// <summary>Residual stream after the last layer, [M, D'].</summary>
    public float* Final { get; private set; }

    /// <summary>Rows of <see cref="Final"/> that predict, gathered, [P, D'], P at most M; their RMSNorm, [P, D'], and 1/rms, [P].</summary>
    public float* HeadInput { get; private set; }

    public float* HeadNormed { get; private set; }

    public float* HeadInverse { get; private set; }

    /// <summary>Logits, [LogitRows, V'], then their gradient.</summary>
    public float* Logits { get; private set; }

    /// <summary>Rows of logits that exist at once.</summary>
    public int LogitRows { get; private set; }

    /// <summary>Log-sum-exp and entropy of each predicting row, [P].</summary>
    public float* RowLogSumExp { get; private set; }

    public float* RowEntropy { get; private set; }

    /// <summary>Columns of the chunk's K targets, in batch order.</summary>
    public float* LogProb { get; private set; }

    public float* Entropy { get; private set; }

    public float* LogProbGradient { get; private set; }

    public float* EntropyGradient { get; private set; }

    /// <summary>The targets' derivatives in the order of <see cref="PredictorIndex"/>, [K].</summary>
    public float* SortedGradient { get; private set; }

    /// <summary>Gradients on the way down: of the residual stream and a norm's output, [M, D'], qkv, attention output.</summary>
    public float* ResidualGradient { get; private set; }

    public float* NormedGradient { get; private set; }

    public float* QkvGradient { get; private set; }

    public float* AttendedGradient { get; private set; }

    /// <summary>Gate and up, [R, 2F'].</summary>
    public float* GateUpGradient { get; private set; }

    /// <summary>silu(gate) up of the rows in hand, [R, F']; on the way down first its gradient.</summary>
    public float* Gated { get; private set; }

    /// <summary>
    /// Rows that the feed-forward half goes down with at once, R: as few as on the way up where the gradient of the matrices stays in the second-level cache, else as many
    /// as are summed into a large gradient at a time. A multiple of what is summed at a time, so that blocks change no bit.
    /// </summary>
    public int BackwardBlock { get; } = Math.Max(ForwardBlock, MatMul.GradientRows(2L * layout.FeedForward * layout.Width));

    /// <summary>Rows that the projections around attention go down with at once, chosen likewise.</summary>
    public int AttentionBlock { get; } = Math.Max(ForwardBlock, MatMul.GradientRows(Math.Max(layout.QkvWidth, layout.QueryWidth) * (long)layout.Width));

    /// <summary>
    /// Keys and values of a path, [T', h'], transposed, [h', T'] in rows of <see cref="KeyStride"/>, their gradients, and scores of a block of queries, [QueryBlock, T'].
    /// </summary>
    public float* Keys { get; private set; }

    /// <summary>Floats from row to row of transposed keys and values: an odd number of cache lines, for the reason above.</summary>
    public int KeyStride { get; private set; }

    public float* Values { get; private set; }

    public float* KeysTransposed { get; private set; }

    public float* ValuesTransposed { get; private set; }

    public float* KeysGradient { get; private set; }

    public float* ValuesGradient { get; private set; }

    public float* Scores { get; private set; }

    public float* ScoresGradient { get; private set; }

    /// <summary>An adapter's narrow activations on the way up and their gradients on the way down, [M, r']; null without an adapter.</summary>
    public float* LowInput { get; private set; }

    public float* LowGradient { get; private set; }

    /// <summary>As wide as the widest norm; receives gradients of frozen gains, which nobody reads. Null without an adapter.</summary>
    public float* Unread { get; private set; }

    /// <summary>Scratch of the weight-gradient kernel for at most <see cref="TransposedLimit"/> columns.</summary>
    public float* Scratch { get; private set; }

    public int TransposedLimit { get; } = Math.Min(TransposedColumns, Math.Max(Math.Max(layout.Vocab, layout.QkvWidth), Math.Max(2 * layout.FeedForward, layout.Width)));

    /// <summary>Position of each row, [M].</summary>
    public int* Positions { get; private set; }

    /// <summary>Token of each target in the order of <see cref="PredictorIndex"/>, [K].</summary>
    public int* SortedTokens { get; private set; }

    /// <summary>Makes room for any chunk of at most these sizes.</summary>
    /// <param name="rows">M.</param>
    /// <param name="targets">K.</param>
    /// <param name="keys">Longest path, T.</param>
    /// <param name="backward">Whether a backward pass follows.</param>
    public void Reserve(int rows, int targets, int keys, bool backward)
    {
        memory.EnsureCapacity(Floats(rows, targets, keys, backward));
        integers.EnsureCapacity(rows + (long)targets);
    }

    /// <summary>Floats that a chunk of these sizes takes.</summary>
    public long Floats(int rows, int targets, int keys, bool backward)
    {
        measuring = true;
        Carve(rows, targets, keys, backward);
        measuring = false;
        return taken;
    }

    /// <summary>Lays the buffers out for one chunk; the sizes were reserved before.</summary>
    public void Carve(int rows, int targets, int keys, bool backward)
    {
        var c = layout.Config;
        int predictors = Math.Min(rows, targets), path = Simd.Pad(keys);
        long m = rows, block = Math.Min(rows, BackwardBlock);
        taken = 0;
        KeepsGates = backward;
        int kept = backward && !recompute ? c.Layers : 1;
        for (int l = 0; l < c.Layers; l++)
        {
            ref var layer = ref Layers[l];
            if (l >= kept)
            {
                layer = Layers[0];
                if (backward) layer.Input = Take(m * layout.Width);
                continue;
            }
            layer.Input = Take(m * layout.Width);
            layer.InputNormed = Take(m * layout.Width);
            layer.InputInverse = Take(m);
            layer.RawQkv = c.QkNorm && backward ? Take(m * layout.QkvWidth) : null;
            layer.HeadInverse = c.QkNorm ? Take(m * (c.Heads + c.KeyValueHeads)) : null;
            layer.Qkv = Take(m * layout.QkvWidth);
            layer.Attended = Take(m * layout.QueryWidth);
            layer.LogSumExp = Take(m * c.Heads);
            layer.Middle = backward ? Take(m * layout.Width) : layer.Input;
            layer.MiddleNormed = backward ? Take(m * layout.Width) : layer.InputNormed;
            layer.MiddleInverse = Take(m);
            layer.GateUp = Take((KeepsGates ? m : Math.Min(m, ForwardBlock)) * GateUpStride);
        }
        Final = backward ? Take(m * layout.Width) : Layers[0].Input;
        Gated = Take(Math.Min(m, backward ? BackwardBlock : ForwardBlock) * GatedStride);
        HeadInput = Take((long)predictors * layout.Width);
        HeadNormed = Take((long)predictors * layout.Width);
        HeadInverse = Take(predictors);
        LogitRows = backward && layout.Vocab <= KeptVocab ? predictors : (int)Math.Min(predictors, Math.Max(6, LogitFloats / layout.Vocab / 6 * 6));
        Logits = Take((long)LogitRows * layout.Vocab);
        RowLogSumExp = Take(predictors);
        RowEntropy = Take(predictors);
        LogProb = Take(targets);
        Entropy = Take(targets);
        int longest = Math.Max(path, 16);
        Keys = Take((long)longest * layout.HeadSize);
        Values = Take((long)longest * layout.HeadSize);
        KeyStride = longest | Simd.Unit;
        KeysTransposed = Take((long)KeyStride * layout.HeadSize);
        Scores = Take((long)QueryBlock * longest);
        if (backward)
        {
            LogProbGradient = Take(targets);
            EntropyGradient = Take(targets);
            SortedGradient = Take(targets);
            ResidualGradient = Take(m * layout.Width);
            NormedGradient = Take(m * layout.Width);
            QkvGradient = Take(m * layout.QkvWidth);
            AttendedGradient = Take(m * layout.QueryWidth);
            GateUpGradient = Take(block * GateUpStride);
            ValuesTransposed = Take((long)KeyStride * layout.HeadSize);
            KeysGradient = Take((long)longest * layout.HeadSize);
            ValuesGradient = Take((long)longest * layout.HeadSize);
            ScoresGradient = Take((long)QueryBlock * longest);
            Scratch = Take(MatMul.TransposedScratch(TransposedLimit));
            if (rank > 0)
            {
                LowInput = Take(m * rank);
                LowGradient = Take(m * rank);
                Unread = Take(Math.Max(layout.Width, layout.HeadSize));
                if (!measuring) VectorMath.Clear(Unread, Math.Max(layout.Width, layout.HeadSize));
            }
        }
        if (measuring) return;
        Positions = integers.Pointer;
        SortedTokens = integers.Pointer + rows;
    }

    public void Dispose()
    {
        memory.Dispose();
        integers.Dispose();
    }

    private float* Take(long count)
    {
        float* at = measuring ? null : memory.Pointer + taken;
        taken += Simd.Pad(count);
        return at;
    }
}
