using System.Text;
using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>What <see cref="FilterSql"/> has the database decide, decided of a row in memory. Only filters without joins: another row is not there to be asked.</summary>
internal static class FilterEvaluation
{
    /// <summary>No part of it asks about another row.</summary>
    public static bool IsOwn(FilterNode node) => node switch
    {
        FilterNode.AllOf { Parts: var parts } => parts.All(IsOwn),
        FilterNode.AnyOf { Parts: var parts } => parts.All(IsOwn),
        FilterNode.Not { Part: var part } => IsOwn(part),
        FilterNode.Related => false,
        _ => true,
    };

    /// <param name="raw">The row's values (<see cref="RowCodec.Raw"/>).</param>
    public static bool Holds(FilterNode node, object?[] raw) => node switch
    {
        FilterNode.AllOf { Parts: var parts } => parts.All(part => Holds(part, raw)),
        FilterNode.AnyOf { Parts: var parts } => parts.Any(part => Holds(part, raw)),
        FilterNode.Not { Part: var part } => !Holds(part, raw),
        FilterNode.IsNull { Operand: var operand } => Value(operand with { Number = null }, raw) is null,
        FilterNode.Comparing { Operand: var operand, Comparison: var comparison, Value: var value } => Value(operand, raw) is { } found && IsMet(comparison, Compare(found, value)),
        FilterNode.OneOf { Operand: var operand, Values: var values } => Value(operand, raw) is { } found && values.Any(value => Compare(found, value) == 0),
        FilterNode.Matching { Operand: var operand, Pattern: var pattern } => Value(operand, raw) is string found && Matches(found, pattern.Parts),
        FilterNode.Containing { Operand: var operand, Text: var text } => Value(operand, raw) is string found && FilterBinder.AsciiLower(found).Contains(text, StringComparison.Ordinal),
        _ => throw new InvalidOperationException($"{node}"),
    };

    private static bool IsMet(Comparison comparison, int order) => comparison switch
    {
        Comparison.Equal => order == 0,
        Comparison.Less => order < 0,
        Comparison.LessOrEqual => order <= 0,
        Comparison.Greater => order > 0,
        Comparison.GreaterOrEqual => order >= 0,
        _ => throw new InvalidOperationException($"{comparison}"),
    };

    /// <summary>As both databases compare: texts by their bytes in UTF-8.</summary>
    private static int Compare(object found, object value) => (found, value) switch
    {
        (string a, string b) => a.Equals(b, StringComparison.Ordinal) ? 0 : Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)),
        (long a, long b) => a.CompareTo(b),
        (double a, double b) => a.CompareTo(b),
        _ => throw new InvalidOperationException($"{found.GetType().Name} beside {value.GetType().Name}"),
    };

    /// <summary>The first part at the start, the last at the end, the others in this order between them; each as early as it can be.</summary>
    private static bool Matches(string text, IReadOnlyList<string> parts)
    {
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
            return false;
        var at = parts[0].Length;
        for (var i = 1; i < parts.Count - 1; i++)
        {
            var found = text.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (found < 0)
                return false;
            at = found + parts[i].Length;
        }
        return text.Length - at >= parts[^1].Length && text.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    private static object? Value(FilterOperand operand, object?[] raw)
    {
        var value = raw[operand.Column.Ordinal];
        if (value is null || operand.Column.Kind != ColumnKind.Json)
            return value;
        if (operand.Member is not { } member)
            return Sql.Json(value, operand.Column.ClrType);
        var text = Member(value, operand.Column, member);
        return operand.IsNumber && text is not null ? TextNumber.Of(text) : text;
    }

    private static string? Member(object value, ColumnModel column, string member)
    {
        if (value is IReadOnlyDictionary<string, string> labels)
            return labels.GetValueOrDefault(member);
        return JsonSerializer.SerializeToElement(value, column.ClrType, KernelJson.Options) is { ValueKind: JsonValueKind.Object } json
            && json.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
    }
}
