using System.Collections.Generic;
using System.Linq;

namespace TreeRl.Models;

/// <content>The stages before and after the model: normalizer, pre-tokenizer, decoder, post-processor.</content>
internal sealed partial class TokenizerFile
{
    private static IEnumerable<TextStep> ReadNormalizer(JsonSection? given)
    {
        if (given is not { } section) return [];
        switch (section.Type())
        {
            case "Sequence":
                section.AllowOnly("type", "normalizers");
                return section.Member("normalizers").Items().SelectMany(item => ReadNormalizer(item)).ToList();
            case "NFC":
                section.AllowOnly("type");
                return [Nfc.Apply];
            case "Prepend":
                section.AllowOnly("type", "prepend");
                return [TextNormalizer.Prepend(section.Member("prepend").Text())];
            case "Replace":
                var (from, to) = ReadReplacement(section);
                return [TextNormalizer.Replace(from, to)];
            default:
                throw section.Member("type").Refuse("this normalizer is not supported (known: Sequence, NFC, Prepend, Replace)");
        }
    }

    private static (string From, string To) ReadReplacement(JsonSection section)
    {
        section.AllowOnly("type", "pattern", "content");
        var pattern = section.Member("pattern");
        if (pattern.MemberOrNull("String") is not { } text) throw pattern.Refuse("only replacements of a fixed text, {\"String\": ...}, are supported");
        pattern.AllowOnly("String");
        string from = text.Text();
        if (from.Length == 0) throw text.Refuse("must not be empty");
        return (from, section.Member("content").Text());
    }

    private static IEnumerable<PieceSplitter> ReadSplitters(JsonSection? given, bool isLast)
    {
        if (given is not { } section) return [];
        switch (section.Type())
        {
            case "Sequence":
                section.AllowOnly("type", "pretokenizers");
                var items = section.Member("pretokenizers").Items().ToList();
                return items.SelectMany((item, index) => ReadSplitters(item, isLast && index == items.Count - 1)).ToList();
            case "ByteLevel":
                section.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                if (!isLast) throw section.Refuse("a pre-tokenizer after ByteLevel would see bytes instead of text: ByteLevel must be the last");
                bool cuts = section.Flag("use_regex", absent: true);
                return [new ByteLevelSplitter(cuts ? WordPattern.Gpt2 : null, section.Member("add_prefix_space").Flag())];
            case "Split":
                return [ReadSplit(section)];
            case "Digits":
                section.AllowOnly("type", "individual_digits");
                return [new DigitSplitter(section.Member("individual_digits").Flag())];
            case "Metaspace":
                return [ReadMetaspace(section)];
            default:
                throw section.Member("type").Refuse("this pre-tokenizer is not supported (known: Sequence, ByteLevel, Split, Digits, Metaspace)");
        }
    }

    private static PatternSplitter ReadSplit(JsonSection section)
    {
        section.AllowOnly("type", "pattern", "behavior", "invert");
        var behavior = section.Member("behavior");
        if (behavior.Text() != "Isolated") throw behavior.Refuse("only \"Isolated\" is supported");
        var invert = section.Member("invert");
        if (invert.Flag()) throw invert.Refuse("only false is supported");
        var pattern = section.Member("pattern");
        if (pattern.MemberOrNull("Regex") is not { } text) throw pattern.Refuse("only patterns of the kind {\"Regex\": ...} are supported");
        pattern.AllowOnly("Regex");
        var words = WordPattern.Find(text.Text()) ?? throw text.Refuse("this pattern is not supported (known: those of GPT-2, Llama 3 and Qwen 2/3)");
        return new PatternSplitter(words);
    }

    private static MetaspaceSplitter ReadMetaspace(JsonSection section)
    {
        section.AllowOnly("type", "replacement", "str_rep", "prepend_scheme", "add_prefix_space", "split");
        var mark = section.Member("replacement");
        string text = mark.Text();
        if (text.Length != 1 || char.IsSurrogate(text[0])) throw mark.Refuse("must be one character of one UTF-16 unit");
        return new MetaspaceSplitter(text[0], ReadMarkBefore(section), section.Flag("split", absent: true));
    }

    // Old files say add_prefix_space instead of prepend_scheme; a file that says both must not contradict itself.
    private static MarkBefore ReadMarkBefore(JsonSection section)
    {
        bool? prefix = section.Given("add_prefix_space")?.Flag();
        if (section.Given("prepend_scheme") is not { } scheme) return prefix ?? true ? MarkBefore.Always : MarkBefore.Never;
        MarkBefore before = scheme.Text() switch
        {
            "always" => MarkBefore.Always,
            "first" => MarkBefore.First,
            "never" => MarkBefore.Never,
            _ => throw scheme.Refuse("must be \"always\", \"first\" or \"never\""),
        };
        if (prefix == false && before != MarkBefore.Never) throw scheme.Refuse("contradicts add_prefix_space = false");
        return before;
    }

    private static DecodeRule ReadDecoder(JsonSection root)
    {
        var section = root.Given("decoder") ?? throw ModelFile.Bad(root.File, "decoder is missing: without one, tokens do not make up a text");
        var replacements = new List<KeyValuePair<string, string>>();
        bool byteLevel = false, byteFallback = false, fused = false, strips = false;
        var stages = section.Type() == "Sequence" ? section.Member("decoders").Items().ToList() : [section];
        foreach (var stage in stages)
        {
            if (byteLevel || strips) throw stage.Refuse("a decoder after ByteLevel, Metaspace or Strip is not supported");
            switch (stage.Type())
            {
                case "ByteLevel":
                    stage.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                    if (stages.Count > 1) throw stage.Refuse("ByteLevel must be the only decoder");
                    byteLevel = true;
                    break;
                case "Metaspace":
                    stage.AllowOnly("type", "replacement", "str_rep", "prepend_scheme", "add_prefix_space", "split");
                    replacements.Add(new(stage.Member("replacement").Text(), " "));
                    strips = ReadMarkBefore(stage) != MarkBefore.Never;
                    break;
                case "Replace":
                    var (from, to) = ReadReplacement(stage);
                    if (byteFallback || fused) throw stage.Refuse("Replace must come before ByteFallback and Fuse");
                    replacements.Add(new(from, to));
                    break;
                case "ByteFallback":
                    stage.AllowOnly("type");
                    byteFallback = true;
                    break;
                case "Fuse":
                    stage.AllowOnly("type");
                    fused = true;
                    break;
                case "Strip":
                    stage.AllowOnly("type", "content", "start", "stop");
                    bool known = fused && stage.Member("content").Text() == " " && stage.Member("start").Id() == 1 && stage.Member("stop").Id() == 0;
                    if (!known) throw stage.Refuse("only the removal of one leading space after Fuse is supported");
                    strips = true;
                    break;
                default:
                    throw stage.Member("type").Refuse("this decoder is not supported (known: Sequence, ByteLevel, Metaspace, Replace, ByteFallback, Fuse, Strip)");
            }
        }
        if (section.Type() == "Sequence") section.AllowOnly("type", "decoders");
        return new DecodeRule(byteLevel, replacements, byteFallback, strips);
    }

    private void ReadPostProcessor(JsonSection section)
    {
        switch (section.Type())
        {
            case "ByteLevel": // trims offsets, which are not kept here
                section.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                return;
            case "Sequence":
                section.AllowOnly("type", "processors");
                foreach (var processor in section.Member("processors").Items()) ReadPostProcessor(processor);
                return;
            case "TemplateProcessing":
                section.AllowOnly("type", "single", "pair", "special_tokens");
                ReadTemplate(section);
                return;
            default:
                throw section.Member("type").Refuse("this post-processor is not supported (known: Sequence, ByteLevel, TemplateProcessing)");
        }
    }

    private void ReadTemplate(JsonSection section)
    {
        List<int> before = [], after = [];
        bool seen = false;
        foreach (var part in section.Member("single").Items())
        {
            if (part.MemberOrNull("SpecialToken") is { } special)
            {
                var ids = section.Member("special_tokens").Member(special.Member("id").Text()).Member("ids").Items().Select(id => id.Id());
                (seen ? after : before).AddRange(ids);
            }
            else if (part.MemberOrNull("Sequence") is not null && !seen) seen = true;
            else throw part.Refuse("a template must be special tokens and the text, once");
        }
        if (!seen) throw section.Member("single").Refuse("a template must hold the text");
        // A later template wraps what an earlier one made.
        TemplateBefore = [.. before, .. TemplateBefore];
        TemplateAfter = [.. TemplateAfter, .. after];
        foreach (int id in TemplateBefore.Concat(TemplateAfter))
            if (id >= VocabSize) throw section.Refuse($"id {id} is that of no token");
    }
}
