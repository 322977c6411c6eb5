using System;

namespace TreeRl.Notebooks;

/// <summary>
/// Tells .NET notebooks who writes a type's values. Polyglot Notebooks look for an attribute of this name, whoever declares it, so that no
/// library of theirs is needed.
/// </summary>
/// <param name="formatterSourceType">A type with a public constructor without parameters and a public method CreateTypeFormatters.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = true)]
public sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    /// <summary>Makes the formatters.</summary>
    public Type FormatterSourceType { get; } = formatterSourceType;

    /// <summary>The mime types a notebook asks for first.</summary>
    public string[] PreferredMimeTypes { get; set; } = [HtmlFormatter.Html];
}
