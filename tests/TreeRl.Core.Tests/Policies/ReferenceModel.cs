using System;
using System.Collections.Generic;
using System.Linq;
using TreeRl.Models;
using TreeRl.Policies;

namespace TreeRl.Tests.Policies;

/// <summary>The transformer written down once more in double precision, one path at a time, as plainly as possible: the oracle of the engine's tests.</summary>
internal sealed class ReferenceModel
{
    private readonly ModelConfig c;
    private readonly RotaryFrequencies frequencies;
    public readonly Dictionary<string, double[]> Weights = [];

    public ReferenceModel(ModelWeights weights)
    {
        c = weights.Config;
        frequencies = RotaryFrequencies.Of(c);
        foreach (string name in weights.Names) Weights[name] = [.. weights[name].Values.Select(v => (double)v)];
    }

    /// <summary>Logits after each token of a path.</summary>
    public double[][] Logits(int[] tokens)
    {
        int rows = tokens.Length, hs = c.HeadSize, group = c.Heads / c.KeyValueHeads;
        var x = new double[rows][];
        for (int t = 0; t < rows; t++) x[t] = Weights["model.embed_tokens.weight"].AsSpan(tokens[t] * c.Width, c.Width).ToArray();
        for (int l = 0; l < c.Layers; l++)
        {
            string p = $"model.layers.{l}.";
            var q = new double[rows][];
            var k = new double[rows][];
            var v = new double[rows][];
            for (int t = 0; t < rows; t++)
            {
                var h = Norm(x[t], Weights[p + "input_layernorm.weight"]);
                q[t] = Linear(h, p + "self_attn.q_proj", c.Heads * hs);
                k[t] = Linear(h, p + "self_attn.k_proj", c.KeyValueHeads * hs);
                v[t] = Linear(h, p + "self_attn.v_proj", c.KeyValueHeads * hs);
                for (int head = 0; head < c.Heads; head++) Turn(q[t].AsSpan(head * hs, hs), c.QkNorm ? Weights[p + "self_attn.q_norm.weight"] : null, t);
                for (int head = 0; head < c.KeyValueHeads; head++) Turn(k[t].AsSpan(head * hs, hs), c.QkNorm ? Weights[p + "self_attn.k_norm.weight"] : null, t);
            }
            for (int t = 0; t < rows; t++)
            {
                var mixed = new double[c.Heads * hs];
                for (int head = 0; head < c.Heads; head++)
                {
                    int at = head / group * hs;
                    var score = new double[t + 1];
                    for (int s = 0; s <= t; s++)
                    {
                        for (int j = 0; j < hs; j++) score[s] += q[t][head * hs + j] * k[s][at + j];
                        score[s] /= Math.Sqrt(hs);
                    }
                    double max = score.Max(), sum = score.Sum(z => Math.Exp(z - max));
                    for (int s = 0; s <= t; s++)
                    {
                        for (int j = 0; j < hs; j++) mixed[head * hs + j] += Math.Exp(score[s] - max) / sum * v[s][at + j];
                    }
                }
                Add(x[t], Linear(mixed, p + "self_attn.o_proj", c.Width));
                var h = Norm(x[t], Weights[p + "post_attention_layernorm.weight"]);
                var gate = Linear(h, p + "mlp.gate_proj", c.FeedForward);
                var up = Linear(h, p + "mlp.up_proj", c.FeedForward);
                for (int j = 0; j < gate.Length; j++) gate[j] = gate[j] / (1 + Math.Exp(-gate[j])) * up[j];
                Add(x[t], Linear(gate, p + "mlp.down_proj", c.Width));
            }
        }
        string headName = c.TiedHead ? "model.embed_tokens" : "lm_head";
        return [.. x.Select(row => Linear(Norm(row, Weights["model.norm.weight"]), headName, c.VocabSize))];
    }

    /// <summary>Logits of every row of a batch, each computed along its own path.</summary>
    public double[][] RowLogits(PackedBatch batch)
    {
        var all = new double[batch.RowCount][];
        for (int s = 0; s < batch.SegmentCount; s++)
        {
            int first = batch.SegmentFirstRow[s], count = batch.SegmentFirstRow[s + 1] - first;
            if (count == 0) continue;
            var logits = Logits(PathOf(batch, s));
            for (int i = 0; i < count; i++) all[first + i] = logits[logits.Length - count + i];
        }
        return all;
    }

    /// <summary>Log-probability and entropy of each target.</summary>
    public (double[] LogProb, double[] Entropy) Score(PackedBatch batch)
    {
        var logits = RowLogits(batch);
        var logProb = new double[batch.TargetCount];
        var entropy = new double[batch.TargetCount];
        for (int t = 0; t < batch.TargetCount; t++) (logProb[t], entropy[t]) = Read(logits[batch.TargetRow[t]], batch.TargetToken[t]);
        return (logProb, entropy);
    }

    public static (double LogProb, double Entropy) Read(double[] logits, int token)
    {
        double max = logits.Max(), lse = max + Math.Log(logits.Sum(z => Math.Exp(z - max)));
        return (logits[token] - lse, -logits.Sum(z => Math.Exp(z - lse) * (z - lse)));
    }

    public static int[] PathOf(PackedBatch batch, int segment)
    {
        var path = new List<int>();
        for (int s = segment; s >= 0; s = batch.SegmentParent[s])
            path.InsertRange(0, batch.RowToken[batch.SegmentFirstRow[s]..batch.SegmentFirstRow[s + 1]]);
        return [.. path];
    }

    private double[] Linear(double[] x, string name, int outputs)
    {
        var w = Weights[name + ".weight"];
        Weights.TryGetValue(name + ".bias", out var bias);
        var y = new double[outputs];
        for (int o = 0; o < outputs; o++)
        {
            double sum = bias?[o] ?? 0;
            for (int j = 0; j < x.Length; j++) sum += w[o * x.Length + j] * x[j];
            y[o] = sum;
        }
        return y;
    }

    private double[] Norm(ReadOnlySpan<double> x, double[] gain)
    {
        double square = 0;
        foreach (double value in x) square += value * value;
        double r = 1 / Math.Sqrt(square / x.Length + c.NormEpsilon);
        var y = new double[x.Length];
        for (int j = 0; j < y.Length; j++) y[j] = x[j] * r * gain[j];
        return y;
    }

    private void Turn(Span<double> head, double[]? gain, int position)
    {
        if (gain is not null) Norm(head, gain).CopyTo(head);
        int half = head.Length / 2;
        for (int i = 0; i < half; i++)
        {
            int a = c.Rotary == RotaryPairing.HalfSplit ? i : 2 * i, b = c.Rotary == RotaryPairing.HalfSplit ? i + half : 2 * i + 1;
            double angle = position * frequencies.PerPair[i], cosine = frequencies.Magnitude * Math.Cos(angle), sine = frequencies.Magnitude * Math.Sin(angle);
            (head[a], head[b]) = (head[a] * cosine - head[b] * sine, head[a] * sine + head[b] * cosine);
        }
    }

    private static void Add(double[] x, double[] y)
    {
        for (int j = 0; j < x.Length; j++) x[j] += y[j];
    }
}
