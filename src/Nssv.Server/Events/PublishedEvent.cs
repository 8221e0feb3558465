using System.Globalization;
using System.Text;
using System.Text.Json;
using Nssv.Kernel.Events;
using Nssv.Server.Http;

namespace Nssv.Server.Events;

/// <summary>An event with its frame of the stream (WHATWG HTML, 9.2), made once for all who listen.</summary>
internal sealed class PublishedEvent(Event committed)
{
    private readonly Lazy<byte[]> _frame = new(() => Encode(committed));

    public Event Event { get; } = committed;

    public ReadOnlyMemory<byte> Frame => _frame.Value;

    private static byte[] Encode(Event committed)
    {
        // JSON escapes line ends within texts, so the data is one line.
        var head = string.Create(CultureInfo.InvariantCulture, $"id: {committed.Sequence}\nevent: {committed.Type}\ndata: ");
        return [.. Encoding.UTF8.GetBytes(head), .. JsonSerializer.SerializeToUtf8Bytes(committed, ApiJson.Options), (byte)'\n', (byte)'\n'];
    }
}
