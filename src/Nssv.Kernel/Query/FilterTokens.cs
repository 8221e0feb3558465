namespace Nssv.Kernel.Query;

internal enum TokenKind { End, Word, Quoted, Operator, Other }

/// <summary>A piece of a filter; positions count from 1, as people do.</summary>
/// <param name="Text">Without quotes and escapes.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    /// <summary>Places in <see cref="Text"/> of the asterisks that stand for anything; null if there are none.</summary>
    public IReadOnlyList<int>? Wildcards { get; init; }

    public bool Is(string keyword) => Kind == TokenKind.Word && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    public bool IsSign(char sign) => Kind == TokenKind.Other && Text.Length == 1 && Text[0] == sign;

    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{(Text.Length <= 80 ? Text : Text[..80] + "…")}'";
}

/// <summary>Cuts a filter into words, quoted texts and operators.</summary>
internal static class FilterTokens
{
    public static List<Token> Read(string filter)
    {
        List<Token> tokens = [];
        var inList = false;
        var i = 0;
        while (i < filter.Length)
        {
            var c = filter[i];
            var start = i;
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }
            if (c is '"' or '\'')
            {
                tokens.Add(Quoted(filter, ref i));
            }
            else if (c is '=' or '!' or '<' or '>' or ':')
            {
                i++;
                if (i < filter.Length && filter[i] == '=' && c is not (':' or '='))
                    i++;
                tokens.Add(new(TokenKind.Operator, filter[start..i], start + 1));
            }
            else if (IsWord(c))
            {
                // Times and hardware addresses have colons; after a field's name one is an operator.
                var isValue = inList || tokens is [.., { Kind: TokenKind.Operator }];
                while (i < filter.Length && (IsWord(filter[i]) || isValue && filter[i] == ':'))
                    i++;
                tokens.Add(Word(filter[start..i], start + 1));
            }
            else
            {
                i++;
                inList = c == '(' ? tokens is [.., var before] && before.Is("IN") : c != ')' && inList;
                tokens.Add(new(TokenKind.Other, c.ToString(), start + 1));
            }
        }
        tokens.Add(new(TokenKind.End, "", filter.Length + 1));
        return tokens;
    }

    /// <summary>Times, sizes, ids and names need no quotes.</summary>
    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or '+' or '/' or '*';

    private static Token Word(string text, int position) =>
        new(TokenKind.Word, text, position) { Wildcards = text.Contains('*') ? [.. Enumerable.Range(0, text.Length).Where(i => text[i] == '*')] : null };

    private static Token Quoted(string filter, ref int i)
    {
        var (quote, start) = (filter[i++], i);
        var text = new System.Text.StringBuilder();
        List<int>? wildcards = null;
        while (i < filter.Length && filter[i] != quote)
        {
            if (filter[i] == '\\')
            {
                i++;
                if (i == filter.Length)
                    break;
            }
            else if (filter[i] == '*')
            {
                (wildcards ??= []).Add(text.Length);
            }
            text.Append(filter[i++]);
        }
        if (i == filter.Length)
            throw FilterProblems.At(start, "This text has no closing quote.");
        i++;
        return new(TokenKind.Quoted, text.ToString(), start) { Wildcards = wildcards };
    }
}

internal static class FilterProblems
{
    public static ProblemException At(int position, string detail, string? advice = null) =>
        Problems.Invalid("filter", $"Position {position}: {detail}", advice ?? "Write a filter as: field = value AND (other >= 4GiB OR labels.env:*). Operators: = != < <= > >= : IN.", "invalid-filter").AsException();
}
