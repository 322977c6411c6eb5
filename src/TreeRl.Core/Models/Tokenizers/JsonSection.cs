using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TreeRl.Models;

/// <summary>A JSON value with the file and the place it was read from: every access is checked, every error says file, place, value and rule.</summary>
internal readonly record struct JsonSection(JsonElement Value, string File, string Place)
{
    /// <summary>Whether the value is null.</summary>
    public bool IsNull => Value.ValueKind == JsonValueKind.Null;

    /// <summary>The error that this value cannot be used.</summary>
    public InvalidDataException Refuse(string rule) => ModelFile.Bad(File, $"{Place} = {ModelFile.Raw(Value)}: {rule}");

    /// <summary>A member that must be there.</summary>
    public JsonSection Member(string name) => MemberOrNull(name) ?? throw ModelFile.Bad(File, $"{Place} has no \"{name}\": it is needed");

    /// <summary>A member, or null when it is not there.</summary>
    public JsonSection? MemberOrNull(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Refuse("must be an object");
        return Value.TryGetProperty(name, out var member) ? new JsonSection(member, File, Under(name)) : null;
    }

    /// <summary>A member, or null when it is not there or is null.</summary>
    public JsonSection? Given(string name) => MemberOrNull(name) is { IsNull: false } member ? member : null;

    /// <summary>The members of an object.</summary>
    public IEnumerable<KeyValuePair<string, JsonSection>> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Refuse("must be an object");
        foreach (var member in Value.EnumerateObject())
        {
            string name = NameOf(member);
            yield return new(name, new JsonSection(member.Value, File, Under(name)));
        }
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<JsonSection> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Refuse("must be an array");
        int index = 0;
        foreach (var item in Value.EnumerateArray()) yield return new JsonSection(item, File, $"{Place}[{index++}]");
    }

    /// <summary>A text.</summary>
    public string Text()
    {
        if (Value.ValueKind != JsonValueKind.String) throw Refuse("must be a text");
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException) // an escape for half of a surrogate pair
        {
            throw Refuse("must be well-formed text");
        }
    }

    /// <summary>A truth value.</summary>
    public bool Flag() => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse("must be true or false"),
    };

    /// <summary>A token id.</summary>
    public int Id()
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out int id) && id is >= 0 and <= TokenizerFile.LargestId) return id;
        throw Refuse($"must be a token id, a whole number 0 .. {TokenizerFile.LargestId}");
    }

    /// <summary>The value of a truth member, or what it is when absent or null.</summary>
    public bool Flag(string name, bool absent) => Given(name)?.Flag() ?? absent;

    /// <summary>The text of the member "type".</summary>
    public string Type() => Member("type").Text();

    /// <summary>Refuses an object that has members of other names: they would change the meaning unseen.</summary>
    public void AllowOnly(params string[] names)
    {
        foreach (var (name, member) in Members())
            if (!names.Contains(name)) throw member.Refuse($"this setting is not supported here (known: {string.Join(", ", names)})");
    }

    private string Under(string name) => Place.Length == 0 ? name : $"{Place}.{name}";

    private string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw Refuse("has a name that is no well-formed text");
        }
    }
}
