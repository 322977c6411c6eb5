using System;
using System.IO;
using System.Reflection;
using TreeRl.Models;
using TreeRl.Policies.Cpu;

namespace TreeRl.Policies.Engines;

/// <summary>
/// Finds engines at run time, so that nothing here refers to TorchSharp. The assembly TreeRl.Torch is looked for in the folder that the environment variable
/// TREERL_TORCH names, which <c>./treerl --torch cpu|cuda</c> sets, and beside the program.
/// </summary>
public static class EngineRegistry
{
    /// <summary>Names the folder that TreeRl.Torch.dll lies in.</summary>
    public const string FolderVariable = "TREERL_TORCH";

    private const string AssemblyName = "TreeRl.Torch", ProviderName = "TreeRl.Torch.TorchEngines";
    private static readonly object Gate = new();
    private static IEngineProvider? provider;

    /// <summary>Makes a policy of weights, which are copied.</summary>
    /// <param name="device">Where it computes.</param>
    /// <param name="weights">The weights it starts from.</param>
    /// <param name="options">How the TorchSharp engine uses its device; null for the defaults. The embedded engine has options of its own and takes none here.</param>
    /// <exception cref="EngineMissingException">The package or the device is missing.</exception>
    /// <exception cref="ArgumentException">Options are given for the embedded engine, or one breaks its rule.</exception>
    public static IPolicy Create(EngineDevice device, ModelWeights weights, EngineOptions? options = null)
    {
        if (device != EngineDevice.Cpu) return Provider(device).Create(device, weights, (options ?? new EngineOptions()).Validated());
        Guard.That(options is null, "options are given for the embedded engine, which computes in single precision and has none of them: leave them out, or choose TorchCpu or Cuda", nameof(options));
        return CpuPolicy.Create(weights);
    }

    /// <summary>Makes sure that a device can compute, before any work is done for it.</summary>
    /// <exception cref="EngineMissingException">The package or the device is missing.</exception>
    public static void Require(EngineDevice device)
    {
        if (device != EngineDevice.Cpu) Provider(device).Require(device);
    }

    /// <summary>The TorchSharp engine's package and build.</summary>
    /// <exception cref="EngineMissingException">The package is missing.</exception>
    public static string PackageOf(EngineDevice device) => device == EngineDevice.Cpu ? "embedded" : Provider(device).Package;

    private static IEngineProvider Provider(EngineDevice device)
    {
        lock (Gate) return provider ??= Load(device);
    }

    private static IEngineProvider Load(EngineDevice device)
    {
        string cure = $"Run the script by './treerl --torch {(device == EngineDevice.Cuda ? "cuda" : "cpu")} script.fsx', or build src/TreeRl.Torch with -p:Torch=cpu|cuda and set {FolderVariable} to its output folder";
        string? named = Environment.GetEnvironmentVariable(FolderVariable);
        string folder = string.IsNullOrEmpty(named) ? AppContext.BaseDirectory : named;
        string path = Path.GetFullPath(Path.Combine(folder, AssemblyName + ".dll"));
        if (!File.Exists(path))
            throw new EngineMissingException(device, EnginePart.Package, $"no {path} ({FolderVariable} is {(string.IsNullOrEmpty(named) ? "not set" : $"'{named}'")})", cure);
        try
        {
            var type = Assembly.LoadFrom(path).GetType(ProviderName, throwOnError: true)!;
            return (IEngineProvider)Activator.CreateInstance(type)!;
        }
        catch (Exception met) when (met is BadImageFormatException or IOException or TypeLoadException or TargetInvocationException or MissingMethodException or InvalidCastException)
        {
            throw new EngineMissingException(device, EnginePart.Package, $"{path}, which cannot be loaded: {(met.InnerException ?? met).Message}", cure, met);
        }
    }
}
