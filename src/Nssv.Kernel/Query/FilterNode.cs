using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>
/// A filter that is checked against the model. Each node is true or false of a row, never unknown: what is null meets no comparison, and NOT turns that round.
/// </summary>
internal abstract record FilterNode
{
    /// <summary>True of every row if there are no parts.</summary>
    internal sealed record AllOf(IReadOnlyList<FilterNode> Parts) : FilterNode;

    internal sealed record AnyOf(IReadOnlyList<FilterNode> Parts) : FilterNode;

    internal sealed record Not(FilterNode Part) : FilterNode;

    internal sealed record IsNull(FilterOperand Operand) : FilterNode;

    /// <param name="Value">Encoded.</param>
    internal sealed record Comparing(FilterOperand Operand, Comparison Comparison, object Value) : FilterNode;

    /// <param name="Values">Encoded, at least one.</param>
    internal sealed record OneOf(FilterOperand Operand, IReadOnlyList<object> Values) : FilterNode;

    internal sealed record Matching(FilterOperand Operand, TextPattern Pattern) : FilterNode;

    /// <param name="Text">In lower case.</param>
    internal sealed record Containing(FilterOperand Operand, string Text) : FilterNode;

    /// <summary>There is a row at the other end that the caller may see and that meets <paramref name="Inner"/>.</summary>
    internal sealed record Related(RelationModel Relation, FilterNode Inner) : FilterNode;
}

/// <summary>What is compared: a column, or a text inside of its JSON.</summary>
/// <param name="Number">Of a system tag that is declared as a number: it is compared by the number that its text says (<see cref="TextNumber"/>).</param>
internal sealed record FilterOperand(TableModel Table, ColumnModel Column, string? Member, TagKind? Number = null)
{
    public bool IsNumber => Number is not null;

    /// <summary>A label: the index has a row for each resource with it.</summary>
    public bool IsIndexedLabel => Member is not null && Column.HasLabelIndex;

    public bool Nullable => Column.Nullable || Member is not null;

    /// <summary>Kind of the values that it is compared with.</summary>
    public ColumnKind Kind => Member is null ? Column.Kind : IsNumber ? ColumnKind.Whole : ColumnKind.Text;
}

/// <summary>A text with gaps: the parts that must be there in this order, the first at the start and the last at the end.</summary>
internal sealed record TextPattern(IReadOnlyList<string> Parts)
{
    /// <summary>Each gap multiplies the ways in which a text can be tried.</summary>
    public const int MostParts = 6;

    public static TextPattern Of(string text, IReadOnlyList<int> wildcards)
    {
        List<string> parts = [];
        var start = 0;
        foreach (var place in wildcards)
        {
            // Several asterisks in a row say no more than one.
            if (parts.Count == 0 || place > start)
                parts.Add(text[start..place]);
            start = place + 1;
        }
        parts.Add(text[start..]);
        return new(parts);
    }

    public string Prefix => Parts[0];

    public bool IsAnything => Parts is ["", ""];

    public bool IsPrefix => Parts is [_, ""];

    /// <summary>The least text that is greater than all that begin with the prefix, by code points; null if there is none.</summary>
    public string? AfterPrefix
    {
        get
        {
            var runes = Prefix.EnumerateRunes().ToList();
            while (runes.Count > 0)
            {
                var next = runes[^1].Value + 1;
                runes.RemoveAt(runes.Count - 1);
                if (next <= 0x10FFFF)
                    return string.Concat(runes) + new System.Text.Rune(next is 0xD800 ? 0xE000 : next);
            }
            return null;
        }
    }
}
