using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json;

namespace TreeRl.Models;

/// <content>The model section: vocabulary and merges.</content>
internal sealed partial class TokenizerFile
{
    private static Dictionary<string, int> ReadVocabulary(JsonSection model)
    {
        // Files of old versions leave the type away; only their BPE models have merges.
        if (model.MemberOrNull("type") is { } type && type.Text() != "BPE") throw type.Refuse("only models of type \"BPE\" are supported");
        if (model.MemberOrNull("type") is null && model.MemberOrNull("merges") is null) throw model.Refuse("has neither \"type\" nor \"merges\": only BPE models are supported");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach (var (token, section) in model.Member("vocab").Members())
        {
            int id = section.Id();
            if (!taken.Add(id)) throw section.Refuse("another token has this id: ids must differ");
            ids.Add(token, id);
        }
        return ids;
    }

    private static BpeModel ReadModel(JsonSection model, Dictionary<string, int> ids)
    {
        model.AllowOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        if (model.Given("dropout") is { } dropout && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
            throw dropout.Refuse("random merges are not supported: must be null");
        RefuseAffix(model, "continuing_subword_prefix");
        RefuseAffix(model, "end_of_word_suffix");

        int? unknown = null;
        if (model.Given("unk_token") is { } name)
            unknown = ids.TryGetValue(name.Text(), out int id) ? id : throw name.Refuse("must be a token of the vocabulary");
        bool byteFallback = model.Flag("byte_fallback", absent: false);
        return new BpeModel(
            ids,
            ReadMerges(model.Member("merges"), ids),
            byteFallback ? ReadByteTokens(model, ids) : [],
            unknown,
            model.Flag("fuse_unk", absent: false),
            model.Flag("ignore_merges", absent: false));
    }

    private static void RefuseAffix(JsonSection model, string name)
    {
        if (model.Given(name) is { } affix && affix.Text().Length > 0) throw affix.Refuse("affixes of words are not supported: must be null or empty");
    }

    private static ImmutableArray<int> ReadByteTokens(JsonSection model, Dictionary<string, int> ids)
    {
        var tokens = ImmutableArray.CreateBuilder<int>(256);
        for (int value = 0; value < 256; value++)
        {
            string name = DecodeRule.ByteToken(value);
            if (!ids.TryGetValue(name, out int id))
                throw model.Member("byte_fallback").Refuse($"the vocabulary has no token {name}: byte fallback needs all of {DecodeRule.ByteToken(0)} .. {DecodeRule.ByteToken(255)}");
            tokens.Add(id);
        }
        return tokens.MoveToImmutable();
    }

    private static List<BytePairMerger.Merge> ReadMerges(JsonSection section, Dictionary<string, int> ids)
    {
        var merges = new List<BytePairMerger.Merge>();
        foreach (var item in section.Items())
        {
            var (left, right) = ReadPair(item);
            merges.Add(new BytePairMerger.Merge(Known(left, item), Known(right, item), Known(left + right, item)));
        }
        return merges;

        int Known(string token, JsonSection item) =>
            ids.TryGetValue(token, out int id) ? id : throw item.Refuse($"\"{CharTokenizer.Shown(token)}\" is no token of the vocabulary");
    }

    // "left right" or ["left", "right"]
    private static (string Left, string Right) ReadPair(JsonSection item)
    {
        if (item.Value.ValueKind == JsonValueKind.String)
        {
            string text = item.Text();
            int space = text.IndexOf(' ');
            if (space > 0 && space < text.Length - 1 && text.IndexOf(' ', space + 1) < 0) return (text[..space], text[(space + 1)..]);
        }
        else if (item.Value.ValueKind == JsonValueKind.Array && item.Value.GetArrayLength() == 2)
        {
            string left = new JsonSection(item.Value[0], item.File, item.Place).Text(), right = new JsonSection(item.Value[1], item.File, item.Place).Text();
            if (left.Length > 0 && right.Length > 0) return (left, right);
        }
        throw item.Refuse("must be two tokens, as \"left right\" or [\"left\", \"right\"]");
    }
}
