namespace Nssv.Kernel.Query;

internal enum TokenKind { Word, Quoted, Operator, Other, End }

/// <summary>A piece of a filter; positions count from 1, as people do.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}

/// <summary>Cuts a filter into words, quoted texts and operators.</summary>
internal static class FilterTokens
{
    public static List<Token> Read(string filter)
    {
        List<Token> tokens = [];
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
                tokens.Add(new(TokenKind.Quoted, Quoted(filter, ref i), start + 1));
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
                var isValue = tokens is [.., { Kind: TokenKind.Operator }];
                while (i < filter.Length && (IsWord(filter[i]) || isValue && filter[i] == ':'))
                    i++;
                tokens.Add(new(TokenKind.Word, filter[start..i], start + 1));
            }
            else
            {
                i++;
                tokens.Add(new(TokenKind.Other, c.ToString(), start + 1));
            }
        }
        tokens.Add(new(TokenKind.End, "", filter.Length + 1));
        return tokens;
    }

    /// <summary>Times, sizes, ids and names need no quotes.</summary>
    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or '+' or '/' or '*';

    private static string Quoted(string filter, ref int i)
    {
        var (quote, start) = (filter[i++], i);
        var text = new System.Text.StringBuilder();
        while (i < filter.Length && filter[i] != quote)
        {
            if (filter[i] == '\\')
            {
                i++;
                if (i == filter.Length)
                    break;
            }
            text.Append(filter[i++]);
        }
        if (i == filter.Length)
            throw FilterProblems.At(start, "This text has no closing quote.");
        i++;
        return text.ToString();
    }
}

internal static class FilterProblems
{
    public static ProblemException At(int position, string detail, string? advice = null) =>
        Problems.Invalid("filter", $"Position {position}: {detail}", advice ?? "Write a filter as: field = value AND other >= 4GiB. Operators: = != < <= > >=.", "invalid-filter").AsException();
}
