using System.Text.Json;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>A null that remembers its column's type, because PostgreSQL prepares statements by the types of their parameters.</summary>
internal sealed class SqlNull
{
    public static readonly SqlNull Text = new(), Whole = new(), Real = new(), Unknown = new();

    public static SqlNull Of(ColumnKind kind) => kind switch
    {
        ColumnKind.Whole or ColumnKind.Boolean or ColumnKind.Time => Whole,
        ColumnKind.Real => Real,
        _ => Text,
    };
}

/// <summary>Values as both databases store them: string, long, double or <see cref="SqlNull"/>.</summary>
internal static class Sql
{
    private static readonly object Zero = 0L, One = 1L;

    public static string Quote(string name) => '"' + name + '"';

    public static object Encode(bool value) => value ? One : Zero;

    public static long Micros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Time(long micros) => new(DateTimeOffset.UnixEpoch.UtcTicks + micros * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static string Json(object value, Type type) => JsonSerializer.Serialize(value, type, KernelJson.Options);

    /// <summary>A parameter of hand-written SQL, or the value of a condition.</summary>
    /// <exception cref="ArgumentException">No column has such a type.</exception>
    public static object Encode(object? value) => value switch
    {
        null => SqlNull.Unknown,
        string or long or double or SqlNull => value,
        Id id => id.ToString(),
        int number => (long)number,
        short number => (long)number,
        bool flag => Encode(flag),
        DateTimeOffset time => Micros(time),
        Enum => EnumText.Of(value),
        _ => throw new ArgumentException($"{value.GetType().Name} is no type of a column; give JSON as text"),
    };

    /// <summary>The value of a condition on this column.</summary>
    public static object Encode(object? value, ColumnModel column) => value is null ? SqlNull.Of(column.Kind)
        : column.Kind == ColumnKind.Json && value is not string ? Json(value, column.ClrType)
        : Encode(value);
}

/// <summary>Enums as camelCase text.</summary>
internal static class EnumText
{
    public static string Of(object value) => JsonNamingPolicy.CamelCase.ConvertName(Enum.GetName(value.GetType(), value)
        ?? throw new ArgumentException($"{value} is no {value.GetType().Name}"));

    public static IReadOnlyList<string> Names(Type type) => [.. Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)];
}

/// <summary>The same for one enum, without reflection for each row.</summary>
internal static class EnumText<T> where T : struct, Enum
{
    private static readonly Dictionary<T, string> Texts = Enum.GetValues<T>().Distinct().ToDictionary(value => value, value => EnumText.Of(value));
    private static readonly Dictionary<string, T> Values = Texts.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static string Of(T value) => Texts.TryGetValue(value, out var text) ? text : throw new ArgumentException($"{value} is no {typeof(T).Name}");

    public static T Parse(string text) => Values.TryGetValue(text, out var value) ? value : throw new InvalidDataException($"The database holds '{text}', which is no {typeof(T).Name}");
}
