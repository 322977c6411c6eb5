using System;
using System.IO;
using Xunit;

namespace TreeRl.Tests;

/// <summary>Files made elsewhere that some tests compare with. A test that needs one is skipped where it is absent.</summary>
internal static class TestData
{
    /// <summary>
    /// The path of a data file: in the folder named by the environment variable TREERL_DATA, by default <c>../shared/data</c> beside the repository.
    /// Skips the test, saying which file was looked for, when there is none.
    /// </summary>
    public static string Path(string fileName)
    {
        string path = System.IO.Path.GetFullPath(System.IO.Path.Combine(Folder, fileName));
        if (!File.Exists(path)) Assert.Skip($"no data file {fileName} in {Folder}; set TREERL_DATA to the folder that has it");
        return path;
    }

    /// <summary>A fresh path below the system's temporary folder; nothing is there yet.</summary>
    public static string FreshPath(string name) =>
        System.IO.Path.Combine(Directory.CreateTempSubdirectory("treerl-test-").FullName, name);

    private static string Folder =>
        Environment.GetEnvironmentVariable("TREERL_DATA") is { Length: > 0 } named
            ? named
            : System.IO.Path.Combine(RepositoryRoot, "..", "shared", "data");

    private static string RepositoryRoot
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
                if (File.Exists(System.IO.Path.Combine(folder.FullName, "TreeRl.sln"))) return folder.FullName;
            return Directory.GetCurrentDirectory();
        }
    }
}
