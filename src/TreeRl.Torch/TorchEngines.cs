using System;
using System.IO;
using System.Linq;
using System.Reflection;
using TorchSharp;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Engines;

namespace TreeRl.Torch;

/// <summary>Offers the TorchSharp engine to <see cref="EngineRegistry"/>, and says what is missing where it cannot compute.</summary>
public sealed class TorchEngines : IEngineProvider
{
    private static readonly string BuiltFor =
        typeof(TorchEngines).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "Torch")?.Value ?? "nothing known";

    /// <inheritdoc/>
    public string Package
    {
        get
        {
            var version = typeof(torch).Assembly.GetName().Version;
            return $"TorchSharp {version?.ToString(3)} (made for libtorch {torch.__version__}), built for {BuiltFor}";
        }
    }

    /// <inheritdoc/>
    public void Require(EngineDevice device)
    {
        bool cuda = device == EngineDevice.Cuda;
        if (cuda && BuiltFor != "cuda")
        {
            const string cure = "Run the script by './treerl --torch cuda script.fsx', which builds with TorchSharp-cuda-linux";
            throw new EngineMissingException(device, EnginePart.Package, Package, cure);
        }
        bool available;
        try
        {
            available = torch.TryInitializeDeviceType(cuda ? DeviceType.CUDA : DeviceType.CPU);
        }
        catch (Exception met) when (met is NotSupportedException or TypeLoadException or BadImageFormatException or TypeInitializationException)
        {
            string found = $"{Package}, whose native library does not load: {new StringReader(met.Message.Trim()).ReadLine()}";
            throw new EngineMissingException(device, EnginePart.Package, found, "Build src/TreeRl.Torch anew, so that NuGet restores libtorch", met);
        }
        if (!available)
        {
            const string cure = "Look at nvidia-smi, the driver's version (CUDA 12.8 or later) and CUDA_VISIBLE_DEVICES, or choose TorchCpu or Cpu";
            throw new EngineMissingException(device, EnginePart.Device, $"{Package}; it sees {torch.cuda.device_count()} CUDA devices", cure);
        }
    }

    /// <inheritdoc/>
    public IPolicy Create(EngineDevice device, ModelWeights weights, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        Require(device);
        if (device == EngineDevice.Cuda) torch.backends.cuda.matmul.allow_tf32 = false; // single precision means single precision
        return new TorchPolicy(weights, torch.device(device == EngineDevice.Cuda ? "cuda:0" : "cpu"), options.Validated());
    }
}
