using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A record as the API shows it: public fields only, so that nothing internal or secret can slip out of an endpoint that serialises a row.</summary>
public static class ResourceView
{
    public static void Write(Utf8JsonWriter writer, TableModel table, object row)
    {
        var raw = table.Codec.Raw(row);
        writer.WriteStartObject();
        foreach (var column in table.Columns)
        {
            if (!column.Public)
                continue;
            writer.WritePropertyName(column.JsonName);
            WriteValue(writer, column, raw[column.Ordinal]);
        }
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, ColumnModel column, object? raw)
    {
        switch (raw)
        {
            case null:
                writer.WriteNullValue();
                break;
            case not null when column.Kind == ColumnKind.Json:
                JsonSerializer.Serialize(writer, raw, column.ClrType, KernelJson.Options);
                break;
            case long number when column.Kind == ColumnKind.Time:
                writer.WriteStringValue(KernelJson.Text(Sql.Time(number)));
                break;
            case long number when column.Kind == ColumnKind.Boolean:
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
