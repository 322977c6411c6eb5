using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace TreeRl.Models;

/// <summary>
/// A model on disk: <c>config.json</c> with Hugging Face's keys, <c>model.safetensors</c> with Hugging Face's names, and the tokenizer
/// (<c>treerl_tokenizer.json</c> for characters, <c>tokenizer.bin</c> in llama2.c's format).
/// </summary>
public static class ModelFolder
{
    internal const string ConfigName = "config.json", WeightsName = "model.safetensors", CharName = "treerl_tokenizer.json", Llama2CName = "tokenizer.bin";
    private static readonly HashSet<string> OwnFiles = [ConfigName, WeightsName, CharName, Llama2CName];

    /// <summary>
    /// Writes a model folder. It is written aside and then renamed, so that the folder is never half a model; a former model folder of that
    /// name is replaced. Equal weights give equal bytes.
    /// </summary>
    /// <param name="folder">The folder; absent, empty, or a model folder with nothing else in it.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="tokenizer">A <see cref="CharTokenizer"/> or <see cref="Llama2CTokenizer"/>, or null to keep the tokenizer elsewhere.</param>
    /// <exception cref="ArgumentException">The folder holds other files, the tokenizer cannot be written, or its vocabulary is not the model's.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Save(string folder, ModelWeights weights, ITokenizer? tokenizer)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Guard.That(tokenizer is null or CharTokenizer or Llama2CTokenizer,
            $"a tokenizer of type {tokenizer?.GetType().Name} has no file format here: give null and keep it with your script", nameof(tokenizer));
        Guard.That(tokenizer is null || tokenizer.VocabSize == weights.Config.VocabSize,
            $"the tokenizer has {tokenizer?.VocabSize} tokens but the model {weights.Config.VocabSize}: they must agree", nameof(tokenizer));
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Directory.Exists(target))
            foreach (string entry in Directory.EnumerateFileSystemEntries(target))
                Guard.That(OwnFiles.Contains(Path.GetFileName(entry)), $"folder {target} holds {Path.GetFileName(entry)}, which is no part of a model: choose a fresh folder", nameof(folder));
        string aside = target + ".part", former = target + ".former";
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.CreateDirectory(aside);
        ConfigFile.Write(Path.Combine(aside, ConfigName), weights.Config, tokenizer);
        SafeTensors.Write(Path.Combine(aside, WeightsName), weights.Names.Select(name => weights[name]), new Dictionary<string, string> { ["format"] = "pt" });
        if (tokenizer is CharTokenizer characters) characters.Save(Path.Combine(aside, CharName));
        if (tokenizer is Llama2CTokenizer pieces) pieces.Save(Path.Combine(aside, Llama2CName));
        if (Directory.Exists(former)) Directory.Delete(former, recursive: true);
        if (Directory.Exists(target)) Directory.Move(target, former);
        Directory.Move(aside, target);
        if (Directory.Exists(former)) Directory.Delete(former, recursive: true);
    }

    /// <summary>Reads the weights of a folder, also of one made by Hugging Face's tools when it holds a single F32, F16 or BF16 safetensors file.</summary>
    /// <exception cref="InvalidDataException">A file breaks its format, a tensor is missing or misshapen, or the configuration asks for something that is not computed.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static ModelWeights LoadWeights(string folder)
    {
        var config = ConfigFile.Read(Path.Combine(folder, ConfigName));
        string path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path) && File.Exists(path + ".index.json"))
            throw ModelFile.Bad(folder, $"the weights are split over several files: only a single {WeightsName} can be read; merge them");
        var tensors = SafeTensors.Read(path).Where(t => !t.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)).ToList();
        if (config.TiedHead) DropTiedHead(tensors, path);
        try
        {
            return new ModelWeights(config, tensors);
        }
        catch (ArgumentException e)
        {
            throw ModelFile.Bad(path, $"does not fit {ConfigName}: {e.Message}", e);
        }
    }

    /// <summary>Reads the tokenizer of a folder.</summary>
    /// <exception cref="InvalidDataException">The folder has no tokenizer that can be read, or its file breaks the format.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ITokenizer LoadTokenizer(string folder)
    {
        string characters = Path.Combine(folder, CharName), pieces = Path.Combine(folder, Llama2CName);
        if (File.Exists(characters)) return CharTokenizer.Load(characters);
        if (File.Exists(pieces)) return Llama2CTokenizer.Load(pieces);
        throw ModelFile.Bad(folder, $"has neither {CharName} nor {Llama2CName}: no tokenizer that can be read; give one of your own");
    }

    // Files of tied models sometimes repeat the embedding as the head. A head that differs is another model.
    private static void DropTiedHead(List<WeightTensor> tensors, string path)
    {
        var head = tensors.Find(t => t.Name == "lm_head.weight");
        if (head is null) return;
        var embedding = tensors.Find(t => t.Name == "model.embed_tokens.weight");
        if (embedding is null || !head.Values.AsSpan().SequenceEqual(embedding.Values))
            throw ModelFile.Bad(path, $"lm_head.weight differs from the embedding although {ConfigName} ties them: set tie_word_embeddings to false");
        tensors.Remove(head);
    }
}
