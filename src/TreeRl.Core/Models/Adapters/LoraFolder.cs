using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace TreeRl.Models;

/// <summary>
/// An adapter on disk in the format of Hugging Face's PEFT: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, whose tensors are called
/// <c>base_model.model.NAME.lora_A.weight</c> and <c>.lora_B.weight</c>.
/// </summary>
public static class LoraFolder
{
    internal const string ConfigName = "adapter_config.json", WeightsName = "adapter_model.safetensors";
    private const string PickledName = "adapter_model.bin", Prefix = "base_model.model.";

    /// <summary>Writes an adapter folder, aside first and then renamed; a former adapter of that name is replaced. Equal adapters give equal bytes.</summary>
    /// <param name="folder">The folder; absent, empty, or an adapter's with nothing else in it.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="baseModel">Name or path of the model it belongs to, from which PEFT fetches it; null leaves that to the reader.</param>
    /// <param name="type">Element type of the file. F32 keeps every bit.</param>
    /// <exception cref="ArgumentException">The folder holds other files, or an element is too large for the type.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Save(string folder, LoraAdapter adapter, string? baseModel = null, TensorType type = TensorType.F32)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        foreach (string name in adapter.Names) type.Check(adapter[name]);
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Directory.Exists(target))
            foreach (string entry in Directory.EnumerateFileSystemEntries(target))
                Guard.That(Path.GetFileName(entry) is ConfigName or WeightsName, $"folder {target} holds {Path.GetFileName(entry)}, which is no part of an adapter: choose a fresh folder", nameof(folder));
        FolderSwap.Write(target, aside =>
        {
            LoraConfigFile.Write(Path.Combine(aside, ConfigName), adapter.Settings, baseModel);
            SafeTensors.Write(
                Path.Combine(aside, WeightsName), adapter.Names.Select(name => adapter[name] with { Name = Prefix + name }), new Dictionary<string, string> { ["format"] = "pt" }, type);
        });
    }

    /// <summary>
    /// Reads an adapter that was made for a model: plain LoRA on linear layers, one rank and alpha for all, F32, F16 or BF16. What computes otherwise (DoRA, rsLoRA,
    /// ranks by pattern, biases, whole modules beside it) is refused by name.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="config">The model it goes on.</param>
    /// <exception cref="InvalidDataException">A file breaks its format, contradicts the other or the model, or asks for something that is not computed.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static LoraAdapter Load(string folder, ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        FolderSwap.Finish(folder);
        string path = Path.Combine(folder, WeightsName);
        var settings = LoraConfigFile.Read(Path.Combine(folder, ConfigName));
        if (!File.Exists(path) && File.Exists(Path.Combine(folder, PickledName)))
            throw ModelFile.Bad(folder, $"has {PickledName} but no {WeightsName}: pickled weights, which may run code, are not read; save the adapter again as safetensors");
        using var file = SafeTensorsFile.Open(path);
        foreach (var entry in file.Header.Entries) CheckName(entry.Name, path);
        if (settings.Layers.IsEmpty) settings = settings with { Layers = LayersOf(file.Header.Entries) };
        try
        {
            return new LoraAdapter(config, Checked(settings, file, config, path), file.Header.Entries.Select(entry => file.Read(entry) with { Name = entry.Name[Prefix.Length..] }));
        }
        catch (ArgumentException e)
        {
            throw ModelFile.Bad(folder, $"the adapter does not fit the model: {e.Message}", e);
        }
    }

    /// <summary>Compares names and shapes with what the settings ask of the model, before any element is read.</summary>
    private static LoraSettings Checked(LoraSettings settings, SafeTensorsFile file, ModelConfig config, string path)
    {
        var found = file.Header.Entries.ToDictionary(entry => entry.Name, entry => entry.Shape, StringComparer.Ordinal);
        var valid = settings.Validated(config);
        foreach (var (name, shape) in LoraAdapter.Shapes(config, valid))
        {
            if (!found.Remove(Prefix + name, out int[]? given))
                throw ModelFile.Bad(path, $"tensor '{Prefix + name}' is missing: {ConfigName} names the layers {string.Join(", ", valid.Layers)}; the files are of different adapters, or the model has other layers");
            if (!given.AsSpan().SequenceEqual(shape))
                throw ModelFile.Bad(path, $"tensor '{Prefix + name}' has shape [{string.Join(", ", given)}]: must be [{string.Join(", ", shape)}] for rank {valid.Rank} on this model");
        }
        foreach (string name in found.Keys)
            throw ModelFile.Bad(path, $"tensor '{name}' is no part of an adapter on {string.Join(", ", valid.Layers)} of this model, as {ConfigName} says; the files are of different adapters, or the model is another");
        return settings;
    }

    private static void CheckName(string name, string path)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !(name.EndsWith(LoraAdapter.Down, StringComparison.Ordinal) || name.EndsWith(LoraAdapter.Up, StringComparison.Ordinal)))
            throw ModelFile.Bad(path, $"tensor '{name}' is no factor of a LoRA: names are {Prefix}NAME{LoraAdapter.Down} and {LoraAdapter.Up}");
    }

    /// <summary>The layers that occur, where the configuration gives a pattern instead of their names.</summary>
    private static System.Collections.Immutable.ImmutableArray<string> LayersOf(IReadOnlyList<SafeTensorsEntry> entries) =>
        [.. entries.Select(entry => entry.Name[..entry.Name.LastIndexOf(".lora_", StringComparison.Ordinal)]).Select(name => name[(name.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal)];
}
