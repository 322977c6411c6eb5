using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace TreeRl.Models;

/// <summary>
/// A model on disk: <c>config.json</c> with Hugging Face's keys, <c>model.safetensors</c> (or shards with an index) with Hugging Face's names, and the tokenizer
/// (<c>treerl_tokenizer.json</c> for characters, <c>tokenizer.bin</c> in llama2.c's format, <c>tokenizer.json</c> in Hugging Face's).
/// </summary>
public static class ModelFolder
{
    internal const string ConfigName = "config.json", CharName = "treerl_tokenizer.json", Llama2CName = "tokenizer.bin", HfName = "tokenizer.json";
    private const string HfConfigName = "tokenizer_config.json", GenerationName = "generation_config.json";
    private static readonly HashSet<string> OwnFiles = [ConfigName, WeightFiles.SingleName, CharName, Llama2CName, HfName, HfConfigName, GenerationName, .. HfTokenizer.Companions];

    /// <summary>
    /// Writes a model folder. It is written aside and then renamed, so that the folder is never half a model; a former model folder of that
    /// name is replaced. Equal weights give equal bytes.
    /// </summary>
    /// <remarks>
    /// Replacing takes two renames; where a process is killed between them, the next <see cref="Save"/> or <see cref="LoadWeights"/> finishes the second. Other programs open the folder as a LlamaForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM, whichever computes the model; one with
    /// adjacent rotary pairs, which none of them computes, has a name of its own: convert it with <see cref="RotaryLayout.ToHalfSplit"/> first.
    /// </remarks>
    /// <param name="folder">The folder; absent, empty, or a model folder with nothing else in it.</param>
    /// <param name="weights">The weights, without an adapter: merge it first, or save it on its own.</param>
    /// <param name="tokenizer">
    /// A <see cref="CharTokenizer"/>, <see cref="Llama2CTokenizer"/> or <see cref="HfTokenizer"/>, or null to keep the tokenizer elsewhere. With an
    /// <see cref="HfTokenizer"/> the folder also gets the files it was read from and a generation_config.json with its begin and end tokens, so that transformers and
    /// vLLM open it as they do any model.
    /// </param>
    /// <param name="type">Element type of the file. F32 keeps every bit; F16 and BF16 halve the file and round each weight to nearest.</param>
    /// <exception cref="ArgumentException">
    /// The folder holds other files, the weights carry an adapter, the tokenizer cannot be written, its vocabulary is not the model's, or a weight is too large for the type.
    /// </exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Save(string folder, ModelWeights weights, ITokenizer? tokenizer, TensorType type = TensorType.F32)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Guard.That(weights.Adapter is null, "the weights carry an adapter: merge it (LoraMerge.Merged) to save one whole model, or save it on its own (LoraFolder.Save)", nameof(weights));
        Guard.That(tokenizer is null or CharTokenizer or Llama2CTokenizer or HfTokenizer,
            $"a tokenizer of type {tokenizer?.GetType().Name} has no file format here: give null and keep it with your script", nameof(tokenizer));
        Guard.That(tokenizer is null || tokenizer.VocabSize == weights.Config.VocabSize,
            $"the tokenizer has {tokenizer?.VocabSize} tokens but the model {weights.Config.VocabSize}: they must agree", nameof(tokenizer));
        foreach (string name in weights.Names) type.Check(weights[name]);
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Directory.Exists(target))
            foreach (string entry in Directory.EnumerateFileSystemEntries(target))
                Guard.That(OwnFiles.Contains(Path.GetFileName(entry)), $"folder {target} holds {Path.GetFileName(entry)}, which is no part of a model: choose a fresh folder", nameof(folder));
        FolderSwap.Write(target, aside => WriteFiles(aside, weights, tokenizer, type));
    }

    /// <summary>
    /// Reads the weights of a folder, also of one made by Hugging Face's tools: LlamaForCausalLM, MistralForCausalLM without sliding window, Qwen2ForCausalLM and
    /// Qwen3ForCausalLM, in one safetensors file or in shards, F32, F16 or BF16. Everything else is refused by name before any weight is read.
    /// </summary>
    /// <exception cref="InvalidDataException">A file breaks its format, a tensor is missing or misshapen, or the configuration asks for something that is not computed.</exception>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static ModelWeights LoadWeights(string folder)
    {
        FolderSwap.Finish(folder);
        string config = Path.Combine(folder, ConfigName);
        if (!File.Exists(config) && File.Exists(Path.Combine(folder, LoraFolder.ConfigName)))
            throw ModelFile.Bad(folder, $"has {LoraFolder.ConfigName} but no {ConfigName}: it holds an adapter, not a model; load the model it was made for, then the adapter on top of it");
        return WeightFiles.Read(folder, ConfigFile.Read(config));
    }

    /// <summary>
    /// Reads the tokenizer of a folder. One in Hugging Face's format gets as many ids as the model of the folder has, where its own are fewer.
    /// </summary>
    /// <exception cref="InvalidDataException">The folder has no tokenizer that can be read, its file breaks the format, or it has more tokens than the model.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ITokenizer LoadTokenizer(string folder)
    {
        string characters = Path.Combine(folder, CharName), pieces = Path.Combine(folder, Llama2CName), config = Path.Combine(folder, ConfigName);
        if (File.Exists(characters)) return CharTokenizer.Load(characters);
        if (File.Exists(pieces)) return Llama2CTokenizer.Load(pieces);
        if (!File.Exists(Path.Combine(folder, HfName)))
            throw ModelFile.Bad(folder, $"has neither {CharName} nor {Llama2CName} nor {HfName}: no tokenizer that can be read; give one of your own");
        if (!File.Exists(config)) return HfTokenizer.Load(folder);
        int size = ConfigFile.Read(config).VocabSize;
        try
        {
            return HfTokenizer.Load(folder, new HfTokenizerOptions { VocabSize = size });
        }
        catch (ArgumentException e)
        {
            throw ModelFile.Bad(folder, $"the model has a vocabulary of {size}, which its {HfName} does not fit: {e.Message}", e);
        }
    }

    private static void WriteFiles(string folder, ModelWeights weights, ITokenizer? tokenizer, TensorType type)
    {
        ConfigFile.Write(Path.Combine(folder, ConfigName), weights.Config, tokenizer, type);
        SafeTensors.Write(Path.Combine(folder, WeightFiles.SingleName), weights.Names.Select(name => weights[name]), new Dictionary<string, string> { ["format"] = "pt" }, type);
        if (tokenizer is CharTokenizer characters) characters.Save(Path.Combine(folder, CharName));
        if (tokenizer is Llama2CTokenizer pieces) pieces.Save(Path.Combine(folder, Llama2CName));
        if (tokenizer is HfTokenizer published)
        {
            published.Save(folder);
            ConfigFile.WriteGeneration(Path.Combine(folder, GenerationName), published);
        }
    }
}
