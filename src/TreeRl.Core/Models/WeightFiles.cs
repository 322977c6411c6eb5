using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>
/// The weights of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json names. Names, shapes, types and places are checked
/// against the index and the configuration before any element is read.
/// </summary>
internal static class WeightFiles
{
    internal const string SingleName = "model.safetensors", IndexName = "model.safetensors.index.json";
    private const string Extension = ".safetensors", OldBuffer = ".rotary_emb.inv_freq", PickledFiles = "pytorch_model*.bin";

    /// <summary>Reads the weights of a configuration.</summary>
    /// <exception cref="InvalidDataException">A file breaks its format, contradicts another, or does not fit the configuration.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static ModelWeights Read(string folder, ModelConfig config)
    {
        var files = new List<SafeTensorsFile>();
        try
        {
            var places = Open(folder, files);
            string source = files.Count == 1 ? files[0].Path : Path.Combine(folder, IndexName);
            Check(places, config, source);
            if (config.TiedHead && places.Remove(TensorNames.Head, out var head)) CheckTiedHead(head, places[TensorNames.Embedding]);
            try
            {
                return new ModelWeights(config, ModelWeights.Shapes(config).Select(wanted => places[wanted.Name].Read()));
            }
            catch (ArgumentException e)
            {
                throw ModelFile.Bad(source, $"does not fit {ModelFolder.ConfigName}: {e.Message}", e);
            }
        }
        finally
        {
            foreach (var file in files) file.Dispose();
        }
    }

    private static Dictionary<string, Place> Open(string folder, List<SafeTensorsFile> files)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
        if (File.Exists(single) || !File.Exists(index))
        {
            if (!File.Exists(single) && Directory.Exists(folder) && Directory.EnumerateFiles(folder, PickledFiles).Any())
                throw ModelFile.Bad(folder, $"has {PickledFiles} but no {SingleName}: pickled weights, which may run code, are not read; convert them to safetensors");
            files.Add(SafeTensorsFile.Open(single));
            foreach (var entry in files[0].Header.Entries) places.Add(entry.Name, new Place(files[0], entry));
            return places;
        }
        var shardOf = ReadIndex(index);
        foreach (string shard in shardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, shard);
            if (!File.Exists(path)) throw ModelFile.Bad(index, $"names the shard {shard}, which is not in the folder: fetch it");
            var file = SafeTensorsFile.Open(path);
            files.Add(file);
            foreach (var entry in file.Header.Entries)
            {
                string? home = shardOf.GetValueOrDefault(entry.Name);
                if (home != shard)
                    throw ModelFile.Bad(path, $"holds the tensor '{entry.Name}', which {IndexName} {(home is null ? "does not name" : $"places in {home}")}: the files are of different models; fetch them again");
                places.Add(entry.Name, new Place(file, entry));
            }
        }
        foreach (var (name, shard) in shardOf)
            if (!places.ContainsKey(name))
                throw ModelFile.Bad(index, $"places the tensor '{name}' in {shard}, which does not hold it: the files are of different models; fetch them again");
        return places;
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        using var json = ModelFile.ReadJson(path);
        if (!json.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw ModelFile.Bad(path, "\"weight_map\" is missing or no object: must give each tensor's file");
        var shardOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject())
        {
            string shard = ModelFile.Text(map, property.Name, path);
            bool plain = shard.EndsWith(Extension, StringComparison.Ordinal) && shard.Length > Extension.Length && shard.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
            if (!plain)
                throw ModelFile.Bad(path, $"tensor '{property.Name}' is in {ModelFile.Raw(property.Value)}: must be the name of a file in the same folder, of letters, digits, '.', '-' and '_', that ends in {Extension}");
            shardOf.Add(property.Name, shard);
        }
        if (shardOf.Count == 0) throw ModelFile.Bad(path, "\"weight_map\" is empty: must give each tensor's file");
        return shardOf;
    }

    private static void Check(Dictionary<string, Place> places, ModelConfig config, string source)
    {
        // Old checkpoints hold the rotary frequencies, which follow from the configuration.
        foreach (string name in places.Keys.Where(name => name.EndsWith(OldBuffer, StringComparison.Ordinal)).ToList()) places.Remove(name);
        var known = new HashSet<string>(StringComparer.Ordinal);
        if (config.TiedHead) known.Add(TensorNames.Head);
        foreach (var (name, shape) in ModelWeights.Shapes(config))
        {
            known.Add(name);
            if (!places.TryGetValue(name, out var place))
                throw ModelFile.Bad(source, $"does not fit {ModelFolder.ConfigName}: tensor '{name}' is missing: the configuration needs it with shape [{string.Join(", ", shape)}]");
            if (!place.Entry.Shape.AsSpan().SequenceEqual(shape))
                throw ModelFile.Bad(place.File.Path, $"does not fit {ModelFolder.ConfigName}: tensor '{name}' has shape [{string.Join(", ", place.Entry.Shape)}]: must be [{string.Join(", ", shape)}]");
        }
        foreach (var (name, place) in places)
            if (!known.Contains(name))
                throw ModelFile.Bad(place.File.Path, $"does not fit {ModelFolder.ConfigName}: tensor '{name}' is not part of this architecture");
    }

    // Files of tied models sometimes repeat the embedding as the head. A head that differs is another model.
    private static void CheckTiedHead(Place head, Place embedding)
    {
        if (!head.Entry.Shape.AsSpan().SequenceEqual(embedding.Entry.Shape) || !head.Read().Values.AsSpan().SequenceEqual(embedding.Read().Values))
            throw ModelFile.Bad(head.File.Path, $"{TensorNames.Head} differs from the embedding although {ModelFolder.ConfigName} ties them: set tie_word_embeddings to false");
    }

    private sealed record Place(SafeTensorsFile File, SafeTensorsEntry Entry)
    {
        public WeightTensor Read() => File.Read(Entry);
    }
}
