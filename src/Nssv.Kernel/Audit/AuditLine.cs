using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Nssv.Kernel.Audit;

/// <summary>
/// An entry as one line of JSON: what is hashed, and what is exported. The fields and their order are for ever; a field of a later release comes before the hashes,
/// and only where it has a value. The hash is the last field, so that whoever has the line can check it: it is the SHA-256 of the line without it.
/// </summary>
#pragma warning disable CA1001 // The writer of JSON holds nothing but the buffer beside it.
public sealed class AuditLine
#pragma warning restore CA1001
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1_024);
    private readonly Utf8JsonWriter _writer;

    public AuditLine() => _writer = new(_bytes, new JsonWriterOptions { Encoder = KernelJson.Options.Encoder, SkipValidation = true });

    /// <summary>The whole line, without a line break; good until the next call.</summary>
    public ReadOnlyMemory<byte> Of(AuditEntry entry) => Write(entry, withHash: true);

    /// <summary>The hash that the entry should have, lower-case hex.</summary>
    public string HashOf(AuditEntry entry)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Write(entry, withHash: false).Span, hash);
        return Convert.ToHexStringLower(hash);
    }

    private ReadOnlyMemory<byte> Write(AuditEntry entry, bool withHash)
    {
        _bytes.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        _writer.WriteNumber("sequence", entry.Sequence);
        Id("id", entry.Id);
        Id("projectId", entry.ProjectId);
        Id("createdBy", entry.CreatedBy);
        Time("createdAt", entry.CreatedAt);
        Time("updatedAt", entry.UpdatedAt);
        _writer.WriteNumber("version", entry.Version);
        Text("action", entry.Action);
        Id("accountId", entry.AccountId);
        Text("accountName", entry.AccountName);
        Text("clientAddress", entry.ClientAddress);
        Text("targetType", entry.TargetType);
        Id("targetId", entry.TargetId);
        Text("targetName", entry.TargetName);
        Time("begunAt", entry.BegunAt);
        Time("endedAt", entry.EndedAt);
        Text("result", JsonNamingPolicy.CamelCase.ConvertName(entry.Result.ToString()));
        Text("errorCode", entry.ErrorCode);
        Id("operationId", entry.OperationId);
        _writer.WritePropertyName("details");
        entry.Details.WriteTo(_writer, KernelJson.Options);
        Text("previousHash", entry.PreviousHash);
        if (withHash)
            Text("hash", entry.Hash);
        _writer.WriteEndObject();
        _writer.Flush();
        return _bytes.WrittenMemory;
    }

    private void Id(string name, Id? id)
    {
        if (id is { } given)
            _writer.WriteString(name, given.Value);
    }

    private void Time(string name, DateTimeOffset time) => _writer.WriteString(name, KernelJson.Text(time));

    private void Text(string name, string? text)
    {
        if (text is not null)
            _writer.WriteString(name, text);
    }
}
