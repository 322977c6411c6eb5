using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using TreeRl.Values;

namespace TreeRl.Lab;

/// <summary>
/// The file of a truth under way: a line that names what it is the truth of, then one line for each place done, in order. Lines are added
/// batch by batch; what a killed run left half written is cut off.
/// <code>
/// treerl truth 1 &lt;fingerprint&gt;
/// &lt;place&gt; &lt;scored&gt; &lt;sum&gt; &lt;squares&gt; &lt;tokens&gt;
/// </code>
/// </summary>
internal sealed class TruthFile
{
    private readonly string path;

    private TruthFile(string path, List<PlaceValue> done)
    {
        this.path = path;
        Done = done;
    }

    /// <summary>The places the file has.</summary>
    public List<PlaceValue> Done { get; }

    /// <summary>Opens a file, creating it when it is new, and cuts a half-written line off.</summary>
    /// <exception cref="InvalidOperationException">The file is the truth of something else.</exception>
    /// <exception cref="InvalidDataException">A whole line is broken.</exception>
    public static TruthFile Open(string path, string fingerprint, int placeCount)
    {
        string head = $"treerl truth 1 {fingerprint}\n";
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        string text = File.Exists(path) ? File.ReadAllText(path) : "";
        if (text.Length < head.Length && head.StartsWith(text, StringComparison.Ordinal))
        {
            File.WriteAllText(path, head);
            return new TruthFile(path, []);
        }
        if (!text.StartsWith(head, StringComparison.Ordinal))
            throw new InvalidOperationException($"{path} is no truth of this forest, reward, plan and seed: give another file name, or delete it to start afresh.");
        var done = new List<PlaceValue>();
        int from = head.Length;
        for (int end; (end = text.IndexOf('\n', from)) >= 0; from = end + 1)
        {
            if (done.Count >= placeCount || !TryRead(text[from..end], done.Count, out var place))
                throw new InvalidDataException($"{path}, line {done.Count + 2}: '{text[from..end]}' is no line for place {done.Count} of {placeCount}. Delete the file to start afresh.");
            done.Add(place);
        }
        if (from < text.Length) File.WriteAllText(path, text[..from]);
        return new TruthFile(path, done);
    }

    /// <summary>Adds places, flushed to disk.</summary>
    public void Append(IReadOnlyList<PlaceValue> places)
    {
        var text = new StringBuilder();
        foreach (var place in places)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Done.Count} {place.Scored} {place.Sum:R} {place.Squares:R} {place.Tokens}\n");
            Done.Add(place);
        }
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
        stream.Flush(flushToDisk: true);
    }

    private static bool TryRead(string line, int expected, out PlaceValue place)
    {
        place = default;
        string[] parts = line.Split(' ');
        var invariant = CultureInfo.InvariantCulture;
        if (parts.Length != 5
            || !int.TryParse(parts[0], NumberStyles.None, invariant, out int index) || index != expected
            || !int.TryParse(parts[1], NumberStyles.None, invariant, out int scored)
            || !double.TryParse(parts[2], NumberStyles.Float, invariant, out double sum) || !double.IsFinite(sum)
            || !double.TryParse(parts[3], NumberStyles.Float, invariant, out double squares) || !double.IsFinite(squares)
            || !long.TryParse(parts[4], NumberStyles.None, invariant, out long tokens)) return false;
        place = new PlaceValue(scored, sum, squares, tokens);
        return true;
    }
}
