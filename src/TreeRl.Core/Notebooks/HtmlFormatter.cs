using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Reflection;

namespace TreeRl.Notebooks;

/// <summary>
/// Writes a value as HTML for a notebook: what its public method <c>ToHtml()</c> says, or its text as it stands where there is none.
/// </summary>
public sealed class HtmlFormatter
{
    internal const string Html = "text/html";

    /// <summary>The kind of text written: text/html.</summary>
    public string MimeType => Html;

    /// <summary>Writes the value.</summary>
    /// <returns>False, and nothing written, when there is no value.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> is null.</exception>
    public bool Format(object? value, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value is null) return false;
        writer.Write(Of(value));
        return true;
    }

    /// <summary>The value as HTML.</summary>
    public static string Of(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var own = value.GetType().GetMethod("ToHtml", BindingFlags.Public | BindingFlags.Instance, Type.EmptyTypes);
        if (own is not null && own.ReturnType == typeof(string))
            return (string)own.Invoke(value, BindingFlags.DoNotWrapExceptions, null, null, null)!;
        return $"<pre>{WebUtility.HtmlEncode(value.ToString())}</pre>";
    }
}

/// <summary>What <see cref="TypeFormatterSourceAttribute"/> names: makes the formatters of TreeRl's types.</summary>
public sealed class HtmlFormatterSource
{
    /// <summary>One formatter, for text/html.</summary>
    public IEnumerable<object> CreateTypeFormatters() => [new HtmlFormatter()];
}
