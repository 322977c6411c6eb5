/// What tests of the desk share: a small plan, reward and experiment, a folder of their own, and the data of a page.
module TreeRl.Tests.DeskFixtures

open System.IO
open System.Xml.Linq
open TreeRl

let forestPlan =
    branching {
        trees 2
        leaves 6
        branchWhen (entropyAbove 0.5 |> afterTokens 3)
        maxTokens 12
    }

let lengthReward =
    reward {
        term "even" 1.0 (fun answer -> if answer.TokenCount % 2 = 0 then 1.0 else 0.0)
        term "brief" 0.1 (fun answer -> 1.0 - float answer.TokenCount / 12.0)
    }

/// A folder of its own, deleted afterwards.
let inFolder (work: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("treerl-desk-").FullName

    try
        work folder
    finally
        Directory.Delete(folder, true)

let experimentOf name more =
    experiment name {
        policy (TinyPolicy.make ())
        tasks (Tasks.chains 2)
        sample forestPlan
        grade lengthReward
        redistribute Methods.treeAdv.Redistribute
        update Objectives.gspoToken
        steps 2
        promptsPerStep 2
        evaluateOn 4 2
        seed 7
        yield! more
    }

/// The inspector's data in a page.
let inspectorData (page: string) =
    let scripts =
        XDocument.Parse(page.Replace("<!DOCTYPE html>", "")).Descendants(XName.Get "script")

    let data =
        scripts
        |> Seq.find (fun script ->
            match script.Attribute(XName.Get "id") with
            | null -> false
            | id -> id.Value = "inspector-data")

    System.Text.Json.JsonDocument.Parse(data.Value).RootElement
