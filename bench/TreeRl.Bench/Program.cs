// Purpose: measures the engine against the machine it runs on.
// Run:     dotnet run -c Release --project bench/TreeRl.Bench -- kernels [portable|avx2|avx512]
// Time:    about half a minute for the kernels.
// Expect:  shares of the peak measured in the same run; absolute figures of a shared machine mean little.
using System;
using TreeRl.Bench;
using TreeRl.Numerics;

switch (args)
{
    case ["kernels"]:
        KernelBench.Run(Simd.Best);
        return 0;
    case ["kernels", var name] when Enum.TryParse(name, ignoreCase: true, out SimdLevel level) && Enum.IsDefined(level):
        KernelBench.Run(level);
        return 0;
    default:
        Console.Error.WriteLine("usage: TreeRl.Bench kernels [portable|avx2|avx512]");
        return 2;
}
