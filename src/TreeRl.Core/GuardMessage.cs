using System;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace TreeRl;

/// <summary>
/// The message of a <see cref="Guard"/>, formatted only when its check fails, so that checks may stand in loops over nodes and tokens.
/// Numbers are written the same in every culture.
/// </summary>
[InterpolatedStringHandler]
internal ref struct GuardMessage
{
    private DefaultInterpolatedStringHandler text;

    public GuardMessage(int literalLength, int formattedCount, bool holds, out bool needed)
    {
        needed = !holds;
        text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string value) => text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string format) => text.AppendFormatted(value, format);

    public void AppendFormatted(ReadOnlySpan<char> value) => text.AppendFormatted(value);

    public string Take() => text.ToStringAndClear();
}
