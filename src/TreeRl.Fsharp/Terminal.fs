namespace TreeRl

open System

/// <summary>What the console may be given.</summary>
module internal Terminal =

    /// Colours go to a terminal that shows them, unless the reader's NO_COLOR says otherwise (no-color.org: any value but none).
    let coloursFor (redirected: bool) (noColor: string | null) (term: string | null) =
        not redirected && String.IsNullOrEmpty noColor && term <> "dumb"

    let colours () =
        coloursFor
            Console.IsOutputRedirected
            (Environment.GetEnvironmentVariable "NO_COLOR")
            (Environment.GetEnvironmentVariable "TERM")
