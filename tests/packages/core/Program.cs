using System;
using TreeRl;
using TreeRl.Credit;
using TreeRl.Forests;
using TreeRl.Models;
using TreeRl.Policies;
using TreeRl.Policies.Cpu;
using TreeRl.Sampling;

// A program of the core alone: a small random model grows a forest, and a published rule credits it.
ITokenizer tokenizer = new CharTokenizer("\n0123456789+-*=? ");
var config = new ModelConfig
{
    VocabSize = tokenizer.VocabSize, Width = 32, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadSize = 16, FeedForward = 64, ContextLength = 64,
};
using IPolicy policy = CpuPolicy.Create(ModelWeights.Random(config, Seed.Of(1), 0.1));
var prompts = new[] { new ForestPrompt("p0", "1+2=?", [.. tokenizer.EncodePrompt("1+2=?")], "3") };
var plan = new SamplingPlan
{
    Trees = 2, MaxLeaves = 8, MaxTokens = 12, FanOut = 2, Branch = BranchTrigger.EveryTokens(4),
};
var grown = Sampler.Grow(policy, tokenizer, prompts, plan, Seed.Of(7)).Forest;
var scores = new double[grown.LeafTotal];
for (int leaf = 0; leaf < scores.Length; leaf++) scores[leaf] = leaf % 2;
var credit = Redistribution.Apply(CreditRules.TreeAdv, grown, TreeRl.Rewards.LeafOutcomes.FromScores(scores));
Console.WriteLine(grown);
Console.WriteLine(credit);
Console.WriteLine(grown.TokenTotal < grown.FlatTokenTotal && credit.NodeAdvantage.Length == grown.NodeCount ? "core: whole" : "core: broken");
