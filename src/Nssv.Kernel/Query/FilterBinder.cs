using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>Finds a filter's fields in the model, and reads its values by their types.</summary>
internal sealed class FilterBinder(ResourceModels models, TagCatalog tags, DateTimeOffset now)
{
    private static readonly FilterNode.AllOf Anything = new([]);

    private readonly List<UndeclaredTag> _undeclared = [];

    /// <summary>Null for an empty filter. Takes tags that nobody declares.</summary>
    /// <param name="tags">Those that are declared as numbers are compared as such, all others as texts.</param>
    /// <exception cref="ProblemException">400 invalid-filter, with the position; 400 query-too-expensive.</exception>
    public static FilterNode? Read(ResourceModels models, TagCatalog tags, TableModel table, string? filter, DateTimeOffset now) => Read(models, tags, table, filter, now, out _);

    /// <summary>The same, with the tags of the filter that this build and its plugins do not declare.</summary>
    public static FilterNode? Read(ResourceModels models, TagCatalog tags, TableModel table, string? filter, DateTimeOffset now, out IReadOnlyList<UndeclaredTag> undeclared)
    {
        undeclared = [];
        if (FilterParser.Parse(filter) is not { } syntax)
            return null;
        var binder = new FilterBinder(models, tags, now);
        var node = binder.Bind(table, syntax);
        FilterCost.Check(node);
        undeclared = binder._undeclared;
        return node;
    }

    private FilterNode Bind(TableModel table, FilterSyntax syntax) => syntax switch
    {
        FilterSyntax.AllOf all => new FilterNode.AllOf([.. all.Parts.Select(part => Bind(table, part))]),
        FilterSyntax.AnyOf any => new FilterNode.AnyOf([.. any.Parts.Select(part => Bind(table, part))]),
        FilterSyntax.Negated negated => new FilterNode.Not(Bind(table, negated.Part)),
        FilterSyntax.Having having => Having(table, having),
        FilterSyntax.Listed listed => Way(table, listed.Field, listed.Key).Around(operand => Listed(operand, listed)),
        FilterSyntax.Restriction restriction => Restriction(Way(table, restriction.Field, restriction.Key), restriction),
        _ => throw new InvalidOperationException($"{syntax}"),
    };

    /// <summary>From a row along relations to a field, or to a row if there is none.</summary>
    private sealed record FieldWay(IReadOnlyList<RelationModel> Relations, FilterOperand? Operand, Token Field)
    {
        public FilterNode Around(Func<FilterOperand, FilterNode> inner) => Around(inner(Operand
            ?? throw FilterProblems.At(Field.Position, $"'{Fields.Shown(Field.Text)}' is a resource, not a field.", $"Compare one of its fields ({Fields.Shown(Field.Text)}.id = …), or ask whether there is one ({Fields.Shown(Field.Text)}:*).")));

        public FilterNode Around(FilterNode inner) => Relations.Reverse().Aggregate(inner, (node, relation) => new FilterNode.Related(relation, node));
    }

    private FilterNode Having(TableModel table, FilterSyntax.Having having)
    {
        var way = Way(table, having.Field, null);
        return way.Operand is null
            ? way.Around(Bind(way.Relations[^1].To, having.Inner))
            : throw FilterProblems.At(having.Operator.Position, $"'{Fields.Shown(having.Field.Text)}' is a field, not a resource: parentheses after : hold conditions on a row.", "Write: volumes:(state = ready AND sizeBytes > 1GiB).");
    }

    private FieldWay Way(TableModel table, Token field, Token? key)
    {
        List<RelationModel> relations = [];
        var at = 0;
        while (true)
        {
            var rest = field.Text[at..];
            var name = rest.Split('.', 2)[0];
            if (models.Relations(table).TryGetValue(name, out var relation))
            {
                relations.Add(relation);
                table = relation.To;
                if (rest.Length == name.Length)
                    return new(relations, null, field);
                at += name.Length + 1;
                continue;
            }
            if (!table.TryField(name, out var column) || !column.Public)
                throw Fields.Unknown("filter", $"Position {field.Position + at}: there is no field '{Fields.Shown(name)}' in {table.PublicName}.", name, Fields.Filterable(models, table));
            var member = Member(column, field with { Text = name, Position = field.Position + at }, rest.Length == name.Length ? null : key?.Text ?? rest[(name.Length + 1)..]);
            Note(table, column, member, key?.Position ?? field.Position + at + name.Length + 1);
            return new(relations, new(table, column, member, Number(column, member)), field);
        }
    }

    private TagKind? Number(ColumnModel column, string? member) =>
        member is not null && Fields.IsTags(column) && tags.Find(member) is { IsNumber: true } tag ? tag.Kind : null;

    private void Note(TableModel table, ColumnModel column, string? member, int position)
    {
        if (member is not null && Fields.IsTags(column) && tags.Find(member) is null)
            _undeclared.Add(new(table, member, position));
    }

    private static string? Member(ColumnModel column, Token field, string? member)
    {
        if (member is null)
            return null;
        if (column.Kind != ColumnKind.Json)
            throw FilterProblems.At(field.Position, $"'{field.Text}' has no fields of its own.");
        if (member.Length == 0 || member.Contains('\0'))
            throw FilterProblems.At(field.Position, $"Name the key: {field.Text}.key = \"value\".");
        return Fields.HasText(column, member) ? member : throw FilterProblems.At(field.Position, $"'{field.Text}.{Fields.Shown(member)}' cannot be compared: it is no text of {field.Text}.");
    }

    private FilterNode Restriction(FieldWay way, FilterSyntax.Restriction restriction)
    {
        var (sign, value) = (restriction.Operator, restriction.Value);
        var isNull = value is { Kind: TokenKind.Word, Text: "null" };
        var isAnything = sign.Text == ":" && value is { Kind: TokenKind.Word, Text: "*" };
        if (way.Operand is null && (isAnything || isNull && sign.Text is "=" or "!="))
        {
            var last = new FilterNode.Related(way.Relations[^1], Anything);
            return (way with { Relations = way.Relations.SkipLast(1).ToList() }).Around(sign.Text == "=" ? new FilterNode.Not(last) : last);
        }
        return way.Around(operand =>
            isNull ? sign.Text switch
            {
                "=" => Null(operand, restriction),
                "!=" => new FilterNode.Not(Null(operand, restriction)),
                _ => throw FilterProblems.At(sign.Position, "null can be compared with = and != only."),
            }
            : isAnything ? Present(operand)
            : operand.Member is null && operand.Column.Kind == ColumnKind.Json ? Json(operand, restriction)
            : Comparing(operand, sign, value));
    }

    private static FilterNode.IsNull Null(FilterOperand operand, FilterSyntax.Restriction restriction) => operand.Member is null && Fields.IsLabels(operand.Column)
        ? throw FilterProblems.At(restriction.Field.Position, $"Name the key: {operand.Column.JsonName}.key = null.", $"{operand.Column.JsonName}:* asks whether there are any.")
        : new FilterNode.IsNull(operand);

    private static FilterNode.Not Present(FilterOperand operand) => operand.Member is null && operand.Column.Kind == ColumnKind.Json && !operand.Column.Nullable
        ? new FilterNode.Not(new FilterNode.OneOf(operand, ["{}", "[]"]))
        : new FilterNode.Not(new FilterNode.IsNull(operand));

    /// <summary><c>labels:env</c>: it has this key.</summary>
    private FilterNode.Not Json(FilterOperand operand, FilterSyntax.Restriction restriction)
    {
        var name = operand.Column.JsonName;
        if (!Fields.IsLabels(operand.Column))
            throw FilterProblems.At(restriction.Field.Position, $"'{name}' cannot be compared.", $"{name}:* asks whether there is anything in it.");
        if (restriction.Operator.Text != ":" || restriction.Value.Text.Length == 0 || restriction.Value.Text.Contains('\0'))
            throw FilterProblems.At(restriction.Field.Position, $"Name the key: {name}.key = \"value\", or {name}:key.");
        Note(operand.Table, operand.Column, restriction.Value.Text, restriction.Value.Position);
        return new FilterNode.Not(new FilterNode.IsNull(operand with { Member = restriction.Value.Text }));
    }

    private FilterNode Comparing(FilterOperand operand, Token sign, Token value)
    {
        if (sign.Text == ":" && operand.Kind == ColumnKind.Text)
            return Containing(operand, value);
        if (operand.Kind is ColumnKind.Boolean or ColumnKind.Enum && sign.Text is not ("=" or "!=" or ":"))
            throw FilterProblems.At(sign.Position, $"'{operand.Column.JsonName}' can be compared with = and != only.");
        if (operand.Kind == ColumnKind.Text && value.Wildcards is { } wildcards && sign.Text is "=" or "!=")
            return Negated(Matching(operand, value, wildcards));
        if (operand.IsNumber && value is { Text: "*", Wildcards: not null } && sign.Text is "=" or "!=")
            return Negated(Present(operand));
        var encoded = FilterValue.Read(operand, value, now);
        return sign.Text switch
        {
            "<" => Compare(Comparison.Less),
            "<=" => Compare(Comparison.LessOrEqual),
            ">" => Compare(Comparison.Greater),
            ">=" => Compare(Comparison.GreaterOrEqual),
            _ => Negated(Compare(Comparison.Equal)),
        };

        FilterNode Compare(Comparison comparison) => new FilterNode.Comparing(operand, comparison, encoded);

        FilterNode Negated(FilterNode node) => sign.Text == "!=" ? new FilterNode.Not(node) : node;
    }

    private FilterNode Matching(FilterOperand operand, Token value, IReadOnlyList<int> wildcards)
    {
        _ = FilterValue.Read(operand, value, now);
        var pattern = TextPattern.Of(value.Text, wildcards);
        if (pattern.Parts.Count > TextPattern.MostParts)
            throw FilterProblems.At(value.Position, $"A text has at most {TextPattern.MostParts - 1} asterisks.");
        return pattern.IsAnything ? new FilterNode.Not(new FilterNode.IsNull(operand)) : new FilterNode.Matching(operand, pattern);
    }

    private FilterNode Containing(FilterOperand operand, Token value)
    {
        if (value.Wildcards is not null)
            throw FilterProblems.At(value.Position, "After : a text is looked for anywhere, without asterisks.", "Use = for a text with asterisks, or write \\* in quotes for an asterisk.");
        var text = (string)FilterValue.Read(operand, value, now);
        return text.Length == 0 ? new FilterNode.Not(new FilterNode.IsNull(operand)) : new FilterNode.Containing(operand, AsciiLower(text));
    }

    private FilterNode.OneOf Listed(FilterOperand operand, FilterSyntax.Listed listed)
    {
        if (operand.Kind == ColumnKind.Json)
            throw FilterProblems.At(listed.Field.Position, $"'{operand.Column.JsonName}' cannot be compared.");
        if (listed.Values.FirstOrDefault(value => value is { Kind: TokenKind.Word, Text: "null" }) is { Kind: TokenKind.Word } none)
            throw FilterProblems.At(none.Position, "null cannot be in a list.", $"Write: {operand.Column.JsonName} IN (…) OR {operand.Column.JsonName} = null.");
        return new FilterNode.OneOf(operand, [.. listed.Values.Select(value => FilterValue.Read(operand, value, now)).Distinct()]);
    }

    /// <summary>As both databases do it: A to Z only.</summary>
    internal static string AsciiLower(string text) => string.Create(text.Length, text, static (lower, text) =>
    {
        for (var i = 0; i < text.Length; i++)
            lower[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
    });
}
