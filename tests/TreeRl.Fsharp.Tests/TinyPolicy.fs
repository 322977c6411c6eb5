module TreeRl.Tests.TinyPolicy

open TreeRl
open TreeRl.Models

/// The tokenizer of the arithmetic tasks.
let tokenizer = TreeRl.Tasks.ChainTasks.NewTokenizer() :> ITokenizer

/// A policy of random weights, 3,000 parameters and 64 tokens of context, that reads a tokenizer's ids.
let reading (tokenizer: ITokenizer) =
    let config =
        ModelConfig(
            VocabSize = tokenizer.VocabSize,
            Width = 16,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 1,
            HeadSize = 8,
            FeedForward = 32,
            ContextLength = 64
        )

    Policy.ofWeights "small" (ModelWeights.Random(config, Seed.Of 1L)) tokenizer

/// The same weights every time, in an engine of their own.
let make () = reading tokenizer
