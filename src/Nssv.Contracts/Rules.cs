using System.Buffers;
using System.Globalization;
using System.Text;
using Nssv.Kernel;

namespace Nssv.Contracts;

/// <summary>What every create and every patch asks of the fields that all resources share. Pure; each returns what is wrong, nothing when all is well.</summary>
public static class Rules
{
    /// <summary>Longest name, in characters (Unicode code points).</summary>
    public const int NameLength = 128;

    /// <summary>Longest description, in characters.</summary>
    public const int DescriptionLength = 2_000;

    /// <summary>Most labels of one resource.</summary>
    public const int LabelCount = 64;

    /// <summary>Longest key of a label.</summary>
    public const int LabelKeyLength = 63;

    /// <summary>Longest value of a label, in characters.</summary>
    public const int LabelValueLength = 255;

    /// <summary>What a resource has that was made without labels.</summary>
    public static IReadOnlyDictionary<string, string> NoLabels { get; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    private const string RefusedInNames = "/\\<>\"'`;&";
    private static readonly SearchValues<char> NotInNames = SearchValues.Create(RefusedInNames);
    private const char ZeroWidthNonJoiner = '\u200c';
    private const char ZeroWidthJoiner = '\u200d';

    /// <summary>
    /// 1 to 128 printable characters of any script, without white space at either end. What means something to a shell, a path or markup is refused,
    /// so that a name never looks like an attack in somebody else's tool; ours encode it anyway.
    /// </summary>
    public static IEnumerable<FieldError> Name(string field, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return [new(field, "name-empty", $"A name has 1 to {NameLength} characters.")];
        if (LongerThan(value, NameLength))
            return [new(field, "name-too-long", $"A name has at most {NameLength} characters.")];
        if (char.IsWhiteSpace(value[0]) || char.IsWhiteSpace(value[^1]))
            return [new(field, "name-white-space", "A name neither begins nor ends with white space.")];
        if (FirstUnprintable(value, lineBreaks: false) is { } unprintable)
            return [new(field, "name-not-printable", $"A name has printable characters only; it contains {unprintable}.")];
        var refused = value.AsSpan().IndexOfAny(NotInNames);
        return refused < 0 ? [] : [new(field, "name-character", $"A name cannot contain {value[refused]} (nor any of {string.Join(' ', RefusedInNames.ToCharArray())}).")];
    }

    /// <summary>At most 2,000 printable characters; line breaks and tabs are allowed. Null is none.</summary>
    public static IEnumerable<FieldError> Description(string field, string? value) =>
        value is null ? []
        : LongerThan(value, DescriptionLength) ? [new(field, "description-too-long", $"A description has at most {DescriptionLength} characters.")]
        : FirstUnprintable(value, lineBreaks: true) is { } unprintable ? [new(field, "description-not-printable", $"A description has printable characters only; it contains {unprintable}.")]
        : [];

    /// <summary>At most 64; keys of a-z 0-9 . _ / - up to 63; values of printable characters up to 255, possibly empty.</summary>
    public static IEnumerable<FieldError> Labels(string field, IReadOnlyDictionary<string, string>? labels)
    {
        if (labels is null)
            yield break;
        if (labels.Count > LabelCount)
            yield return new(field, "labels-too-many", $"A resource has at most {LabelCount} labels; these are {labels.Count}.");
        foreach (var (key, value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal).Take(LabelCount))
        {
            if (key.Length is 0 or > LabelKeyLength || !key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '/' or '-'))
                yield return new(field, "label-key", $"The key of a label has 1 to {LabelKeyLength} characters of a-z 0-9 . _ / -.");
            else if (value is null || LongerThan(value, LabelValueLength) || FirstUnprintable(value, lineBreaks: false) is not null)
                yield return new($"{field}.{key}", "label-value", $"The value of a label has at most {LabelValueLength} printable characters.");
        }
    }

    /// <summary>Cuts a name that the platform itself made up to what is allowed.</summary>
    public static string Shorten(string name)
    {
        if (!LongerThan(name, NameLength))
            return name;
        var cut = new StringBuilder();
        foreach (var rune in name.EnumerateRunes().Take(NameLength))
            cut.Append(rune);
        return cut.ToString().TrimEnd();
    }

    private static bool LongerThan(string value, int characters) =>
        value.Length > characters && (value.Length > 2 * characters || value.EnumerateRunes().Count() > characters);

    /// <summary>Names the first character that cannot be seen (control, direction override, lone surrogate, unassigned), null if there is none.</summary>
    private static string? FirstUnprintable(string value, bool lineBreaks)
    {
        for (var i = 0; i < value.Length;)
        {
            if (!Rune.TryGetRuneAt(value, i, out var rune))
                return $"half of a surrogate pair (U+{(int)value[i]:X4})";
            var printable = Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.Control => lineBreaks && rune.Value is '\n' or '\r' or '\t',
                UnicodeCategory.Format => rune.Value is ZeroWidthJoiner or ZeroWidthNonJoiner,
                UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate => false,
                _ => true,
            };
            if (!printable)
                return $"U+{rune.Value:X4}";
            i += rune.Utf16SequenceLength;
        }
        return null;
    }
}
