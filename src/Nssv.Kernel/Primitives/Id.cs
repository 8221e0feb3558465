using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nssv.Kernel;

/// <summary>Identity of a resource: a UUIDv7 (RFC 9562) in one text form, lower case with hyphens. Ids order by time of creation.</summary>
[JsonConverter(typeof(IdJsonConverter))]
public readonly record struct Id(Guid Value) : IComparable<Id>, ISpanParsable<Id>
{
    /// <summary>The id that no resource has.</summary>
    public static readonly Id None = new(Guid.Empty);

    public bool IsNone => Value == Guid.Empty;

    /// <summary>First eight hex digits of the random part's end: short enough for names that people read, never used as a key.</summary>
    public string Short => Value.ToString("N")[^8..];

    public override string ToString() => Value.ToString("D");

    /// <summary>The id of something that the program itself names, and which is therefore the same everywhere: a UUIDv8 (RFC 9562, 5.8) of the name's SHA-256.</summary>
    public static Id OfName(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        hash[6] = (byte)(hash[6] & 0x0f | 0x80);
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return new Id(new Guid(hash[..16], bigEndian: true));
    }

    public int CompareTo(Id other) => string.CompareOrdinal(ToString(), other.ToString());

    public static Id Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{s}' is not an id");

    /// <summary>Accepts exactly the one text form; braces, upper case and spaces are refused, so that equal ids have equal text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Id result) =>
        TryParse(s.AsSpan(), provider, out result);

    public static Id Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("not an id");

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Id result)
    {
        result = default;
        if (s.Length != 36 || s.IndexOfAnyInRange('A', 'F') >= 0 || !Guid.TryParseExact(s, "D", out var value))
            return false;
        result = new Id(value);
        return true;
    }

    public static bool operator <(Id left, Id right) => left.CompareTo(right) < 0;
    public static bool operator >(Id left, Id right) => left.CompareTo(right) > 0;
    public static bool operator <=(Id left, Id right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Id left, Id right) => left.CompareTo(right) >= 0;

    /// <summary>Public, so that generated serializers see it.</summary>
    public sealed class IdJsonConverter : JsonConverter<Id>
    {
        public override Id Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), null, out var id)
                ? id
                : throw new JsonException("An id is a UUID in lower case with hyphens.");

        public override void Write(Utf8JsonWriter writer, Id value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Value);

        public override Id ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Parse(reader.GetString()!);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, Id value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value.ToString());
    }
}
