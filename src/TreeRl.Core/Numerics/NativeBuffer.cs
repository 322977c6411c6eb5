using System;
using System.Runtime.InteropServices;

namespace TreeRl.Numerics;

/// <summary>
/// Memory outside the garbage collector's reach, aligned to a cache line (large ones to a page, those of megabytes to a huge one) and zeroed. The owner disposes it; a
/// forgotten one is freed by the finaliser, so whoever uses <see cref="Pointer"/> keeps the buffer reachable. Not safe to grow while another thread reads.
/// </summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint CacheLine = 64, Page = 4096;

    /// <summary>A zeroed buffer of <paramref name="length"/> elements; none at all for 0.</summary>
    public NativeBuffer(long length = 0)
    {
        Guard.InRange(length >= 0, length, "must not be negative");
        if (length > 0) Allocate(length);
    }

    /// <summary>Frees the memory of a buffer that was never disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>The first element; null while <see cref="Length"/> is 0. Changes when the buffer grows.</summary>
    public T* Pointer { get; private set; }

    /// <summary>Elements that may be used.</summary>
    public long Length { get; private set; }

    /// <summary>The elements as a span.</summary>
    /// <exception cref="OverflowException">There are more than a span holds.</exception>
    public Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>
    /// Makes room for at least <paramref name="length"/> elements. Growing takes half as much again, so that a steady workload stops allocating;
    /// the grown buffer is all zeros, the old contents are gone. Returns whether it grew.
    /// </summary>
    public bool EnsureCapacity(long length)
    {
        if (length <= Length) return false;
        long grown = Length == 0 ? length : Math.Max(length, Length + Length / 2);
        Free();
        Allocate(grown);
        return true;
    }

    /// <summary>Sets every element to zero bits.</summary>
    public void Clear()
    {
        if (Length > 0) NativeMemory.Clear(Pointer, (nuint)Length * (nuint)sizeof(T));
    }

    /// <summary>Frees the memory. Safe to call twice; <see cref="Pointer"/> is null afterwards.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Allocate(long length)
    {
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        nuint rounded = checked((bytes + (CacheLine - 1)) & ~(CacheLine - 1));
        bool huge = rounded >= HugePages.Size;
        Pointer = (T*)NativeMemory.AlignedAlloc(rounded, huge ? HugePages.Size : rounded >= Page ? Page : CacheLine);
        if (huge) HugePages.Ask(Pointer, rounded);
        Length = length;
        NativeBytes.OfThisThread += (long)rounded;
        NativeMemory.Clear(Pointer, rounded);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        NativeBytes.OfThisThread -= Length * sizeof(T);
        Pointer = null;
        Length = 0;
    }
}

/// <summary>Pages of two megabytes, where Linux has them to give: what lies in one spreads evenly over a cache's sets, and few of them need looking up.</summary>
internal static unsafe partial class HugePages
{
    /// <summary>Bytes of one.</summary>
    public const nuint Size = 2 << 20;

    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    /// <summary>Asks for fresh memory, from a multiple of <see cref="Size"/> on, to be made of them. It is advice: where it is not followed nothing else happens.</summary>
    public static void Ask(void* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux()) _ = Advise(start, bytes & ~(Size - 1), AdviseHugePages);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint bytes, int advice);
}

/// <summary>Bytes that a thread took in buffers less those it freed, to measure what something allocates.</summary>
internal static class NativeBytes
{
    [ThreadStatic]
    public static long OfThisThread;
}
