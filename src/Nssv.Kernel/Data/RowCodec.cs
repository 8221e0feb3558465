using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>Turns records into values and rows into records; compiled once a type, on first use.</summary>
internal abstract class RowCodec
{
    /// <summary>The values of all columns; JSON columns still as objects, see <see cref="Encode"/>.</summary>
    public abstract object?[] Raw(object row);

    /// <summary>Reads a row whose columns are the table's, in order.</summary>
    public abstract Func<DbDataReader, object> ReadObject { get; }

    public static RowCodec Create(TableModel table) =>
        (RowCodec)Activator.CreateInstance(typeof(RowCodec<>).MakeGenericType(table.Type), table)!;

    /// <summary>One column of <see cref="Raw"/> as the database stores it.</summary>
    public static object Encode(ColumnModel column, object? raw) => raw is null
        ? column.Nullable ? SqlNull.Of(column.Kind) : throw new ArgumentException($"{column} is null")
        : column.Kind == ColumnKind.Json ? Sql.Json(raw, column.ClrType)
        : column.Kind == ColumnKind.Text && ((string)raw).Contains('\0') ? throw Problems.Invalid(column.JsonName, $"{column.JsonName} contains a NUL character.").AsException()
        : raw;
}

/// <inheritdoc/>
internal sealed class RowCodec<T> : RowCodec where T : class
{
    private readonly Func<T, object?[]> _raw;

    public RowCodec(TableModel table)
    {
        _raw = CompileWrite(table);
        Read = CompileRead(table);
    }

    /// <summary>Reads a row whose columns are the table's, in order.</summary>
    public Func<DbDataReader, T> Read { get; }

    public override Func<DbDataReader, object> ReadObject => Read;

    public override object?[] Raw(object row) => _raw((T)row);

    private static Func<T, object?[]> CompileWrite(TableModel table)
    {
        var row = Expression.Parameter(typeof(T));
        var values = table.Columns.Select(column => Write(column, Expression.Property(row, column.Info)));
        return Expression.Lambda<Func<T, object?[]>>(Expression.NewArrayInit(typeof(object), values), row).Compile();
    }

    private static Expression Write(ColumnModel column, Expression value)
    {
        if (column.Kind is ColumnKind.Text or ColumnKind.Json)
            return Expression.Convert(value, typeof(object));
        if (!column.Nullable)
            return WriteValue(column, value);
        return Expression.Condition(Expression.Property(value, "HasValue"), WriteValue(column, Expression.Property(value, "Value")), Expression.Constant(null, typeof(object)));
    }

    private static UnaryExpression WriteValue(ColumnModel column, Expression value)
    {
        Expression encoded = column.Kind switch
        {
            ColumnKind.Id => Expression.Call(value, nameof(Id.ToString), []),
            ColumnKind.Whole => Expression.Convert(value, typeof(long)),
            ColumnKind.Boolean => Expression.Call(typeof(Sql), nameof(Sql.Encode), [], value),
            ColumnKind.Time => Expression.Call(typeof(Sql), nameof(Sql.Micros), [], value),
            ColumnKind.Enum => Expression.Call(typeof(EnumText<>).MakeGenericType(column.ClrType), "Of", [], value),
            _ => value,
        };
        return Expression.Convert(encoded, typeof(object));
    }

    private static Func<DbDataReader, T> CompileRead(TableModel table)
    {
        var reader = Expression.Parameter(typeof(DbDataReader));
        var bindings = table.Columns.Select(column => (MemberBinding)Expression.Bind(Settable(column.Info), ReadColumn(column, reader)));
        return Expression.Lambda<Func<DbDataReader, T>>(Expression.MemberInit(Expression.New(typeof(T)), bindings), reader).Compile();
    }

    private static PropertyInfo Settable(PropertyInfo property) =>
        property.DeclaringType!.GetProperty(property.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)!;

    private static Expression ReadColumn(ColumnModel column, Expression reader)
    {
        var ordinal = Expression.Constant(column.Ordinal);
        Expression Get(string method) => Expression.Call(reader, method, [], ordinal);
        Expression value = column.Kind switch
        {
            ColumnKind.Id => Expression.Call(typeof(ColumnReading), nameof(ColumnReading.Id), [], Get(nameof(DbDataReader.GetString))),
            ColumnKind.Text => Get(nameof(DbDataReader.GetString)),
            ColumnKind.Whole when column.ClrType == typeof(int) => Expression.ConvertChecked(Get(nameof(DbDataReader.GetInt64)), typeof(int)),
            ColumnKind.Whole => Get(nameof(DbDataReader.GetInt64)),
            ColumnKind.Boolean => Expression.NotEqual(Get(nameof(DbDataReader.GetInt64)), Expression.Constant(0L)),
            ColumnKind.Time => Expression.Call(typeof(Sql), nameof(Sql.Time), [], Get(nameof(DbDataReader.GetInt64))),
            ColumnKind.Real => Get(nameof(DbDataReader.GetDouble)),
            ColumnKind.Enum => Expression.Call(typeof(EnumText<>).MakeGenericType(column.ClrType), "Parse", [], Get(nameof(DbDataReader.GetString))),
            ColumnKind.Json => Expression.Call(typeof(ColumnReading), nameof(ColumnReading.Json), [column.Info.PropertyType], Get(nameof(DbDataReader.GetString))),
            _ => throw new InvalidOperationException($"{column.Kind}"),
        };
        if (value.Type != column.Info.PropertyType)
            value = Expression.Convert(value, column.Info.PropertyType);
        return column.Nullable
            ? Expression.Condition(Get(nameof(DbDataReader.IsDBNull)), Expression.Default(column.Info.PropertyType), value)
            : value;
    }
}

internal static class ColumnReading
{
    public static Id Id(string text) => Kernel.Id.Parse(text);

    public static T? Json<T>(string text) => JsonSerializer.Deserialize<T>(text, KernelJson.Options);
}
