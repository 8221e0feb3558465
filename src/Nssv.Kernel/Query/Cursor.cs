using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>
/// The place after the last row of a page, as opaque text: the row's values in the order asked for, and a check sum over them, the collection, the filter, the sort and the ids.
/// It grants nothing: the permission is part of every statement.
/// </summary>
internal static class Cursor
{
    public static string Write(TableModel table, ListQuery query, IEnumerable<object> values)
    {
        var array = new JsonArray([.. values.Select(value => value is SqlNull ? null : JsonValue.Create(JsonSerializer.SerializeToElement(value, KernelJson.Options)))]);
        var text = array.ToJsonString(KernelJson.Options);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(CheckSum(table, query, text) + text));
    }

    /// <exception cref="ProblemException">400 invalid-cursor.</exception>
    public static IReadOnlyList<object> Read(TableModel table, ListQuery query, Order order)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Base64Url.DecodeFromChars(query.Cursor));
            if (text.Length < 16 || CheckSum(table, query, text[16..]) != text[..16])
                throw new FormatException();
            var array = JsonSerializer.Deserialize<JsonElement[]>(text[16..], KernelJson.Options)!;
            return [.. order.Keys.Zip(array, (key, value) => Value(key.Column, value))];
        }
        catch (Exception error) when (error is FormatException or ArgumentException or JsonException or InvalidOperationException)
        {
            throw Problems.Invalid("cursor", "The cursor was not made by a query with this collection, filter, sort and ids.", "Take nextCursor as it is, and repeat the same filter, sort and ids with it; or start without a cursor.", "invalid-cursor").AsException();
        }
    }

    private static object Value(ColumnModel column, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => SqlNull.Of(column.Kind),
        JsonValueKind.String => value.GetString()!,
        _ when column.Kind == ColumnKind.Real => value.GetDouble(),
        _ => value.GetInt64(),
    };

    private static string CheckSum(TableModel table, ListQuery query, string values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\0', table.Name, query.Filter?.Trim(), query.Sort?.Trim(), values)));
        foreach (var id in query.Ids ?? [])
            hash.AppendData(Encoding.UTF8.GetBytes(id.ToString()));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
