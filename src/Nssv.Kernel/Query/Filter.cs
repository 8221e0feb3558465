using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>One comparison of a filter, checked against the model.</summary>
/// <param name="Member">Key inside a JSON column of texts (labels), else null.</param>
/// <param name="Value">Encoded; null for null.</param>
internal sealed record FilterTerm(ColumnModel Column, string? Member, Comparison Comparison, object? Value);

/// <summary>Reads filters: comparisons joined by AND.</summary>
internal sealed class Filter
{
    private const int MostCharacters = 4000, MostTerms = 50;

    private readonly TableModel _table;
    private readonly List<Token> _tokens;
    private int _next;

    private Filter(TableModel table, string text)
    {
        _table = table;
        _tokens = FilterTokens.Read(text);
    }

    /// <exception cref="ProblemException">400 invalid-filter, with the position and what is wrong there.</exception>
    public static IReadOnlyList<FilterTerm> Parse(TableModel table, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return [];
        if (text.Length > MostCharacters)
            throw FilterProblems.At(MostCharacters, $"A filter has at most {MostCharacters} characters.");
        var filter = new Filter(table, text);
        List<FilterTerm> terms = [filter.Term()];
        while (filter.Peek.Kind != TokenKind.End)
        {
            var joint = filter.Take();
            if (joint is not { Kind: TokenKind.Word, Text: "AND" or "and" })
                throw FilterProblems.At(joint.Position, $"Expected AND or the end, not {joint}.", joint.Text is "OR" or "or" ? "Only AND is supported; ask twice instead of OR." : null);
            if (terms.Count == MostTerms)
                throw FilterProblems.At(joint.Position, $"A filter has at most {MostTerms} comparisons.");
            terms.Add(filter.Term());
        }
        return terms;
    }

    public static void Append(SqlBuilder sql, IReadOnlyList<FilterTerm> terms, Dialect dialect)
    {
        foreach (var (column, member, comparison, value) in terms)
        {
            sql.And();
            if (value is null)
            {
                Operand();
                sql.Text(comparison == Comparison.Equal ? " IS NULL" : " IS NOT NULL");
                continue;
            }
            var orNull = comparison == Comparison.NotEqual && (column.Nullable || member is not null);
            sql.Text(orNull ? "(" : "");
            Operand();
            sql.Text($" {Store.Operator(comparison)} ").Value(value);
            if (orNull)
            {
                sql.Text(" OR ");
                Operand();
                sql.Text(" IS NULL)");
            }

            void Operand()
            {
                if (member is null)
                {
                    sql.Text(SqlBuilder.Name(column));
                    return;
                }
                var (before, after) = dialect.JsonMember(SqlBuilder.Name(column), "\u0001").Split('\u0001') is [var b, var a] ? (b, a) : throw new InvalidOperationException(dialect.Name);
                sql.Text(before).Value(member).Text(after);
            }
        }
    }

    private Token Peek => _tokens[_next];

    private Token Take() => _tokens[_next].Kind == TokenKind.End ? _tokens[_next] : _tokens[_next++];

    private FilterTerm Term()
    {
        var field = Take();
        if (field.Kind != TokenKind.Word)
            throw FilterProblems.At(field.Position, $"Expected a field, not {field}.");
        if (field.Text is "NOT" or "not")
            throw FilterProblems.At(field.Position, "NOT is not supported.", "Use != instead of NOT.");
        var (column, member) = Field(field);
        var sign = Take();
        Comparison? known = sign.Kind != TokenKind.Operator ? null : sign.Text switch
        {
            "=" => Comparison.Equal,
            "!=" => Comparison.NotEqual,
            "<" => Comparison.Less,
            "<=" => Comparison.LessOrEqual,
            ">" => Comparison.Greater,
            ">=" => Comparison.GreaterOrEqual,
            _ => null,
        };
        if (known is not { } comparison)
            throw FilterProblems.At(sign.Position, $"Expected one of = != < <= > >=, not {sign}.");
        var value = Take();
        if (value.Kind is not (TokenKind.Word or TokenKind.Quoted))
            throw FilterProblems.At(value.Position, $"Expected a value, not {value}.", "Put a value with other characters into quotes.");
        if (value is { Kind: TokenKind.Word, Text: "null" })
            return IsEquality(comparison) ? new(column, member, comparison, null) : throw FilterProblems.At(sign.Position, "null can be compared with = and != only.");
        if (column.Kind is ColumnKind.Boolean or ColumnKind.Json or ColumnKind.Enum && !IsEquality(comparison))
            throw FilterProblems.At(sign.Position, $"'{field.Text}' can be compared with = and != only.");
        return new(column, member, comparison, member is null ? FilterValue.Read(column, value) : value.Text);
    }

    private static bool IsEquality(Comparison comparison) => comparison is Comparison.Equal or Comparison.NotEqual;

    private (ColumnModel, string?) Field(Token field)
    {
        var (name, member) = field.Text.Split('.', 2) is [var first, var rest] ? (first, rest) : (field.Text, null);
        if (!_table.TryField(name, out var column) || !column.Public)
            throw Fields.Unknown("filter", $"Position {field.Position}: there is no field '{name}' in {_table.PublicName}.", name, Fields.Filterable(_table));
        if (column.Kind != ColumnKind.Json)
            return member is null ? (column, null) : throw FilterProblems.At(field.Position, $"'{name}' has no fields of its own.");
        if (column.ClrType != typeof(IReadOnlyDictionary<string, string>))
            throw FilterProblems.At(field.Position, $"'{name}' cannot be compared.");
        if (member is "" && Peek.Kind == TokenKind.Quoted)
            member = Take().Text;
        return string.IsNullOrEmpty(member) ? throw FilterProblems.At(field.Position, $"Name the key: {name}.key = \"value\".") : (column, member);
    }
}

/// <summary>Names of fields for those who mistyped one.</summary>
internal static class Fields
{
    public static IEnumerable<string> Filterable(TableModel table) =>
        table.Columns.Where(column => column.Public && (column.Kind != ColumnKind.Json || column.ClrType == typeof(IReadOnlyDictionary<string, string>))).Select(column => column.JsonName);

    public static IEnumerable<string> Sortable(TableModel table) =>
        table.Columns.Where(column => column.Public && column.Kind != ColumnKind.Json).Select(column => column.JsonName);

    public static ProblemException Unknown(string where, string detail, string name, IEnumerable<string> known)
    {
        List<string> candidates = [.. known.OrderBy(candidate => Distance(candidate, name)).ThenBy(candidate => candidate, StringComparer.Ordinal)];
        return (Problems.Invalid(where, detail, $"Did you mean '{candidates[0]}'? Known fields: {string.Join(", ", candidates.Order(StringComparer.Ordinal))}.", $"invalid-{where}") with { Candidates = candidates }).AsException();
    }

    /// <summary>Levenshtein's distance, letters of either case being equal.</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
