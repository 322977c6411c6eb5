using System;
using System.IO;

namespace TreeRl.Models;

/// <summary>
/// Writes a folder aside and puts it in its place by renaming, so that nobody sees half of it. Replacing a folder takes two renames; what a process killed between them
/// leaves, the old folder beside and the new one whole, is recognised and finished by the next reader or writer.
/// </summary>
internal static class FolderSwap
{
    private const string Aside = ".part", Former = ".former";

    /// <summary>Writes <paramref name="target"/>, replacing what is there.</summary>
    /// <param name="target">Full path of the folder.</param>
    /// <param name="write">Writes the files into the folder it is given.</param>
    public static void Write(string target, Action<string> write)
    {
        Finish(target);
        string aside = target + Aside, former = target + Former;
        if (Directory.Exists(former)) Directory.Delete(former, recursive: true);
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.CreateDirectory(aside);
        write(aside);
        if (Directory.Exists(target)) Directory.Move(target, former);
        Directory.Move(aside, target);
        if (Directory.Exists(former)) Directory.Delete(former, recursive: true);
    }

    /// <summary>
    /// Finishes a replacement that was cut short: the folder is missing and its former self lies beside it, which happens only after the new one had been written whole.
    /// </summary>
    public static void Finish(string folder)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), former = target + Former;
        if (Directory.Exists(target) || !Directory.Exists(former)) return;
        Directory.Move(Directory.Exists(target + Aside) ? target + Aside : former, target);
        if (Directory.Exists(former)) Directory.Delete(former, recursive: true);
    }
}
