// Loads TreeRl into F# interactive: `#load "treerl.fsx"` and `open TreeRl` are all a script needs.
// `./treerl script.fsx` builds the libraries first; in an editor, run `dotnet build -c Release` once.

#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Core.dll"
#r "../src/TreeRl.Fsharp/bin/Release/net10.0/Spectre.Console.dll"
#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Fsharp.dll"
#load "../src/TreeRl.Fsharp/TreeRl.Fsharp.fsx"
