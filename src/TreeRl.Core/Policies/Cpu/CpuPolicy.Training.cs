using System;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

public sealed unsafe partial class CpuPolicy
{
    /// <summary>Parameters a worker treats at once in an update; fixed, so that the norm's sum is.</summary>
    private const long UpdateBlock = 1 << 16;

    private readonly NativeBuffer<float>[] lanes;
    private readonly NativeBuffer<nint> lanePointers = new(64);
    private readonly Lock failureLock = new();
    private NativeBuffer<float>? firstMoment, secondMoment;
    private LossReport[] reports = [];
    private double[] blockSquares = [];
    private bool[] laneTouched = [];
    private IObjective objective = null!;
    private ExceptionDispatchInfo? failure;
    private int failedChunk, nextLane, nextBlock, usedLanes, matrixBlocks;
    private double gradientScale;
    private AdamWSettings adam;
    private long step;

    /// <inheritdoc/>
    public LossReport Accumulate(PackedBatch batch, IObjective objective)
    {
        CheckTrainable();
        check.Check(batch, Config);
        ArgumentNullException.ThrowIfNull(objective);
        if (GroupParts.Of(batch, options.SplitAbove) is not { } parts) return Train(batch, objective);
        MakeLanes();
        try
        {
            var (report, derivatives) = parts.Evaluate(ScoreChunks, objective);
            Train(parts.Batch, derivatives);
            return report;
        }
        catch
        {
            ClearGradient();
            throw;
        }
    }

    /// <inheritdoc/>
    public UpdateReport Apply(OptimizerSettings settings, double learningRate)
    {
        CheckTrainable();
        OptimizerCheck.Settings(settings, learningRate);
        MakeLanes();
        MakeMoments();
        GatherLanes();
        nextBlock = 0;
        pool.Run(sumSquares);
        double squares = 0;
        foreach (double part in blockSquares) squares += part;
        if (!double.IsFinite(squares)) StopNonFinite();
        double norm = Math.Sqrt(squares);
        bool clipped = norm > settings.MaxGradientNorm;
        gradientScale = clipped ? settings.MaxGradientNorm / norm : 1;
        adam = new AdamWSettings(learningRate, settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay, step + 1);
        CheckUpdate(norm);
        step++;
        nextBlock = 0;
        pool.Run(stepBlocks);
        Array.Clear(laneTouched);
        weights.Changed();
        return new UpdateReport(norm, clipped, step);
    }

    /// <inheritdoc/>
    public ModelWeights TakeGradient()
    {
        CheckTrainable();
        OptimizerCheck.WholeWeights(weights.Adapter is not null);
        var gradient = (ModelWeights)ExportGradient();
        ClearGradient();
        return gradient;
    }

    /// <inheritdoc/>
    public OptimizerState ExportOptimizer()
    {
        CheckTrainable();
        MakeMoments();
        return new OptimizerState(step, trained.CopyOut(firstMoment!.Pointer), trained.CopyOut(secondMoment!.Pointer));
    }

    /// <inheritdoc/>
    public void ImportOptimizer(OptimizerState state)
    {
        CheckTrainable();
        OptimizerCheck.State(state, trained.Tensors.Select(place => (place.Name, place.Shape)));
        MakeMoments();
        step = state.Step;
        bounds = UpdateBounds.Unknown;
        trained.CopyIn(state.FirstMoment, firstMoment!.Pointer);
        trained.CopyIn(state.SecondMoment, secondMoment!.Pointer);
    }

    /// <summary>The accumulated gradient in the layout of what is trained, for tests.</summary>
    internal ITensorSet ExportGradient()
    {
        MakeLanes();
        using var sum = new NativeBuffer<float>(trained.Total);
        foreach (var lane in lanes) VectorMath.Add(lane.Pointer, sum.Pointer, trained.Total);
        return trained.CopyOut(sum.Pointer);
    }

    /// <summary>Forward and backward over the batch, all groups whole.</summary>
    private LossReport Train(PackedBatch packed, IObjective wanted)
    {
        Prepare(packed, backward: true);
        weights.EnsureBackward();
        MakeLanes();
        if (reports.Length < packed.GroupCount) reports = new LossReport[Math.Max(packed.GroupCount, 2 * reports.Length)];
        objective = wanted;
        failure = null;
        nextLane = 0;
        pool.Run(trainLanes);
        batch = null!;
        objective = null!;
        if (failure is not null)
        {
            ClearGradient();
            failure.Throw();
        }
        var total = default(LossReport);
        for (int g = 0; g < packed.GroupCount; g++) total = total.Plus(in reports[g]);
        return total;
    }

    /// <summary>Takes lanes one by one and runs each lane's chunks in order. A lane stops at its first failure; the earliest chunk's is thrown in the end.</summary>
    private void TrainLanes(int worker)
    {
        int lane;
        while (worker < working && (lane = Interlocked.Increment(ref nextLane) - 1) < lanes.Length)
        {
            for (int chunk = 0; chunk < plan.ChunkCount; chunk++)
            {
                if (plan.Lane[chunk] != lane) continue;
                laneTouched[lane] = true;
                try
                {
                    passes[worker].Accumulate(batch, plan.FirstGroup[chunk], plan.FirstGroup[chunk + 1], check.LongestPath, objective, lanes[lane].Pointer, reports);
                }
                catch (Exception met) // the objective is user code
                {
                    Fail(chunk, met);
                    break;
                }
            }
        }
    }

    private void Fail(int chunk, Exception met)
    {
        lock (failureLock)
        {
            if (failure is not null && failedChunk < chunk) return;
            failedChunk = chunk;
            failure = ExceptionDispatchInfo.Capture(met);
        }
    }

    private void SumSquares(int worker)
    {
        long block;
        while ((block = Interlocked.Increment(ref nextBlock) - 1) < blockSquares.Length)
        {
            var (first, end) = BlockRange(block);
            blockSquares[block] = AdamW.SumOfSquares((float**)lanePointers.Pointer, usedLanes, first, end);
        }
    }

    private void StepBlocks(int worker)
    {
        long block;
        while ((block = Interlocked.Increment(ref nextBlock) - 1) < blockSquares.Length)
        {
            var (first, end) = BlockRange(block);
            AdamW.Step(
                TrainedArena, (float**)lanePointers.Pointer, usedLanes, firstMoment!.Pointer, secondMoment!.Pointer, first, end, gradientScale, adam, decays: block < matrixBlocks);
        }
    }

    /// <summary>Blocks of matrices first, then of vectors, so that a block decays as a whole or not at all.</summary>
    private (long First, long End) BlockRange(long block)
    {
        long first = block < matrixBlocks ? block * UpdateBlock : trained.MatrixEnd + (block - matrixBlocks) * UpdateBlock;
        return (first, Math.Min(first + UpdateBlock, block < matrixBlocks ? trained.MatrixEnd : trained.Total));
    }

    private void MakeLanes()
    {
        if (laneTouched.Length > 0) return;
        for (int i = 0; i < lanes.Length; i++) lanes[i] = new NativeBuffer<float>(trained.Total);
        laneTouched = new bool[lanes.Length];
        matrixBlocks = (int)((trained.MatrixEnd + UpdateBlock - 1) / UpdateBlock);
        blockSquares = new double[matrixBlocks + (int)((trained.Total - trained.MatrixEnd + UpdateBlock - 1) / UpdateBlock)];
    }

    private void MakeMoments()
    {
        firstMoment ??= new NativeBuffer<float>(trained.Total);
        secondMoment ??= new NativeBuffer<float>(trained.Total);
    }

    /// <summary>Lists the lanes that hold something, in order; the first lane when none does.</summary>
    private void GatherLanes()
    {
        usedLanes = 0;
        for (int i = 0; i < lanes.Length; i++)
        {
            if (laneTouched[i]) lanePointers.Pointer[usedLanes++] = (nint)lanes[i].Pointer;
        }
        if (usedLanes == 0) lanePointers.Pointer[usedLanes++] = (nint)lanes[0].Pointer;
    }

    private void ClearGradient()
    {
        for (int i = 0; i < lanes.Length; i++)
        {
            if (laneTouched[i]) lanes[i].Clear();
        }
        Array.Clear(laneTouched);
    }

    private void StopNonFinite()
    {
        var pointers = (float**)lanePointers.Pointer;
        for (long i = 0; i < trained.Total; i++)
        {
            float sum = 0;
            for (int lane = 0; lane < usedLanes; lane++) sum += pointers[lane][i];
            if (float.IsFinite(sum)) continue;
            ClearGradient();
            throw new NonFiniteException($"gradient of {trained.NameAt(i)}", sum);
        }
    }

    private void CheckTrainable()
    {
        CheckAlive();
        OptimizerCheck.Trainable(frozen);
    }
}
