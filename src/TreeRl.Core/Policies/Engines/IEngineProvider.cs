using System;
using TreeRl.Models;

namespace TreeRl.Policies.Engines;

/// <summary>Makes policies on devices that the embedded engine does not know. The assembly TreeRl.Torch has one; it is found at run time.</summary>
public interface IEngineProvider
{
    /// <summary>Names the package and its build, as in "TorchSharp 0.107.0, libtorch 2.10.0.0, built for cpu".</summary>
    string Package { get; }

    /// <summary>Makes sure that <paramref name="device"/> can compute.</summary>
    /// <exception cref="EngineMissingException">It cannot; says whether the package or the device is missing.</exception>
    void Require(EngineDevice device);

    /// <summary>Makes a policy of weights, which are copied.</summary>
    /// <exception cref="EngineMissingException">The device cannot compute.</exception>
    IPolicy Create(EngineDevice device, ModelWeights weights, EngineOptions options);
}

/// <summary>What an engine holds in memory that the garbage collector does not see.</summary>
public interface IDeviceMemory
{
    /// <summary>Living tensor handles of the whole process. The same before and after each call of a policy, except that the first ones make its gradient and moments.</summary>
    long LiveTensors { get; }

    /// <summary>Bytes of this policy's weights, gradient, moments and tables.</summary>
    long HeldBytes { get; }
}

/// <summary>Which part of an engine is not there.</summary>
public enum EnginePart
{
    /// <summary>The package: the assembly, or a native library it needs, or its build for this device.</summary>
    Package,

    /// <summary>The device, or its driver.</summary>
    Device,
}

/// <summary>An engine was asked for that cannot compute here. There is no fall-back: a run says where it computes.</summary>
public sealed class EngineMissingException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="device">What was asked for.</param>
    /// <param name="part">What is missing.</param>
    /// <param name="found">What was found instead.</param>
    /// <param name="cure">What to do.</param>
    /// <param name="cause">The failure behind it, if any.</param>
    public EngineMissingException(EngineDevice device, EnginePart part, string found, string cure, Exception? cause = null)
        : base($"engine {device}: the {(part == EnginePart.Package ? "package" : "device")} is missing. Found: {found}. {cure}", cause)
    {
        Device = device;
        Part = part;
    }

    /// <summary>What was asked for.</summary>
    public EngineDevice Device { get; }

    /// <summary>What is missing.</summary>
    public EnginePart Part { get; }
}
