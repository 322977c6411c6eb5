/// A headless Chromium for tests of pages, spoken to by the DevTools protocol. Tests that need it skip themselves when there is none.
module TreeRl.Tests.Browser

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Net.WebSockets
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Threading
open Xunit

/// Where Chromium is: TREERL_CHROMIUM, or one of the usual places.
let private chromium =
    [
        Environment.GetEnvironmentVariable "TREERL_CHROMIUM" |> Option.ofObj
        Some "/usr/bin/chromium"
        Some "/usr/bin/chromium-browser"
        Some "/usr/bin/google-chrome"
    ]
    |> List.choose id
    |> List.tryFind File.Exists

/// Longest time for anything the browser does; a bound against hanging, which no test measures.
let private patience = TimeSpan.FromSeconds 90.0

/// The text a page gave for an expression; "" for undefined.
let private textOf (node: JsonNode | null) =
    match node with
    | null -> ""
    | node -> node.ToString()

let private field (node: JsonNode) (path: string) : JsonNode | null =
    ((node: JsonNode | null), path.Split '.')
    ||> Array.fold (fun at name ->
        match at with
        | null -> null
        | at -> at[name])

/// A tab, and what its console said.
[<Sealed>]
type Tab
    internal
    (
        call: string -> string -> (string * objnull) list -> JsonNode,
        wait: string -> string -> unit,
        session: string,
        errors: List<string>
    ) =

    let call name arguments = call session name arguments

    /// Errors and uncaught exceptions of the page so far.
    member _.Errors = errors

    /// Opens a file and waits until it is loaded.
    member tab.Open(path: string) =
        call "Page.navigate" [ "url", Uri(Path.GetFullPath path).AbsoluteUri ] |> ignore
        wait session "Page.loadEventFired"
        tab.Settle()

    /// The value of a JavaScript expression, as text; promises are awaited.
    member _.Eval(expression: string) =
        let answer =
            call "Runtime.evaluate" [ "expression", expression; "awaitPromise", true; "returnByValue", true ]

        match field answer "exceptionDetails" with
        | null -> textOf (field answer "result.value")
        | broken -> failwith $"{expression}: {broken.ToJsonString()}"

    /// Waits until two frames were drawn.
    member tab.Settle() =
        tab.Eval "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
        |> ignore

    /// Presses a key by its name, as in "ArrowDown" or "w".
    member tab.Press(key: string) =
        let text = if key.Length = 1 then [ "text", box key ] else []

        call "Input.dispatchKeyEvent" ([ "type", box "keyDown"; "key", key ] @ text)
        |> ignore

        call "Input.dispatchKeyEvent" [ "type", "keyUp"; "key", key ] |> ignore
        tab.Settle()

    /// Moves the mouse onto the middle of the first element that a selector finds, scrolled into view, and clicks there when asked to.
    member private tab.Point(selector: string, click: bool) =
        let place =
            tab.Eval
                $"""(() => {{ const e = document.querySelector({JsonSerializer.Serialize selector}); if (!e) throw new Error('nothing matches'); e.scrollIntoView({{ block: 'center' }}); const r = e.getClientRects()[0]; return (r.left + r.width / 2) + ' ' + (r.top + r.height / 2); }})()"""

        let parts =
            place.Split ' '
            |> Array.map (fun part -> Double.Parse(part, Globalization.CultureInfo.InvariantCulture))

        let mouse kind more =
            call "Input.dispatchMouseEvent" ([ "type", box kind; "x", parts[0]; "y", parts[1] ] @ more)
            |> ignore

        mouse "mouseMoved" []

        if click then
            mouse "mousePressed" [ "button", "left"; "clickCount", 1 ]
            mouse "mouseReleased" [ "button", "left"; "clickCount", 1 ]

        tab.Settle()

    /// Moves the mouse onto an element.
    member tab.Hover selector = tab.Point(selector, false)

    /// Clicks an element.
    member tab.Click selector = tab.Point(selector, true)

    /// Gives the page a size.
    member tab.Size(width: int, height: int) =
        call
            "Emulation.setDeviceMetricsOverride"
            [ "width", width; "height", height; "deviceScaleFactor", 1; "mobile", false ]
        |> ignore

        tab.Settle()

    /// Says whether the reader's system is dark.
    member tab.Dark(isDark: bool) =
        let feature =
            dict
                [
                    "name", "prefers-color-scheme"
                    "value", (if isDark then "dark" else "light")
                ]

        call "Emulation.setEmulatedMedia" [ "features", [| feature |] ] |> ignore
        tab.Settle()

    /// A picture of what is in view, written as PNG.
    member _.Picture(path: string) =
        let answer = call "Page.captureScreenshot" [ "format", "png" ]
        File.WriteAllBytes(path, Convert.FromBase64String(textOf (field answer "data")))

/// A running browser. One for all tests of a class: it is started when the first of them asks for a tab.
[<Sealed>]
type Browser() =
    let profile = Directory.CreateTempSubdirectory("treerl-browser-").FullName
    let timeout = new CancellationTokenSource()
    let socket = new ClientWebSocket()
    let events = List<JsonNode>()
    let mutable running: Process option = None
    let mutable calls = 0

    let receive () =
        let buffer = Array.zeroCreate<byte> 65536
        use whole = new MemoryStream()
        let mutable isOpen = true

        while isOpen do
            let part =
                socket.ReceiveAsync(ArraySegment buffer, timeout.Token).GetAwaiter().GetResult()

            whole.Write(buffer, 0, part.Count)
            isOpen <- not part.EndOfMessage

        match JsonNode.Parse(whole.ToArray()) with
        | null -> failwith "the browser said null"
        | node -> node

    let call (session: string) (name: string) (arguments: (string * objnull) list) =
        timeout.CancelAfter patience
        calls <- calls + 1
        let id = calls
        let message = JsonObject()
        message["id"] <- id
        message["method"] <- name

        if session <> "" then
            message["sessionId"] <- session

        let parameters = JsonObject()

        for key, value in arguments do
            parameters[key] <- JsonSerializer.SerializeToNode value

        message["params"] <- parameters
        let bytes = Encoding.UTF8.GetBytes(message.ToJsonString())

        socket.SendAsync(ArraySegment bytes, WebSocketMessageType.Text, true, timeout.Token).GetAwaiter().GetResult()

        let rec answer () : JsonNode =
            let root = receive ()

            match root["id"] with
            | null ->
                events.Add root
                answer ()
            | number when number.GetValue<int>() <> id -> answer ()
            | _ ->
                match root["result"] with
                | null -> failwith (name + ": " + textOf root["error"])
                | result -> result

        answer ()

    let note (session: string) (errors: List<string>) (event: JsonNode) =
        if textOf event["sessionId"] = session then
            match textOf event["method"] with
            | "Runtime.exceptionThrown" -> errors.Add(textOf (field event "params.exceptionDetails"))
            | "Log.entryAdded" when textOf (field event "params.entry.level") = "error" ->
                errors.Add(textOf (field event "params.entry.text"))
            | "Runtime.consoleAPICalled" when textOf (field event "params.type") = "error" ->
                errors.Add(textOf (field event "params.args"))
            | _ -> ()

    let start (path: string) =
        let arguments =
            [
                "--headless"
                "--no-sandbox"
                "--disable-gpu"
                "--no-first-run"
                "--disable-background-networking"
                "--disable-component-update"
                "--hide-scrollbars"
                "--host-resolver-rules=MAP * ~NOTFOUND"
                "--remote-debugging-port=0"
                $"--user-data-dir={profile}"
                "about:blank"
            ]

        let info = ProcessStartInfo(path, arguments, RedirectStandardError = true)
        let started = Process.Start info |> nonNull
        running <- Some started
        timeout.CancelAfter patience
        let mark = "DevTools listening on "

        let rec address () =
            match started.StandardError.ReadLineAsync(timeout.Token).AsTask().GetAwaiter().GetResult() with
            | null -> failwith $"{path} ended before it listened"
            | line when line.StartsWith(mark, StringComparison.Ordinal) -> line.Substring mark.Length
            | _ -> address ()

        let address = address ()
        started.StandardError.ReadToEndAsync() |> ignore // a full pipe would stop it
        socket.ConnectAsync(Uri address, timeout.Token).GetAwaiter().GetResult()

    /// A new tab; skips the test when there is no Chromium.
    member _.NewTab() =
        match chromium with
        | None -> Assert.Skip "no Chromium here: install it or name it by TREERL_CHROMIUM"
        | Some path ->
            if running.IsNone then
                start path

        // A context of its own, as a private window has: nothing that another tab stored is seen.
        let context = call "" "Target.createBrowserContext" []

        let target =
            call
                ""
                "Target.createTarget"
                [ "url", "about:blank"; "browserContextId", textOf context["browserContextId"] ]

        let attached =
            call "" "Target.attachToTarget" [ "targetId", textOf target["targetId"]; "flatten", true ]

        let session = textOf attached["sessionId"]
        let errors = List<string>()

        let drain () =
            for event in events do
                note session errors event

            events.Clear()

        let ask session name arguments =
            let answer = call session name arguments
            drain ()
            answer

        let rec wait session name =
            let event = receive ()
            note session errors event

            if textOf event["method"] <> name || textOf event["sessionId"] <> session then
                wait session name

        for domain in [ "Page"; "Runtime"; "Log" ] do
            call session $"{domain}.enable" [] |> ignore

        let tab = Tab(ask, wait, session, errors)
        tab.Size(1200, 900)
        tab

    interface IDisposable with
        member _.Dispose() =
            match running with
            | Some browser ->
                socket.Dispose()
                browser.Kill(true)
                browser.WaitForExit()
                browser.Dispose()
            | None -> socket.Dispose()

            timeout.Dispose()

            try
                Directory.Delete(profile, true)
            with :? IOException ->
                ()
