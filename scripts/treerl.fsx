// Loads TreeRl into F# interactive: `#load "treerl.fsx"` and `open TreeRl` are all a script needs.
// `./treerl script.fsx` builds the libraries first; in an editor, run `dotnet build -c Release` once.

#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Core.dll"
#r "../src/TreeRl.Fsharp/bin/Release/net10.0/TreeRl.Fsharp.dll"

// Values print as their words and numbers, here and in the REPL.
fsi.AddPrinter(fun (value: TreeRl.Branching) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Reward) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Redistribution) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Objective) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Experiment) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Method) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Policy) -> string value)
fsi.AddPrinter(fun (value: TreeRl.TaskSet) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Rollout) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Graded) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Credited) -> string value)
fsi.AddPrinter(fun (value: TreeRl.Run) -> string value)
