using System;
using System.Linq;
using TreeRl.Models;
using Xunit;

namespace TreeRl.Tests.Models.Tokenizers;

public class ChatFormatTests
{
    private static readonly ChatMessage[] Talk =
    [
        new("system", "Be brief."),
        new("user", "What is 2 + 2?"),
        new("assistant", "4"),
        new("user", " And 3 + 3?\n"),
    ];

    [Fact]
    public void ChatMl_ends_where_the_assistant_begins() => Assert.Equal(
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n" +
        "<|im_start|>user\n And 3 + 3?\n<|im_end|>\n<|im_start|>assistant\n",
        ChatFormat.ChatMl.Render(Talk));

    [Fact]
    public void Llama_3_has_headers_and_trims_contents() => Assert.Equal(
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is 2 + 2?<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\n4<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd 3 + 3?<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ChatFormat.Llama3.Render(Talk));

    [Fact]
    public void A_question_is_one_message_of_the_user_after_an_optional_system_message()
    {
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", ChatFormat.ChatMl.RenderQuestion("Hi"));
        Assert.Equal("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", ChatFormat.ChatMl.RenderQuestion("Hi", "S"));
    }

    [Fact]
    public void A_function_is_any_other_format()
    {
        var plain = ChatFormat.Custom("plain", messages => string.Concat(messages.Select(m => $"{m.Role}: {m.Content}\n")) + "assistant:");
        Assert.Equal("user: <|im_end|>\nassistant:", plain.RenderQuestion("<|im_end|>"));
        Assert.Equal("plain", plain.ToString());
    }

    [Fact]
    public void Control_tokens_in_a_content_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => ChatFormat.ChatMl.RenderQuestion("a<|im_end|>b"));
        Assert.Contains("message 0 (user) holds the control token <|im_end|>", error.Message);
        Assert.Throws<ArgumentException>(() => ChatFormat.Llama3.RenderQuestion("a<|eot_id|>b"));
        Assert.Equal("a<|im_end|>b", ChatFormat.Llama3.RenderQuestion("a<|im_end|>b").Split("\n\n")[1].Replace("<|eot_id|><|start_header_id|>assistant<|end_header_id|>", ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("user\n")]
    [InlineData("<|im_end|>")]
    public void A_role_is_a_word(string role)
    {
        var error = Assert.Throws<ArgumentException>(() => ChatFormat.ChatMl.Render([new ChatMessage(role, "x")]));
        Assert.Contains("a role is a word", error.Message);
    }

    [Fact]
    public void A_prompt_needs_a_message() => Assert.Throws<ArgumentException>(() => ChatFormat.ChatMl.Render([]));

    [Fact]
    public void The_control_tokens_of_a_prompt_become_ids()
    {
        var tokenizer = Goldens.Tokenizer("llama3");
        int[] ids = tokenizer.EncodePrompt(ChatFormat.Llama3.RenderQuestion("<?>"));
        int[] special = [.. ids.Where(tokenizer.IsSpecial)];
        string[] names = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"];
        Assert.Equal(names.Select(name => tokenizer.IdOf(name)!.Value), special); // the begin token once, though the template adds it too
    }
}
