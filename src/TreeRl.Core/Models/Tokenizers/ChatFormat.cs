using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;

namespace TreeRl.Models;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: "system", "user", "assistant", or what else the model knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>
/// How a conversation becomes the text of a prompt. The text holds the format's control tokens as text; <see cref="HfTokenizer.EncodePrompt"/> makes them ids.
/// </summary>
public sealed class ChatFormat
{
    private readonly Func<IReadOnlyList<ChatMessage>, string> render;
    private readonly ImmutableArray<string> markers;

    private ChatFormat(string name, ImmutableArray<string> markers, Func<IReadOnlyList<ChatMessage>, string> render)
    {
        Name = name;
        this.markers = markers;
        this.render = render;
    }

    /// <summary>
    /// ChatML, as Qwen uses it: each message is <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c>, then <c>&lt;|im_start|&gt;assistant\n</c>. No system
    /// message is added when there is none.
    /// </summary>
    public static ChatFormat ChatMl { get; } = new("ChatML", ["<|im_start|>", "<|im_end|>"], RenderChatMl);

    /// <summary>
    /// Llama 3: <c>&lt;|begin_of_text|&gt;</c>, each message as <c>&lt;|start_header_id|&gt;role&lt;|end_header_id|&gt;\n\ncontent&lt;|eot_id|&gt;</c> with white
    /// space trimmed from both ends of the content, then the header of the assistant.
    /// </summary>
    public static ChatFormat Llama3 { get; } = new(
        "Llama 3", ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], RenderLlama3);

    /// <summary>The name, for displays.</summary>
    public string Name { get; }

    /// <summary>Any other format.</summary>
    /// <param name="name">For displays.</param>
    /// <param name="render">Messages, at least one, to the text of a prompt that the assistant continues.</param>
    public static ChatFormat Custom(string name, Func<IReadOnlyList<ChatMessage>, string> render)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(render);
        return new ChatFormat(name, [], render);
    }

    /// <summary>The text of a prompt that ends where the assistant's answer begins.</summary>
    /// <param name="messages">In order, at least one.</param>
    /// <exception cref="ArgumentException">
    /// There is no message; a role is empty or more than a word; or, in the built-in formats, a text holds one of the format's control tokens, which would end the
    /// message early.
    /// </exception>
    public string Render(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Guard.That(messages.Count > 0, "there is no message: a prompt needs at least one", nameof(messages));
        for (int i = 0; i < messages.Count; i++) Check(messages[i], i);
        return render(messages);
    }

    /// <summary>The prompt of a single message of the user, after an optional system message.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Render"/>.</exception>
    public string RenderQuestion(string question, string? system = null)
    {
        var user = new ChatMessage("user", question);
        return Render(system is null ? [user] : [new ChatMessage("system", system), user]);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private void Check(ChatMessage message, int index)
    {
        ArgumentNullException.ThrowIfNull(message, nameof(message));
        ArgumentNullException.ThrowIfNull(message.Role, nameof(message));
        ArgumentNullException.ThrowIfNull(message.Content, nameof(message));
        bool isWord = message.Role.Length > 0 && message.Role.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        Guard.That(isWord, $"message {index} has the role \"{CharTokenizer.Shown(message.Role)}\": a role is a word such as \"user\"", nameof(message));
        foreach (string marker in markers)
            Guard.That(
                !message.Content.Contains(marker, StringComparison.Ordinal),
                $"message {index} ({message.Role}) holds the control token {marker}: it would break the {Name} format; remove it from the content",
                nameof(message));
    }

    private static string RenderChatMl(IReadOnlyList<ChatMessage> messages)
    {
        var text = new StringBuilder();
        foreach (var message in messages) text.Append("<|im_start|>").Append(message.Role).Append('\n').Append(message.Content).Append("<|im_end|>\n");
        return text.Append("<|im_start|>assistant\n").ToString();
    }

    private static string RenderLlama3(IReadOnlyList<ChatMessage> messages)
    {
        var text = new StringBuilder("<|begin_of_text|>");
        foreach (var message in messages) Header(message.Role).Append(message.Content.Trim()).Append("<|eot_id|>");
        return Header("assistant").ToString();

        StringBuilder Header(string role) => text.Append("<|start_header_id|>").Append(role).Append("<|end_header_id|>\n\n");
    }
}
