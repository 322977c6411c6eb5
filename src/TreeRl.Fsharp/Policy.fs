namespace TreeRl

open System
open System.IO
open System.Reflection
open TreeRl.Models
open TreeRl.Policies
open TreeRl.Policies.Cpu
open TreeRl.Policies.Engines
open TreeRl.Tasks
open TreeRl.Training

/// <summary>
/// A language model to sample from and to train: weights, tokenizer, and the engine that computes. The engine starts at first use.
/// </summary>
[<Sealed>]
type Policy internal (name: string, weights: ModelWeights, tokenizer: ITokenizer, engine: PolicyFactory) =
    let live = lazy (engine.Invoke weights)

    /// <summary>The name in reports.</summary>
    member _.Name = name

    /// <summary>The weights it starts from, with the adapter on top where there is one.</summary>
    member _.Weights = weights

    /// The weights as they are now: the engine's once it runs.
    member internal _.Present =
        if live.IsValueCreated then
            live.Value.ExportWeights()
        else
            weights

    /// <summary>Its tokenizer.</summary>
    member _.Tokenizer = tokenizer

    /// <summary>Makes a fresh engine of weights; an experiment trains one of its own and leaves this policy as it is.</summary>
    member _.Engine = engine

    /// <summary>The engine with these weights, started at first use.</summary>
    member _.Live: IPolicy = live.Value

    /// <summary>Frees the engine's memory.</summary>
    member _.Dispose() =
        if live.IsValueCreated then
            live.Value.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()

    /// <summary>Name, size and shape in one line.</summary>
    override _.ToString() =
        let config = weights.Config

        let parameters =
            weights.Names |> Seq.sumBy (fun name -> int64 weights[name].Values.Length)

        let adapter =
            match weights.Adapter with
            | null -> ""
            | adapter ->
                let layers = String.Join(", ", adapter.Settings.Layers)

                $"; an adapter of rank {adapter.Settings.Rank} on {layers} is trained alone: "
                + Show.wholeCount adapter.ParameterCount "parameter"

        $"policy {name}: "
        + Show.wholeCount parameters "parameter"
        + ", "
        + Show.count config.Layers "layer"
        + $" of width {config.Width}, "
        + $"vocabulary {config.VocabSize}, context {config.ContextLength}{adapter}"

/// <summary>How the embedded engine uses the machine, for <c>Policy.onCpu</c>: <c>CpuOptions(Threads = 1, RecomputeActivations = true)</c>.</summary>
type CpuOptions = TreeRl.Policies.Cpu.CpuOptions

/// <summary>How the TorchSharp engine uses its device, for <c>Policy.onWith</c>: <c>EngineOptions(BFloat16 = true)</c>.</summary>
type EngineOptions = TreeRl.Policies.Engines.EngineOptions

/// <summary>Where a policy computes.</summary>
type Device =
    /// <summary>The embedded engine, on the processor's cores; what a policy computes on unless told otherwise.</summary>
    | Cpu
    /// <summary>TorchSharp on the processor's cores, to compare engines: <c>./treerl --torch cpu script.fsx</c>.</summary>
    | TorchCpu
    /// <summary>TorchSharp on the first CUDA device: <c>./treerl --torch cuda script.fsx</c>; CUDA_VISIBLE_DEVICES chooses among several.</summary>
    | Cuda

/// <summary>Finds and loads policies.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Policy =

    let private cpu = PolicyFactory(fun weights -> CpuPolicy.Create weights :> IPolicy)

    /// <summary>A policy of given weights.</summary>
    let ofWeights (name: string) (weights: ModelWeights) (tokenizer: ITokenizer) =
        new Policy(name, weights, tokenizer, cpu)

    /// <summary>
    /// Loads a model folder: one of Hugging Face's (config.json of a Llama, Mistral without sliding window, Qwen2 or Qwen3 model, safetensors in one file or
    /// in shards, tokenizer.json), or one that <c>Policy.save</c> or a run's checkpoint made. What is not computed is refused by name. An adapter is
    /// loaded on top: <c>Policy.load model |> Policy.loadAdapter adapter</c>.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no such folder.</exception>
    /// <exception cref="T:System.IO.InvalidDataException">A file of the folder breaks its format; the message names it.</exception>
    let load (folder: string) =
        if not (Directory.Exists folder) then
            invalidArg
                "folder"
                $"no policy at {Path.GetFullPath folder}: give a folder with config.json, model.safetensors and a tokenizer"

        let full = Path.TrimEndingDirectorySeparator(Path.GetFullPath folder)
        let name = DirectoryInfo(full).Name
        ofWeights name (ModelFolder.LoadWeights folder) (ModelFolder.LoadTokenizer folder)

    let rec private upwards (folder: string) =
        match Path.GetDirectoryName folder with
        | null -> [ folder ]
        | above -> folder :: upwards above

    /// The places a named policy may be in, nearest first.
    let internal places (name: string) =
        [
            match Environment.GetEnvironmentVariable "TREERL_POLICIES" with
            | null
            | "" -> ()
            | root -> Path.Combine(root, name)
            let assembly =
                match Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location) with
                | null
                | "" -> AppContext.BaseDirectory
                | folder -> folder

            for start in [ Directory.GetCurrentDirectory(); assembly ] do
                for folder in upwards start do
                    Path.Combine(folder, "policies", name)
        ]
        |> List.distinct

    /// <summary>
    /// Loads a policy that comes with TreeRl, as in <c>Policy.pretrained "arith"</c>. Looked for in the folder that the environment
    /// variable TREERL_POLICIES names, then in <c>policies/</c> beside the current directory, the library, or a folder above either.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no policy of that name; the message says where it was looked for.</exception>
    let pretrained (name: string) =
        let candidates = places name

        let isModel folder =
            File.Exists(Path.Combine(folder, "config.json"))

        match candidates |> List.tryFind isModel with
        | Some folder -> load folder
        | None ->
            let looked = String.Join("", candidates |> List.map (fun folder -> "\n  " + folder))

            let known =
                [
                    for candidate in candidates do
                        match Path.GetDirectoryName candidate with
                        | NonNull root when Directory.Exists root ->
                            yield!
                                Directory.GetDirectories root
                                |> Array.filter isModel
                                |> Array.map Path.GetFileName
                        | _ -> ()
                ]
                |> List.distinct
                |> List.map (fun name -> Show.text (string name))

            let there =
                if known.IsEmpty then
                    ""
                else
                    "there is " + String.Join(", ", known) + "; "

            invalidArg
                "name"
                $"no policy named {Show.text name}: {there}make it with scripts/pretrain.fsx, or set TREERL_POLICIES to the folder that holds it. Looked for:{looked}"

    let private computedBy (engine: ModelWeights -> IPolicy) (policy: Policy) =
        new Policy(policy.Name, policy.Present, policy.Tokenizer, PolicyFactory engine)

    let private moved (device: Device) (options: EngineOptions | null) (policy: Policy) =
        let chosen =
            match device with
            | Cpu -> EngineDevice.Cpu
            | TorchCpu -> EngineDevice.TorchCpu
            | Cuda -> EngineDevice.Cuda

        EngineRegistry.Require chosen

        policy
        |> computedBy (fun weights -> EngineRegistry.Create(chosen, weights, options))

    /// <summary>The policy on another device, as in <c>Policy.pretrained "arith" |> Policy.on Cuda</c>. It starts from the same weights.</summary>
    /// <exception cref="T:TreeRl.Policies.Engines.EngineMissingException">
    /// The package or the device is missing; the message says which, what was found and what to do. Nothing computes elsewhere instead.
    /// </exception>
    let on (device: Device) (policy: Policy) = moved device null policy

    /// <summary>
    /// The policy on the embedded engine with options of its own: threads, activations computed again, the largest pass. As in
    /// <c>Policy.pretrained "arith" |> Policy.onCpu (CpuOptions(Threads = 1, RecomputeActivations = true))</c>.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">An option breaks its rule; the message names it.</exception>
    let onCpu (options: CpuOptions) (policy: Policy) =
        let options = options.Validated()

        policy |> computedBy (fun weights -> CpuPolicy.Create(weights, options))

    /// <summary>As <c>Policy.on</c>, with options: <c>Policy.onWith (EngineOptions(BFloat16 = true, Checkpointing = true)) Cuda</c>.</summary>
    /// <exception cref="T:TreeRl.Policies.Engines.EngineMissingException">The package or the device is missing.</exception>
    /// <exception cref="T:System.ArgumentException">Options are given for the embedded engine, which has none of them, or one breaks its rule.</exception>
    let onWith (options: EngineOptions) (device: Device) (policy: Policy) =
        if device = Cpu then
            invalidArg
                "options"
                "Policy.onWith .. Cpu: these options are not the embedded engine's, which has its own: write 'Policy.onCpu (CpuOptions(Threads = 2))', or choose TorchCpu or Cuda"

        moved device (options.Validated()) policy

    /// <summary>
    /// Writes a policy as a model folder, which <c>Policy.load</c> and Hugging Face's tools read, with weights in single precision. A policy with an adapter is
    /// merged first (<c>Policy.merge</c>), or its adapter saved alone (<c>Policy.saveAdapter</c>).
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The policy has an adapter, or the folder holds other files.</exception>
    let save (folder: string) (policy: Policy) =
        ModelFolder.Save(folder, policy.Present, policy.Tokenizer)

    /// <summary>As <c>Policy.save</c>, with weights rounded to another type: <c>Policy.saveAs TensorType.BF16 folder policy</c>.</summary>
    /// <exception cref="T:System.ArgumentException">As for <c>save</c>; or a weight is too large for the type.</exception>
    let saveAs (elements: TensorType) (folder: string) (policy: Policy) =
        ModelFolder.Save(folder, policy.Present, policy.Tokenizer, elements)

    let private under (weights: ModelWeights) (policy: Policy) =
        new Policy(policy.Name, weights, policy.Tokenizer, policy.Engine)

    let private refuseSecond (policy: Policy) =
        if not (isNull policy.Weights.Adapter) then
            invalidArg
                "policy"
                $"policy {policy.Name} has an adapter already: merge it first (Policy.merge), or take the policy it was put on"

    /// <summary>
    /// The same policy under a fresh adapter, which changes nothing yet. What trains it trains the adapter alone: the weights stay, and have no
    /// optimiser state.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The policy has an adapter, or the block names a transformer block it does not have.</exception>
    let lora (adapter: Lora) (policy: Policy) =
        refuseSecond policy
        let weights = policy.Present
        let seed = Seed.Of(int64 adapter.Spec.DrawnBy)
        under (weights.WithAdapter(LoraAdapter.Fresh(weights.Config, adapter.Settings, seed))) policy

    /// <summary>The same policy with its adapter put into the weights: an ordinary model.</summary>
    /// <exception cref="T:System.ArgumentException">The policy has no adapter.</exception>
    let merge (policy: Policy) =
        under (LoraMerge.Merged policy.Present) policy

    /// <summary>Writes the adapter alone, in the format of Hugging Face's PEFT: adapter_config.json and adapter_model.safetensors.</summary>
    /// <exception cref="T:System.ArgumentException">The policy has no adapter, or the folder holds other files.</exception>
    let saveAdapter (folder: string) (policy: Policy) =
        match policy.Present.Adapter with
        | null -> invalidArg "policy" $"policy {policy.Name} has no adapter: Policy.save writes it whole"
        | adapter -> LoraFolder.Save(folder, adapter)

    /// <summary>The same policy under an adapter from a folder in PEFT's format, also a checkpoint of a run that trained one.</summary>
    /// <exception cref="T:System.ArgumentException">The policy has an adapter already.</exception>
    /// <exception cref="T:System.IO.InvalidDataException">A file of the folder breaks its format or was made for another model; the message names it.</exception>
    let loadAdapter (folder: string) (policy: Policy) =
        refuseSecond policy
        let weights = policy.Present
        under (weights.WithAdapter(LoraFolder.Load(folder, weights.Config))) policy

/// <summary>What a policy is trained on and measured on; the two sides share no question.</summary>
type TaskSet =
    {
        /// <summary>The name in reports.</summary>
        Name: string
        /// <summary>Questions to train on.</summary>
        Train: ITaskSource
        /// <summary>Questions to measure on.</summary>
        Test: ITaskSource
    }

    /// <summary>Name, and the first question of either side.</summary>
    override tasks.ToString() =
        let show (source: ITaskSource) =
            let item = source.Item 0L
            $"{source.Name}: {Show.text item.Prompt} -> {item.Reference}"

        $"tasks {tasks.Name}\n  {show tasks.Train}\n  {show tasks.Test}"

/// <summary>Makes task sets.</summary>
module Tasks =

    /// Longest chain.
    let private mostSteps = 32

    let private chainTasks (written: string) (fewest: int) (most: int) =
        if fewest < 1 || most > mostSteps then
            raise (
                ArgumentException
                    $"{written}: a chain has 1 to {mostSteps} steps; the policy 'arith' was made for 3 to 4: 'Tasks.chainsBetween 3 4'"
            )

        if fewest > most then
            raise (
                ArgumentException
                    $"{written}: the first number is the fewest steps, the second the most; write 'Tasks.chainsBetween {most} {fewest}'"
            )

        let side split =
            ChainTasks(ChainOptions(MinSteps = fewest, MaxSteps = most, Split = split)) :> ITaskSource

        {
            Name =
                if fewest = most then
                    $"chains {fewest}"
                else
                    $"chains {fewest}-{most}"
            Train = side TaskSplit.Train
            Test = side TaskSplit.Test
        }

    /// <summary>Chain arithmetic with so few to so many steps: endless, exactly checkable; seven problems in eight are for training.</summary>
    /// <exception cref="T:System.ArgumentException">The numbers are not 1 .. 32 in this order.</exception>
    let chainsBetween (fewest: int) (most: int) =
        chainTasks $"Tasks.chainsBetween {fewest} {most}" fewest most

    /// <summary>Chain arithmetic with so many steps: endless, exactly checkable; seven problems in eight are for training.</summary>
    /// <exception cref="T:System.ArgumentException">The number is not 1 .. 32.</exception>
    let chains (steps: int) =
        chainTasks $"Tasks.chains {steps}" steps steps

    /// <summary>Questions of your own, from two sources.</summary>
    let ofSources (name: string) (train: ITaskSource) (test: ITaskSource) =
        {
            Name = name
            Train = train
            Test = test
        }

    /// <summary>The training question of an index, to look at.</summary>
    let item (index: int) (tasks: TaskSet) = tasks.Train.Item(int64 index)
