// What F# Interactive loads with the library: `#r "nuget: TreeRl.Fsharp"` finds it in the package, scripts/treerl.fsx in the repository.
// Values of TreeRl print as their words, numbers and tables; all others as ever.

fsi.AddPrinter(fun (value: obj) -> TreeRl.Display.printer value)
