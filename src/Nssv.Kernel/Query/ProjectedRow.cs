using System.Data.Common;
using System.Text.Json;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A row of which only some columns were read, with what was put into it: becomes JSON and nothing else.</summary>
internal sealed class ProjectedRow(Selection selection, object?[] values)
{
    /// <summary>By the selection's children; null until they are read.</summary>
    public IReadOnlyList<ProjectedRow>[] Related { get; } = new IReadOnlyList<ProjectedRow>[selection.Children.Count];

    /// <param name="column">One that was read.</param>
    public object? this[ColumnModel column]
    {
        get
        {
            for (var i = 0; i < selection.Read.Count; i++)
            {
                if (selection.Read[i] == column)
                    return values[i];
            }
            throw new InvalidOperationException($"{column} was not read");
        }
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        for (var i = 0; i < selection.Shown.Count; i++)
        {
            // What is shown is read first, in the same order.
            writer.WritePropertyName(selection.Shown[i].JsonName);
            WriteValue(writer, selection.Shown[i].Kind, values[i]);
        }
        for (var i = 0; i < selection.Children.Count; i++)
        {
            writer.WritePropertyName(selection.Children[i].Relation.Name);
            if (selection.Children[i].Relation.IsCollection)
            {
                writer.WriteStartArray();
                foreach (var row in Related[i] ?? [])
                    row.Write(writer);
                writer.WriteEndArray();
            }
            else if (Related[i] is [var row])
                row.Write(writer);
            else
                writer.WriteNullValue();
        }
        writer.WriteEndObject();
    }

    /// <summary>A value as the database has it.</summary>
    public static object? Read(DbDataReader reader, int ordinal, ColumnKind kind) => reader.IsDBNull(ordinal) ? null : kind switch
    {
        ColumnKind.Whole or ColumnKind.Boolean or ColumnKind.Time => reader.GetInt64(ordinal),
        ColumnKind.Real => reader.GetDouble(ordinal),
        _ => reader.GetString(ordinal),
    };

    public static void WriteValue(Utf8JsonWriter writer, ColumnKind kind, object? value)
    {
        if (kind == ColumnKind.Json && value is string json)
            writer.WriteRawValue(json, skipInputValidation: true);
        else
            ResourceView.WriteScalar(writer, kind, value);
    }
}
