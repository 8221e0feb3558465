using System.Buffers;
using System.Text;
using System.Text.Json;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>Writes what an event says of a change: whatever of it may be seen through the API. The order of reports is nobody's business.</summary>
#pragma warning disable CA1001 // The writer of JSON holds nothing but the buffer beside it.
internal sealed class EventText
#pragma warning restore CA1001
{
    private const int LargestKept = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _bytes = new(2_048);
    private readonly Utf8JsonWriter _writer;

    public EventText() => _writer = new(_bytes, new JsonWriterOptions { Encoder = KernelJson.Options.Encoder, SkipValidation = true });

    /// <summary>May write another event: it keeps no large text.</summary>
    public bool IsSmall => _bytes.Capacity <= LargestKept;

    public static bool Tells(ColumnModel column) => column.Public && column.Property != nameof(IObserved.ObservedSequence);

    /// <summary>The columns with their encoded values, as one JSON object.</summary>
    public string Of(IReadOnlyList<ColumnModel> columns, IReadOnlyList<object> values)
    {
        _bytes.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        for (var i = 0; i < columns.Count; i++)
        {
            if (!Tells(columns[i]))
                continue;
            _writer.WritePropertyName(columns[i].JsonText);
            Write(columns[i], values[i]);
        }
        _writer.WriteEndObject();
        _writer.Flush();
        return Encoding.UTF8.GetString(_bytes.WrittenSpan);
    }

    private void Write(ColumnModel column, object value)
    {
        switch (value)
        {
            case SqlNull:
                _writer.WriteNullValue();
                break;
            case long number when column.Kind == ColumnKind.Time:
                _writer.WriteStringValue(KernelJson.Text(Sql.Time(number)));
                break;
            case long number when column.Kind == ColumnKind.Boolean:
                _writer.WriteBooleanValue(number != 0);
                break;
            case long number:
                _writer.WriteNumberValue(number);
                break;
            case double number:
                _writer.WriteNumberValue(number);
                break;
            case string text when column.Kind == ColumnKind.Json:
                _writer.WriteRawValue(text, skipInputValidation: true); // the platform wrote it with the same rules
                break;
            case string text:
                _writer.WriteStringValue(text);
                break;
            default:
                throw new InvalidOperationException($"{column}");
        }
    }
}
