namespace TreeRl

open System.IO

/// <summary>Reports as HTML: one file with its own styles and scripts, nothing fetched, light and dark by the reader's setting.</summary>
[<RequireQualifiedAccess>]
module ReportHtml =

    /// <summary>The page as text.</summary>
    let text (report: ReportView) = ReportPage.page report

    let internal write (path: string) (content: string) =
        let full = Path.GetFullPath path
        Directory.CreateDirectory(Path.GetDirectoryName full |> string) |> ignore
        let aside = full + ".part"
        File.WriteAllText(aside, content)
        File.Move(aside, full, true)
        full

    /// <summary>Writes the page, aside and renamed, and returns its full path.</summary>
    let save path (report: ReportView) = write path (text report)
