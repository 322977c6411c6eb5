using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using TreeRl.Numerics;

namespace TreeRl.Bench;

/// <summary>What a run measured: sections of rows, printed as they come and stored as one Markdown file with the date and the processor.</summary>
internal sealed class Ledger
{
    private readonly StringBuilder text = new();

    private Ledger()
    {
    }

    /// <summary>Starts a page: a heading with the date, the machine, and what was asked for.</summary>
    public static Ledger Begin(string title, string more)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var ledger = new Ledger();
        ledger.Line($"# {title}, {DateTime.UtcNow:yyyy-MM-dd}");
        ledger.Line("");
        ledger.Line($"{Processor}, {Environment.ProcessorCount} cores; {RuntimeInformation.FrameworkDescription}, {Simd.Best}{more}.");
        ledger.Line($"Peak of one core measured here: {Clock.PeakGigaflops(Simd.Best):f0} GFLOP/s. Load before the run: {Load()}.");
        return ledger;
    }

    /// <summary>Ends the page and stores it; a full run's <paramref name="kind"/> is empty, any other keeps the file apart from a full run's.</summary>
    public void End(string kind)
    {
        Line("");
        Line($"Load after the run: {Load()}.");
        Console.WriteLine($"\nstored: {Save(kind)}");
    }

    /// <summary>Median of some figures.</summary>
    public static double Median(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>A median with the smallest and largest figure.</summary>
    public static string Spread(IReadOnlyCollection<double> figures, string format = "0.00") =>
        figures.Count == 0 ? "-" : FormattableString.Invariant($"{Number(Median(figures), format)} [{Number(figures.Min(), format)} - {Number(figures.Max(), format)}]");

    /// <summary>A number as tables show it.</summary>
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Starts a table.</summary>
    public void Table(string title, params string[] columns)
    {
        Line("");
        Line($"## {title}");
        Line("");
        Row(columns);
        Row([.. columns.Select((_, i) => i == 0 ? "---" : "---:")]);
    }

    /// <summary>Adds a row.</summary>
    public void Row(params string[] cells) => Line($"| {string.Join(" | ", cells)} |");

    /// <summary>Adds a row that begins with some names.</summary>
    public void Row(string name, string kind, string[] cells) => Row([name, kind, .. cells]);

    /// <summary>Adds a line of text.</summary>
    public void Line(string line)
    {
        text.Append(line).Append('\n');
        Console.WriteLine(line);
    }

    private static string Load() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";

    /// <summary>The processor's name.</summary>
    private static string Processor
    {
        get
        {
            const string Info = "/proc/cpuinfo";
            string? name = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
            return name is null ? RuntimeInformation.ProcessArchitecture.ToString() : name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
    }

    /// <summary>Writes bench/results/DATE-PROCESSOR[-KIND].md and returns its path.</summary>
    private string Save(string kind)
    {
        string processor = new([.. Processor.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        while (processor.Contains("--", StringComparison.Ordinal)) processor = processor.Replace("--", "-", StringComparison.Ordinal);
        string folder = Path.GetFullPath(Path.Combine(Peer.Folder, "..", "results"));
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{DateTime.UtcNow:yyyy-MM-dd}-{processor.Trim('-')}{(kind == "" ? "" : "-" + kind)}.md");
        File.WriteAllText(path, text.ToString());
        return path;
    }
}
