using System;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

/// <summary>
/// Runs rows - a token at a position of a branch - through the model: writes their keys and values to the cache, attends to the branch, and makes
/// next-token logits where asked. Few rows are done by all threads together, which share each product by panels; many independent rows are
/// dealt out to the threads. Either way a row's result is the same to the bit, whatever the other rows.
/// </summary>
internal sealed unsafe partial class DecodePass : IDisposable
{
    // Rows that go through the model together: the weights are read once a wave.
    private const int WaveRows = 256;

    // Threads share the weights' panels, and wait for each other several times a layer, only where each would have fewer rows than this of its own. A model that the second-level caches
    // of two cores about hold is sooner read by each thread for itself.
    private const int SharedRowsSmall = 5, SharedRowsLarge = 20;
    private const long SmallModelBytes = 8 << 20;
    private const long LogitFloats = 1 << 24;

    private readonly PolicyWeights weights;
    private readonly ParameterLayout layout;
    private readonly SimdLevel level;
    private readonly WorkerPool pool;
    private readonly SharedBlocks cache, logits;
    private readonly DecodeAttention attention;
    private readonly WaveBuffers[] buffers;
    private readonly NativeBuffer<int> integers = new();
    private readonly NativeBuffer<nint> paths = new();
    private readonly Action<int> together, apart;
    private readonly int logitRows;
    private readonly bool small;
    private LogitMeasure[] measures = [];
    private int* tokens, positions, pathStart, logitBlock;
    private int rowCount, pathCount, currentStart, longest, waveFirst, waveEnd;
    private bool independentRows;

    public DecodePass(PolicyWeights weights, WorkerPool pool, SimdLevel level, SharedBlocks cache, SharedBlocks logits)
    {
        this.weights = weights;
        this.pool = pool;
        this.level = level;
        this.cache = cache;
        this.logits = logits;
        layout = weights.Layout;
        attention = new DecodeAttention(layout, cache.PieceStride);
        small = weights.ForwardBytes <= SmallModelBytes;
        logitRows = (int)Math.Clamp(LogitFloats / layout.Vocab, 6, WaveRows);
        buffers = new WaveBuffers[pool.Threads];
        for (int i = 0; i < buffers.Length; i++) buffers[i] = new WaveBuffers(layout);
        together = Together;
        apart = Apart;
    }

    /// <summary>Starts a list of rows.</summary>
    /// <param name="rows">Most rows that will be added.</param>
    /// <param name="pathBlocks">Most cache blocks on all their paths together.</param>
    public void Begin(int rows, int pathBlocks)
    {
        integers.EnsureCapacity(4L * rows);
        paths.EnsureCapacity(pathBlocks);
        tokens = integers.Pointer;
        positions = tokens + rows;
        pathStart = positions + rows;
        logitBlock = pathStart + rows;
        rowCount = pathCount = longest = 0;
    }

    /// <summary>Adds the path of a branch; the rows that follow belong to it.</summary>
    public void AddPath(Branch branch)
    {
        for (int i = 0; i < branch.BlockCount; i++) paths.Pointer[pathCount + i] = (nint)cache[branch.Blocks[i]];
        pathCount += branch.BlockCount;
        currentStart = pathCount - branch.BlockCount;
    }

    /// <summary>Adds a row. <paramref name="block"/> is the block for its logits, or -1.</summary>
    public void AddRow(int token, int position, int block)
    {
        tokens[rowCount] = token;
        positions[rowCount] = position;
        pathStart[rowCount] = currentStart;
        logitBlock[rowCount++] = block;
        longest = Math.Max(longest, position + 1);
        if (block >= measures.Length) Array.Resize(ref measures, Math.Max(block + 1, 2 * measures.Length));
    }

    /// <summary>What the logits in a block say.</summary>
    public LogitMeasure Measure(int block) => measures[block];

    /// <summary>
    /// Computes all rows. Rows of one path come in the order of their positions and are <paramref name="independent"/> only if there is one each; rows whose
    /// paths share a prefix attend to it together when they are neighbours.
    /// </summary>
    public void Run(bool independent)
    {
        independentRows = independent;
        int perThread = rowCount / pool.Threads;
        bool share = pool.Threads > 1 && perThread < (small ? SharedRowsSmall : SharedRowsLarge);
        int wave = Math.Min(WaveRows, rowCount);
        long scratchFloats = DecodeAttention.ScratchFloats(layout, wave, longest);
        for (int i = 0; i < buffers.Length; i++) buffers[i].Reserve(wave, Math.Min(logitRows, wave), scratchFloats);
        if (independent && !share)
        {
            pool.Run(apart);
            return;
        }
        for (waveFirst = 0; waveFirst < rowCount; waveFirst += WaveRows)
        {
            waveEnd = Math.Min(rowCount, waveFirst + WaveRows);
            pool.Run(together);
        }
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
        integers.Dispose();
        paths.Dispose();
    }

    private void Together(int worker) => Wave(waveFirst, waveEnd - waveFirst, buffers[0], buffers[worker], worker, pool.Threads);

    private void Apart(int worker)
    {
        int end = (int)((long)rowCount * (worker + 1) / pool.Threads);
        for (int first = (int)((long)rowCount * worker / pool.Threads); first < end; first += WaveRows)
            Wave(first, Math.Min(WaveRows, end - first), buffers[worker], buffers[worker], 0, 1);
    }
}
