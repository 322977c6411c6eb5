using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Bench;

/// <summary>The PyTorch programs in bench/peer, run as processes of their own; each prints one JSON line a result.</summary>
internal sealed class Peer
{
    private readonly string python;
    private readonly string folder;

    private Peer(string python, string folder, string version)
    {
        this.python = python;
        this.folder = folder;
        Version = version;
    }

    /// <summary>PyTorch's version.</summary>
    public string Version { get; }

    /// <summary>The folder with the peer's programs and workloads.</summary>
    public static string Folder
    {
        get
        {
            for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                string here = Path.Combine(at.FullName, "bench", "peer");
                if (File.Exists(Path.Combine(here, "peer_rl.py"))) return here;
            }
            throw new DirectoryNotFoundException("bench/peer with peer_rl.py is not above the program: run it from a checkout");
        }
    }

    /// <summary>Looks for a Python with PyTorch: the one TREERL_PYTHON names, the system's, the one on the path. Null, with the reason printed, when none has it.</summary>
    public static Peer? Find()
    {
        string? named = Environment.GetEnvironmentVariable("TREERL_PYTHON");
        string[] candidates = named is { Length: > 0 } ? [named] : ["/usr/bin/python3", "python3"];
        foreach (string python in candidates)
        {
            try
            {
                string version = Run(python, null, ["-c", "import torch; print(torch.__version__)"]).Trim();
                return new Peer(python, Folder, version);
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException)
            {
                // The next one may have it.
            }
        }
        Console.WriteLine(
            $"no PyTorch: none of {string.Join(", ", candidates)} can import torch, so there are no ratios below. Install it (Debian: python3-torch and libopenblas0-openmp) or name a Python that has it in TREERL_PYTHON.");
        return null;
    }

    /// <summary>Runs one program of the folder and reads its JSON lines.</summary>
    public JsonElement[] Measure(string program, params string[] arguments) =>
        [.. Run(python, folder, [Path.Combine(folder, program), .. arguments]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] == '{').Select(l => JsonDocument.Parse(l).RootElement)];

    private static string Run(string python, string? folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? "" };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{python} ended with {process.ExitCode}: {errors.Result.Trim().Split('\n')[^1]}");
    }
}
