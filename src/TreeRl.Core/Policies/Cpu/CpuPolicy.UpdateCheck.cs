using System.Globalization;
using TreeRl.Numerics;

namespace TreeRl.Policies.Cpu;

public sealed unsafe partial class CpuPolicy
{
    private UpdateBounds bounds = UpdateBounds.Unknown;

    /// <summary>
    /// Makes sure that the update in hand makes finite weights and moments only. Bounds decide that without a look at the numbers; where they
    /// cannot, they are measured anew; where that is not enough either, the whole update is computed once without writing it.
    /// </summary>
    /// <param name="norm">Norm of the gradient before clipping.</param>
    /// <exception cref="NonFiniteException">It would not. The gradient is cleared, nothing else has changed.</exception>
    private void CheckUpdate(double norm)
    {
        double most = norm * gradientScale;
        var after = bounds.After(most, adam);
        if (!after.Safe)
        {
            after = new UpdateBounds(
                AdamW.LargestMagnitude(TrainedArena, trained.Total),
                AdamW.LargestMagnitude(firstMoment!.Pointer, trained.Total),
                AdamW.LargestMagnitude(secondMoment!.Pointer, trained.Total)).After(most, adam);
        }
        if (!after.Safe)
        {
            TryUpdate();
            after = UpdateBounds.Unknown;
        }
        bounds = after;
    }

    /// <summary>Computes the update block by block without writing, and stops at the first weight or moment that is not finite.</summary>
    private void TryUpdate()
    {
        for (int block = 0; block < blockSquares.Length; block++)
        {
            var (first, end) = BlockRange(block);
            long at = AdamW.FirstNonFinite(
                TrainedArena, (float**)lanePointers.Pointer, usedLanes, firstMoment!.Pointer, secondMoment!.Pointer, first, end, gradientScale, adam, decays: block < matrixBlocks,
                out float value);
            if (at < 0) continue;
            ClearGradient();
            throw new NonFiniteException($"a new weight or moment of {trained.NameAt(at)} (learning rate {adam.LearningRate.ToString(CultureInfo.InvariantCulture)})", value);
        }
    }
}
