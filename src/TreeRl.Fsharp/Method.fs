namespace TreeRl

open System

/// <summary>
/// A published method as a value: how it samples, how it redistributes, what it minimises. Made of the words a user has; take a part,
/// change it with <c>from</c>, and recombine.
/// </summary>
[<Notebooks.TypeFormatterSource(typeof<Notebooks.HtmlFormatterSource>)>]
type Method =
    {
        /// <summary>The name in tables and reports.</summary>
        Name: string
        /// <summary>Where it comes from.</summary>
        Source: string
        /// <summary>Its advantage, as a formula.</summary>
        Formula: string
        /// <summary>How answers are sampled.</summary>
        Sample: Branching
        /// <summary>How rewards become advantages.</summary>
        Redistribute: Redistribution
        /// <summary>What is minimised.</summary>
        Update: Objective
        /// <summary>Deviations from the source, and choices it leaves open.</summary>
        Deviations: string[]
    }

    /// <summary>The method in words: source, formula, the three blocks, and the numbered deviations.</summary>
    override method.ToString() =
        let indent (block: obj) =
            (string block).Split '\n'
            |> Array.map (fun line -> "  " + line)
            |> String.concat "\n"

        let deviations =
            method.Deviations
            |> Array.mapi (fun i text -> $"\n  {i + 1}. {text}")
            |> String.Concat

        $"{method.Name} ({method.Source})\n  {method.Formula}\n{indent method.Sample}\n{indent method.Redistribute}\n{indent method.Update}\n"
        + $"deviations and open choices:{deviations}"

    /// <summary>For notebooks: source, formula, the three blocks as tables, and the deviations.</summary>
    member method.ToHtml() =
        let block (part: Block<'Spec>) =
            part.Lines |> Array.map (fun line -> line.Word, line.Resolved, line.IsDefault)

        [
            HtmlParts.caption $"{method.Name} ({method.Source})"
            HtmlParts.note method.Formula
            yield! HtmlParts.settings "branching" (block method.Sample)
            yield! HtmlParts.settings "redistribution" (block method.Redistribute)
            yield! HtmlParts.settings "objective" (block method.Update)
            Markup.el "ol" [] [ for text in method.Deviations -> Markup.txt "li" text ]
        ]
        |> HtmlParts.render
