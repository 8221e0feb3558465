using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A record as the API shows it: public fields only, so that nothing internal or secret can slip out of an endpoint that serialises a row.</summary>
public static class ResourceView
{
    public static void Write(Utf8JsonWriter writer, TableModel table, object row)
    {
        if (row is ProjectedRow projected)
        {
            projected.Write(writer);
            return;
        }
        var raw = table.Codec.Raw(row);
        writer.WriteStartObject();
        foreach (var column in table.Columns)
        {
            if (!column.Public)
                continue;
            writer.WritePropertyName(column.JsonName);
            if (column.Kind == ColumnKind.Json && raw[column.Ordinal] is { } json)
                JsonSerializer.Serialize(writer, json, column.ClrType, KernelJson.Options);
            else
                WriteScalar(writer, column.Kind, raw[column.Ordinal]);
        }
        writer.WriteEndObject();
    }

    /// <summary>Whose row it is, also when only a part of it was read.</summary>
    public static Id IdOf(TableModel table, object row) => row is ProjectedRow part ? Id.Parse((string)part[table.Key[0]]!) : ((Resource)row).Id;

    internal static void WriteScalar(Utf8JsonWriter writer, ColumnKind kind, object? raw)
    {
        switch (raw)
        {
            case null:
                writer.WriteNullValue();
                break;
            case long number when kind == ColumnKind.Time:
                writer.WriteStringValue(KernelJson.Text(Sql.Time(number)));
                break;
            case long number when kind == ColumnKind.Boolean:
                writer.WriteBooleanValue(number != 0);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue((string)raw);
                break;
        }
    }
}
