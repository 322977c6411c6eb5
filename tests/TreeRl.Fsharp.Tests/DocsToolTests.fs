module TreeRl.Tests.DocsToolTests

open System
open Xunit
open TreeRl.Docs

let private lines (text: string) = text.Split '\n'

[<Fact>]
let ``blocks know their language, words, code and place`` () =
    let found =
        lines "text\n```fsharp mistake\nlet a = 1\n\nlet b = 2\n```\n\n```\nplain\n```"
        |> Markdown.blocks "x.md"

    Assert.Equal(2, found.Length)
    Assert.Equal("fsharp", found[0].Language)
    Assert.True(found[0].Has "mistake")
    Assert.Equal("let a = 1\n\nlet b = 2", found[0].Code)
    Assert.Equal(2, found[0].Line)
    Assert.Equal("", found[1].Language)
    Assert.Equal("plain", found[1].Code)

[<Fact>]
let ``a block that is never closed is an error that says where`` () =
    let error =
        Assert.ThrowsAny<exn>(fun () -> lines "a\n```fsharp\nlet x = 1" |> Markdown.blocks "x.md" |> ignore)

    Assert.Equal("x.md, line 2: the code block is never closed", error.Message)

[<Fact>]
let ``the small form makes one step of two prompts, and keeps what a block says itself`` () =
    Assert.Equal(
        "experiment \"a\" {\n    steps 1\n    promptsPerStep 2\n    evaluateOn 4 1\n}",
        Markdown.small "experiment \"a\" {\n    steps 50\n}"
    )

    Assert.Equal(
        "    promptsPerStep 8\n    steps 1\n    evaluateOn 4 1",
        Markdown.small "    promptsPerStep 8\n    steps 50"
    )

    Assert.Equal("let steps = 50", Markdown.small "let steps = 50")

[<Fact>]
let ``a text says what was shown, three dots at its end stand for the rest`` () =
    Assert.True(Markdown.matches "a\nb" "a  \nb")
    Assert.False(Markdown.matches "a" "a\nb")
    Assert.True(Markdown.matches "a\n..." "a\nb\nc")
    Assert.False(Markdown.matches "b\n..." "a\nb")
    Assert.True(Markdown.matches "..." "anything")

[<Fact>]
let ``the scripts of a shell block are those that ./treerl runs`` () =
    Assert.Equal<string list>(
        [ "scripts/a.fsx"; "scripts/b-c.fsx" ],
        Markdown.scripts
            "./treerl scripts/a.fsx     # trains\n./check\n./treerl scripts/b-c.fsx --lora\necho scripts/d.fsx"
    )

    Assert.Empty(Markdown.scripts "./treerl --torch cuda script.fsx")

[<Fact>]
let ``a literate script is cells of prose and code in their order`` () =
    let script =
        "(**\n# Title\n\ntext\n*)\nlet a = 1\n\na\n// %% next\na + 1\n(**\nend\n*)\n"

    Assert.Equal<Literate.Cell list>(
        [
            Literate.Prose "# Title\n\ntext"
            Literate.Code "let a = 1\n\na"
            Literate.Code "a + 1"
            Literate.Prose "end"
        ],
        Literate.cells "x.fsx" script
    )

[<Fact>]
let ``a comment that is never closed is an error that names the script`` () =
    let error =
        Assert.ThrowsAny<exn>(fun () -> Literate.cells "x.fsx" "(**\ntext" |> ignore)

    Assert.StartsWith("x.fsx: a comment", error.Message)
