using System.Text;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A SELECT that grows, with its values beside it: nothing that a person wrote ever becomes SQL text.</summary>
internal sealed class SqlBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<object> _values = [];
    private bool _hasWhere;

    public object[] Arguments => [.. _values];

    public static string Name(ColumnModel column) => Sql.Quote(column.Name);

    public SqlBuilder Text(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>WHERE the first time, AND from then on.</summary>
    public SqlBuilder And()
    {
        _text.Append(_hasWhere ? " AND " : " WHERE ");
        _hasWhere = true;
        return this;
    }

    public SqlBuilder Value(object value)
    {
        _text.Append("@p").Append(_values.Count);
        _values.Add(value);
        return this;
    }

    public SqlBuilder Values(IEnumerable<object> values)
    {
        var first = true;
        foreach (var value in values)
        {
            if (!first)
                _text.Append(", ");
            first = false;
            Value(value);
        }
        return this;
    }

    public override string ToString() => _text.ToString();
}
