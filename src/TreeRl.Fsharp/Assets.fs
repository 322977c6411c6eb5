namespace TreeRl

open System.IO

/// <summary>The style sheets and scripts of pages, which travel inside the library.</summary>
module internal Assets =

    /// The text of an asset, by its file name in the folder Assets.
    let text (name: string) =
        match typeof<Markup>.Assembly.GetManifestResourceStream name with
        | null -> invalidOp $"asset {name} is not in the library: build it again"
        | stream ->
            use reader = new StreamReader(stream)
            reader.ReadToEnd()

    /// Several assets, one after the other.
    let all (names: string list) =
        names |> List.map text |> String.concat "\n"
