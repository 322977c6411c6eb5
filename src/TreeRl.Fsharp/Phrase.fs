namespace TreeRl

/// <summary>
/// Words that stand for a value of the sampler, as in <c>surprisalForks 2 1 2</c>: printing shows them as one writes them. What is wrong
/// with them is reported by the block that takes them.
/// </summary>
[<Sealed>]
type Phrase<'Value when 'Value: equality> internal (text: string, value: 'Value, problems: Problem list) =

    /// <summary>The value that the sampler reads.</summary>
    member _.Value = value

    member internal _.Text = text
    member internal _.Problems = problems

    /// <summary>The words, in brackets where there are several.</summary>
    override _.ToString() =
        if text.Contains ' ' then $"({text})" else text

    override _.Equals other =
        match other with
        | :? Phrase<'Value> as other -> text = other.Text && value = other.Value
        | _ -> false

    override _.GetHashCode() = text.GetHashCode()

/// <summary>Makes phrases.</summary>
module internal Phrase =
    let make text value = Phrase<'Value>(text, value, [])

    /// A phrase with its mistakes, found before the value goes anywhere.
    let check text problems value = Phrase<'Value>(text, value, problems)

    /// More words behind a phrase.
    let extend word problems value (phrase: Phrase<'Value>) =
        Phrase<'Value>($"{phrase.Text} |> {word}", value, phrase.Problems @ problems)
