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
    private int _aliases;

    public object[] Arguments => [.. _values];

    public static string Name(ColumnModel column) => Sql.Quote(column.Name);

    /// <summary>A name for one more table of the statement.</summary>
    public string NewAlias() => $"t{_aliases++}";

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

    /// <summary>A part with a WHERE of its own, such as a sub-select; or one that goes on with conditions, such as ON.</summary>
    public SqlBuilder Nested(bool hasWhere, Action write)
    {
        var outer = _hasWhere;
        _hasWhere = hasWhere;
        write();
        _hasWhere = outer;
        return this;
    }

    /// <summary>Keeps a value and gives what stands for it.</summary>
    public string Parameter(object value)
    {
        _values.Add(value);
        return $"@p{_values.Count - 1}";
    }

    public SqlBuilder Value(object value) => Text(Parameter(value));

    public override string ToString() => _text.ToString();
}
