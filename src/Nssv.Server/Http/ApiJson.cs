using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nssv.Kernel.Model;

namespace Nssv.Server.Http;

/// <summary>Resources as people see them: without what is [Internal] or [Secret].</summary>
internal static class ApiJson
{
    public const string ContentType = "application/json; charset=utf-8";

    public static JsonSerializerOptions Options { get; } = Create();

    private static readonly JsonWriterOptions Writing = new() { Encoder = Options.Encoder ?? JavaScriptEncoder.Default, SkipValidation = true };

    private const int LargestKept = 256 * 1024;

    [ThreadStatic]
    private static Scratch? t_scratch;

    public static Task Write<T>(HttpResponse response, int status, T value) where T : notnull =>
        Write(response, status, writer => JsonSerializer.Serialize(writer, value, Options));

    /// <summary>Whatever <paramref name="write"/> writes. It is made whole before the answer begins, so that an error can still become a problem.</summary>
    public static async Task Write(HttpResponse response, int status, Action<Utf8JsonWriter> write)
    {
        Fill(response, status, write);
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static void Fill(HttpResponse response, int status, Action<Utf8JsonWriter> write)
    {
        var scratch = t_scratch ?? new();
        t_scratch = null; // whoever throws leaves its half-written text to the collector
        write(scratch.Writer);
        scratch.Writer.Flush();
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = scratch.Buffer.WrittenCount;
        response.BodyWriter.Write(scratch.Buffer.WrittenSpan);
        if (scratch.Buffer.Capacity > LargestKept)
            return;
        scratch.Buffer.ResetWrittenCount();
        scratch.Writer.Reset();
        t_scratch = scratch;
    }

    /// <summary>One text's room, used again by the next one on this thread.</summary>
    private sealed class Scratch
    {
        public Scratch() => Writer = new(Buffer, Writing);

        public ArrayBufferWriter<byte> Buffer { get; } = new(4_096);
        public Utf8JsonWriter Writer { get; }
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(KernelJson.Options)
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { HideWhatIsNotPublic } },
        };
        options.MakeReadOnly();
        return options;
    }

    private static void HideWhatIsNotPublic(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (type.Properties[i].AttributeProvider is { } attributes
                && (attributes.IsDefined(typeof(InternalAttribute), inherit: true) || attributes.IsDefined(typeof(SecretAttribute), inherit: true)))
                type.Properties.RemoveAt(i);
        }
    }
}
