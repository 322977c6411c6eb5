using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Values;

namespace TreeRl.Training;

/// <summary>A measurement and the number of steps the policy had been trained for.</summary>
/// <param name="Step">Steps done before it; 0 is the starting policy.</param>
/// <param name="TokensSoFar">Tokens sampled for training until then.</param>
/// <param name="Result">The measurement.</param>
public sealed record EvaluationPoint(int Step, long TokensSoFar, EvaluationResult Result);

/// <summary>Where a run stands, besides weights and optimiser.</summary>
/// <param name="StepsDone">Steps finished; the next one's index, and with it every seed.</param>
/// <param name="TokensSoFar">Tokens sampled.</param>
/// <param name="PromptPlaces">The data cursor: places of the prompt stream that were used.</param>
/// <param name="OptimizerStep">Updates the optimiser has taken.</param>
/// <param name="Plan">Fingerprint of the plan.</param>
public sealed record RunState(int StepsDone, long TokensSoFar, long PromptPlaces, long OptimizerStep, string Plan);

/// <summary>
/// A run on disk: <c>plan.json</c>, <c>metrics.jsonl</c> (one line a step), <c>evaluations.jsonl</c>, <c>forests/</c> (with the values of nodes where a rule samples them) and
/// <c>checkpoints/step-N/</c>. Checkpoints are written aside and renamed, so that a run killed at any instant continues from the last
/// whole one; lines of steps after it are cut off before it does. While a run has its folder open, <c>run.lock</c> keeps others out.
/// </summary>
public sealed class RunFolder : IDisposable
{
    /// <summary>The engine of a run whose plan names none: <see cref="IPolicy.Arithmetic"/> of the embedded one.</summary>
    internal const string EmbeddedEngine = "cpu";

    private const string Partial = ".partial";

    private static readonly JsonSerializerOptions Lines = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string fingerprint;
    private readonly FileStream held;

    private RunFolder(string path, string fingerprint, FileStream held)
    {
        Path = path;
        this.fingerprint = fingerprint;
        this.held = held;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Opens a run's folder for a plan, creating it when it is new.</summary>
    /// <exception cref="InvalidOperationException">The folder holds a run of another plan or engine, or another process has it open.</exception>
    public static RunFolder Open(string path, string planJson)
    {
        Directory.CreateDirectory(path);
        var held = Hold(path);
        try
        {
            Identify(path, planJson);
            return new RunFolder(path, PlanJson.Fingerprint(planJson), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Lets others open the folder.</summary>
    public void Dispose() => held.Dispose();

    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new InvalidOperationException($"{path} is in use by another run ({taken.Message}) Wait for it to end, or give this run another name or folder.", taken);
        }
    }

    private static void Identify(string path, string planJson)
    {
        string planPath = System.IO.Path.Combine(path, "plan.json");
        if (File.Exists(planPath))
        {
            string stored = File.ReadAllText(planPath), began = EngineOf(stored), here = EngineOf(planJson);
            if (began != here)
            {
                throw new InvalidOperationException(
                    $"{path} holds a run that began on the engine {began} and would continue on {here}, which rounds differently: what came out would be the run of neither. "
                    + "Continue it where it began, or give this run another name or folder; to train its weights further here, start a new run from a checkpoint of it.");
            }
            if (stored != planJson)
            {
                throw new InvalidOperationException(
                    $"{path} holds a run of another plan (first difference: {FirstDifference(stored, planJson)}). Give this run another name or folder, or delete that one.");
            }
        }
        else
        {
            WriteAside(planPath, planJson);
        }
    }

    /// <summary>The steps of the whole checkpoints, ascending.</summary>
    public ImmutableArray<int> Checkpoints()
    {
        var steps = new List<int>();
        string root = System.IO.Path.Combine(Path, "checkpoints");
        if (Directory.Exists(root))
        {
            foreach (string folder in Directory.GetDirectories(root, "step-*"))
            {
                string number = System.IO.Path.GetFileName(folder)["step-".Length..];
                if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int step)) steps.Add(step);
            }
        }
        steps.Sort();
        return [.. steps];
    }

    /// <summary>Folder of the checkpoint after <paramref name="stepsDone"/> steps.</summary>
    public string CheckpointPath(int stepsDone) => System.IO.Path.Combine(Path, "checkpoints", FormattableString.Invariant($"step-{stepsDone}"));

    /// <summary>Writes a checkpoint: the model folder, or the adapter alone where one is trained; the optimiser's moments and the run's state.</summary>
    public string SaveCheckpoint(IPolicy policy, ITokenizer tokenizer, int stepsDone, long tokensSoFar, long promptPlaces)
    {
        string target = CheckpointPath(stepsDone), aside = target + Partial;
        if (Directory.Exists(target)) return target;
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        if (policy.ExportAdapter() is { } adapter) LoraFolder.Save(aside, adapter);
        else ModelFolder.Save(aside, policy.ExportWeights(), tokenizer);
        var optimizer = policy.ExportOptimizer();
        SafeTensors.Write(System.IO.Path.Combine(aside, "optimizer.safetensors"), Moments(optimizer));
        var state = new RunState(stepsDone, tokensSoFar, promptPlaces, optimizer.Step, fingerprint);
        File.WriteAllText(System.IO.Path.Combine(aside, "state.json"), JsonSerializer.Serialize(state, Lines) + "\n");
        Directory.Move(aside, target);
        return target;
    }

    /// <summary>Reads a checkpoint back.</summary>
    /// <param name="stepsDone">Steps after which it was written.</param>
    /// <param name="start">The weights that the run started from, which an adapter's checkpoint does not repeat.</param>
    /// <exception cref="InvalidDataException">A file of it is damaged, or it belongs to another plan.</exception>
    public (ModelWeights Weights, OptimizerState Optimizer, RunState State) LoadCheckpoint(int stepsDone, ModelWeights start)
    {
        ArgumentNullException.ThrowIfNull(start);
        string folder = CheckpointPath(stepsDone);
        string statePath = System.IO.Path.Combine(folder, "state.json");
        RunState state;
        try
        {
            state = JsonSerializer.Deserialize<RunState>(File.ReadAllText(statePath), Lines) ?? throw new JsonException("the file holds null");
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{statePath}: {broken.Message} Delete the checkpoint {folder}; the run then continues from the one before it.", broken);
        }
        if (state.Plan != fingerprint)
            throw new InvalidDataException($"{folder} was written by plan {state.Plan}, this run is {fingerprint}: delete the checkpoint, or give the run another name.");
        var weights = start.Adapter is null ? ModelFolder.LoadWeights(folder) : start.WithAdapter(LoraFolder.Load(folder, start.Config));
        var first = new List<WeightTensor>();
        var second = new List<WeightTensor>();
        foreach (var tensor in SafeTensors.Read(System.IO.Path.Combine(folder, "optimizer.safetensors")))
        {
            bool isFirst = tensor.Name.StartsWith("first.", StringComparison.Ordinal);
            string name = tensor.Name[(isFirst ? "first." : "second.").Length..];
            (isFirst ? first : second).Add(tensor with { Name = name });
        }
        ITensorSet Set(List<WeightTensor> moments) => TrainedTensors.Make(weights.Config, weights.Adapter?.Settings, moments);
        var optimizer = new OptimizerState(state.OptimizerStep, Set(first), Set(second));
        return (weights, optimizer, state);
    }

    /// <summary>Adds a step's line to <c>metrics.jsonl</c>.</summary>
    public void Append(StepMetrics metrics) => AppendLine("metrics.jsonl", JsonSerializer.Serialize(metrics, Lines));

    /// <summary>Adds a measurement's line to <c>evaluations.jsonl</c>.</summary>
    public void Append(EvaluationPoint point) => AppendLine("evaluations.jsonl", JsonSerializer.Serialize(point, Lines));

    /// <summary>The lines of steps before <paramref name="stepsDone"/>; later or broken ones are cut off the file.</summary>
    public ImmutableArray<StepMetrics> KeepMetrics(int stepsDone) =>
        Keep<StepMetrics>("metrics.jsonl", metrics => metrics.Step < stepsDone);

    /// <summary>The measurements up to <paramref name="stepsDone"/>; later or broken ones are cut off the file.</summary>
    public ImmutableArray<EvaluationPoint> KeepEvaluations(int stepsDone) =>
        Keep<EvaluationPoint>("evaluations.jsonl", point => point.Step <= stepsDone);

    /// <summary>Where the forest of a step is stored.</summary>
    public string ForestPath(int step) => System.IO.Path.Combine(Path, "forests", FormattableString.Invariant($"step-{step}.forest"));

    /// <summary>Stores the values of a step's stored forest, which nothing could sample again.</summary>
    public void SaveEstimates(int step, NodeEstimates estimates) => WriteAside(EstimatesPath(step), JsonSerializer.Serialize(estimates, Lines) + "\n");

    /// <summary>Reads them back; null when there are none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public NodeEstimates? LoadEstimates(int step)
    {
        string path = EstimatesPath(step);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<NodeEstimates>(File.ReadAllText(path), Lines);
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{path}: {broken.Message} Delete it; the run is then read back without the trees of its last step.", broken);
        }
    }

    private string EstimatesPath(int step) => System.IO.Path.Combine(Path, "forests", FormattableString.Invariant($"step-{step}.values.json"));

    private ImmutableArray<T> Keep<T>(string file, Func<T, bool> wanted)
        where T : class
    {
        string path = System.IO.Path.Combine(Path, file);
        if (!File.Exists(path)) return [];
        var kept = ImmutableArray.CreateBuilder<T>();
        var text = new StringBuilder();
        foreach (string line in File.ReadLines(path))
        {
            T? value = Parse<T>(line);
            if (value is null || !wanted(value)) break;
            kept.Add(value);
            text.Append(line).Append('\n');
        }
        WriteAside(path, text.ToString());
        return kept.ToImmutable();
    }

    private static T? Parse<T>(string line)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Lines);
        }
        catch (JsonException)
        {
            return null; // the last line of a killed run may be half written
        }
    }

    private void AppendLine(string file, string line) => File.AppendAllText(System.IO.Path.Combine(Path, file), line + "\n");

    private static IEnumerable<WeightTensor> Moments(OptimizerState state)
    {
        foreach (string name in state.FirstMoment.Names) yield return state.FirstMoment[name] with { Name = "first." + name };
        foreach (string name in state.SecondMoment.Names) yield return state.SecondMoment[name] with { Name = "second." + name };
    }

    private static void WriteAside(string path, string text)
    {
        File.WriteAllText(path + Partial, text);
        File.Move(path + Partial, path, overwrite: true);
    }

    private static string EngineOf(string planJson)
    {
        try
        {
            using var plan = JsonDocument.Parse(planJson);
            return plan.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("engine", out var engine) ? engine.ToString() : EmbeddedEngine;
        }
        catch (JsonException)
        {
            return EmbeddedEngine; // the texts are compared next
        }
    }

    private static string FirstDifference(string stored, string given)
    {
        string[] a = stored.Split('\n'), b = given.Split('\n');
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
            if (a[i] != b[i]) return $"stored {a[i].Trim()} here {b[i].Trim()}";
        return $"stored {a.Length} lines here {b.Length}";
    }
}
