// Purpose: measures the engine beside a PyTorch peer that does the same flat work, and against the machine it runs on.
// Run:     dotnet run -c Release --project bench/TreeRl.Bench             everything, three rounds; stores the tables in bench/results
//          dotnet run -c Release --project bench/TreeRl.Bench -- rounds 2    the same in another number of rounds
//          dotnet run -c Release --project bench/TreeRl.Bench -- quick    one round, 1M only, stored under a name of its own
//          dotnet run -c Release --project bench/TreeRl.Bench -- growth   the growth tables by themselves, likewise
//          each of these with "million" behind it also trains on 1,048,576 rows in one step
//          dotnet run -c Release --project bench/TreeRl.Bench -- kernels [portable|avx2|avx512]
//          dotnet run -c Release --project bench/TreeRl.Bench -- attention
//          dotnet run -c Release --project bench/TreeRl.Bench -- policy [decode|train]
// Time:    about half an hour for everything, six minutes for quick, one for growth, two more for million, half a minute for the kernels, a minute for the policy.
// Expect:  shares of the peak measured in the same run; absolute figures of a shared machine mean little.
using System;
using TreeRl.Bench;
using TreeRl.Numerics;

bool million = args is ["million"] or ["quick" or "growth", "million"] or ["rounds", _, "million"];
switch (million ? args[..^1] : args)
{
    case []:
        CompareBench.Run(3, ["1M", "10M"], "", million);
        return 0;
    case ["rounds", var count] when int.TryParse(count, out int rounds) && rounds > 0:
        CompareBench.Run(rounds, ["1M", "10M"], "", million);
        return 0;
    case ["quick"]:
        CompareBench.Run(1, ["1M"], "quick", million);
        return 0;
    case ["growth"]:
        var ledger = Ledger.Begin("How the time of a row grows", "");
        GrowthBench.Run(ledger, 3, million);
        ledger.End("growth");
        return 0;
    case ["memory", "1M" or "10M" or "100M", var recompute]:
        MemoryBench.Print(args[1], bool.Parse(recompute));
        return 0;
    case ["speed"]:
        FreshProcess.PrintSpeed();
        return 0;
    case ["first-token", "1M" or "10M"]:
        FreshProcess.PrintFirstToken(args[1]);
        return 0;
    case ["kernels"]:
        KernelBench.Run(Simd.Best);
        return 0;
    case ["kernels", var name] when Enum.TryParse(name, ignoreCase: true, out SimdLevel level) && Enum.IsDefined(level):
        KernelBench.Run(level);
        return 0;
    case ["attention"]:
        AttentionBench.Run();
        return 0;
    case ["policy"]:
        PolicyBench.Run(decode: true, train: true);
        return 0;
    case ["policy", "decode" or "train"]:
        PolicyBench.Run(decode: args[1] == "decode", train: args[1] == "train");
        return 0;
    default:
        Console.Error.WriteLine("usage: TreeRl.Bench [[rounds N | quick | growth] [million] | kernels [portable|avx2|avx512] | attention | policy [decode|train]]");
        return 2;
}
