using System;
using TreeRl.Models;
using TreeRl.Numerics;

namespace TreeRl.Bench;

/// <summary>Kernels that pass once over rows, in nanoseconds an element, and the cost of the worker pool.</summary>
internal static unsafe class RowBench
{
    private const int Rows = 64, Width = 512, Head = 64;

    /// <summary>Prints the table.</summary>
    public static void Run()
    {
        using var x = KernelBench.Filled(Rows * Width * 2);
        using var y = KernelBench.Filled(Rows * Width * 2);
        using var z = KernelBench.Filled(Rows * Width * 2);
        using var moment = new NativeBuffer<float>(Rows * Width * 2);
        using var positions = new NativeBuffer<int>(Rows);
        using var target = new NativeBuffer<int>(1);
        using var halves = new Rotary(Head, 512, 10000, RotaryPairing.HalfSplit);
        using var adjacent = new Rotary(Head, 512, 10000, RotaryPairing.Adjacent);
        for (int i = 0; i < Rows; i++) positions.Pointer[i] = 7 * i;
        float* a = x.Pointer, b = y.Pointer, c = z.Pointer;
        const long Elements = Rows * Width;
        Console.WriteLine($"\n{Rows} rows of {Width}, nanoseconds an element");
        Print("exp", Elements, () => VectorMath.Exp(a, b, Elements));
        Print("softmax", Elements, () => EachRow(row => { VectorMath.Copy(a + row * Width, b + row * Width, Width); Softmax.Forward(b + row * Width, Width - 5, Width, 0.1f, out _); }));
        Print("log-softmax stats", Elements, () => EachRow(row => LogSoftmax.Stats(a + row * Width, Width, out _, out _, out _)));
        Print("log-softmax gradient", Elements, () => EachRow(row => LogSoftmax.Gradient(a + row * Width, Width, 7, 5, target.Pointer, c, 1, 0.1f, b + row * Width)));
        Print("rms norm", Elements, () => RmsNorm.Forward(a, Width, c, b, Width, moment.Pointer, Rows, Width, 1e-5f));
        Print("rms norm backward", Elements, () => RmsNorm.Backward(a, Width, c, moment.Pointer, b, Width, c + Elements, Width, moment.Pointer + Rows, Rows, Width));
        Print("rotary, halves", Elements, () => halves.Apply(a, Width, Rows, Width / Head, Head, positions.Pointer));
        Print("rotary, adjacent", Elements, () => adjacent.Apply(a, Width, Rows, Width / Head, Head, positions.Pointer));
        Print("swiglu", Elements, () => SwiGlu.Forward(a, Width * 2, Width, b, Width, Rows, 0, Width));
        Print("swiglu backward", Elements, () => SwiGlu.Backward(a, Width * 2, Width, b, Width, c, Width * 2, Rows, Width));
        float** lanes = stackalloc float*[] { a, b };
        nint address = (nint)lanes;
        var settings = new AdamWSettings(1e-4, 0.9, 0.95, 1e-8, 0.01, 5);
        Print("adamw, two lanes", Elements, () => AdamW.Step(c, (float**)address, 2, moment.Pointer, moment.Pointer + Elements, 0, Elements, 1, settings, true));
        Print("sum of squares", Elements, () => AdamW.SumOfSquares((float**)address, 2, 0, Elements));
        using var packed = new PackedMatrix(Width, Rows);
        Print("pack rows", Elements, () => packed.PackRows(a, Rows));
        Print("pack transposed", Elements, () => packed.PackTransposed(a, Width));
        using var pool = new WorkerPool(Math.Min(2, Environment.ProcessorCount));
        Action<int> nothing = _ => { }, barriers = _ => { for (int i = 0; i < 100; i++) pool.Barrier(); };
        Print($"pool of {pool.Threads}: run", 1, () => pool.Run(nothing));
        Print($"pool of {pool.Threads}: barrier", 100, () => pool.Run(barriers));
    }

    private static void EachRow(Action<int> kernel)
    {
        for (int row = 0; row < Rows; row++) kernel(row);
    }

    private static void Print(string name, long elements, Action work) => Console.WriteLine($"{name,-24}{Clock.Best(work) * 1e9 / elements,8:f3}");
}
