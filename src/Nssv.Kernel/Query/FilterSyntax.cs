namespace Nssv.Kernel.Query;

/// <summary>A filter as it was written, before anyone has asked whether its fields exist.</summary>
internal abstract record FilterSyntax
{
    /// <summary>All of them: AND, or one after the other.</summary>
    internal sealed record AllOf(IReadOnlyList<FilterSyntax> Parts) : FilterSyntax;

    /// <summary>At least one of them: OR.</summary>
    internal sealed record AnyOf(IReadOnlyList<FilterSyntax> Parts) : FilterSyntax;

    /// <summary>NOT, or a minus.</summary>
    internal sealed record Negated(FilterSyntax Part) : FilterSyntax;

    /// <summary>A field, or a way to one, compared with a value.</summary>
    /// <param name="Key">A quoted last part of the field: <c>labels."a b"</c>.</param>
    internal sealed record Restriction(Token Field, Token? Key, Token Operator, Token Value) : FilterSyntax;

    /// <summary><c>field IN (a, b)</c></summary>
    internal sealed record Listed(Token Field, Token? Key, Token Operator, IReadOnlyList<Token> Values) : FilterSyntax;

    /// <summary><c>volumes:(state = ready AND sizeBytes &gt; 1GiB)</c>: one row meets all of it.</summary>
    internal sealed record Having(Token Field, Token Operator, FilterSyntax Inner) : FilterSyntax;
}
