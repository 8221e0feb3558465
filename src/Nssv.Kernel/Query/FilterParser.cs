namespace Nssv.Kernel.Query;

/// <summary>
/// Reads the grammar of https://google.aip.dev/160: OR binds tighter than AND, as there, and what stands side by side is joined by AND.
/// Ours beside it: <c>IN (…)</c>, <c>null</c>, and a parenthesis after <c>:</c>. Not taken: bare words without a field, functions.
/// </summary>
internal sealed class FilterParser
{
    public const int MostCharacters = 20_000;
    private const int MostNesting = 24;

    private readonly List<Token> _tokens;
    private int _next;
    private int _depth;

    private FilterParser(string text) => _tokens = FilterTokens.Read(text);

    /// <summary>Null for an empty filter.</summary>
    /// <exception cref="ProblemException">400 invalid-filter, with the position and what is wrong there.</exception>
    public static FilterSyntax? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (text.Length > MostCharacters)
            throw FilterProblems.At(MostCharacters, $"A filter has at most {MostCharacters} characters.", "Put long lists of ids into 'ids' of a :query.");
        var parser = new FilterParser(text);
        var filter = parser.Expression();
        return parser.Peek.Kind == TokenKind.End ? filter : throw FilterProblems.At(parser.Peek.Position, $"Expected AND, OR or the end, not {parser.Peek}.");
    }

    private Token Peek => _tokens[_next];

    private Token Take() => _tokens[_next].Kind == TokenKind.End ? _tokens[_next] : _tokens[_next++];

    /// <summary>Sequences and AND mean the same, so both are one list.</summary>
    private FilterSyntax Expression()
    {
        List<FilterSyntax> parts = [Factor()];
        while (Peek.Kind != TokenKind.End && !Peek.IsSign(')'))
        {
            if (Peek.Is("AND"))
                Take();
            else if (!Peek.Is("OR") && Peek.Kind is not (TokenKind.Word or TokenKind.Quoted) && !Peek.IsSign('('))
                break;
            parts.Add(Factor());
        }
        return parts is [var only] ? only : new FilterSyntax.AllOf(parts);
    }

    private FilterSyntax Factor()
    {
        List<FilterSyntax> parts = [Term()];
        while (Peek.Is("OR"))
        {
            Take();
            parts.Add(Term());
        }
        return parts is [var only] ? only : new FilterSyntax.AnyOf(parts);
    }

    private FilterSyntax Term()
    {
        if (Peek.Is("NOT"))
        {
            Take();
            return new FilterSyntax.Negated(Nested(Term));
        }
        if (Peek is { Kind: TokenKind.Word, Text: ['-', ..] })
        {
            if (Peek.Text.Length == 1)
                _next++;
            else
                _tokens[_next] = Peek with { Text = Peek.Text[1..], Position = Peek.Position + 1 };
            return new FilterSyntax.Negated(Nested(Term));
        }
        return Simple();
    }

    private FilterSyntax Simple() => Peek.IsSign('(') ? Composite() : Restriction();

    private FilterSyntax Composite()
    {
        var open = Take();
        if (Peek.IsSign(')'))
            throw FilterProblems.At(Peek.Position, "There is nothing in these parentheses.");
        var inner = Nested(Expression);
        return Take().IsSign(')') ? inner : throw FilterProblems.At(open.Position, "This parenthesis is not closed.");
    }

    private FilterSyntax Nested(Func<FilterSyntax> read)
    {
        if (++_depth > MostNesting)
            throw FilterProblems.At(Peek.Position, $"A filter is nested at most {MostNesting} deep.");
        var inner = read();
        _depth--;
        return inner;
    }

    private FilterSyntax Restriction()
    {
        var field = Take();
        if (field.Kind != TokenKind.Word)
            throw FilterProblems.At(field.Position, $"Expected a field, not {field}.");
        if (field.Is("AND") || field.Is("OR"))
            throw FilterProblems.At(field.Position, $"Expected a field before {field.Text}.");
        Token? key = field.Text.EndsWith('.') && Peek.Kind == TokenKind.Quoted ? Take() : null;
        var sign = Take();
        if (sign.Is("IN"))
            return new FilterSyntax.Listed(field, key, sign, List());
        if (sign is not { Kind: TokenKind.Operator, Text: "=" or "!=" or "<" or "<=" or ">" or ">=" or ":" })
            throw FilterProblems.At(sign.Position, $"Expected one of = != < <= > >= : IN after {field}, not {sign}.");
        if (sign.Text == ":" && Peek.IsSign('('))
            return new FilterSyntax.Having(field, sign, Composite());
        var value = Take();
        return value.Kind is TokenKind.Word or TokenKind.Quoted
            ? new FilterSyntax.Restriction(field, key, sign, value)
            : throw FilterProblems.At(value.Position, $"Expected a value, not {value}.", "Put a value with other characters into quotes.");
    }

    private List<Token> List()
    {
        if (!Take().IsSign('('))
            throw FilterProblems.At(_tokens[_next - 1].Position, "Expected a list after IN.", "Write: state IN (running, paused).");
        List<Token> values = [];
        while (true)
        {
            var value = Take();
            if (value.Kind is not (TokenKind.Word or TokenKind.Quoted))
                throw FilterProblems.At(value.Position, $"Expected a value, not {value}.", "Write: state IN (running, paused).");
            values.Add(value);
            var next = Take();
            if (next.IsSign(')'))
                return values;
            if (!next.IsSign(','))
                throw FilterProblems.At(next.Position, $"Expected a comma or the end of the list, not {next}.");
        }
    }
}
