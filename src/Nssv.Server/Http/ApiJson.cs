using System.Buffers;
using System.Collections.Concurrent;
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

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>Writes <paramref name="value"/> straight into the response.</summary>
    public static async Task Write(HttpResponse response, int status, object value, Type type)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        Serialize(response.BodyWriter, value, type);
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    public static Task Write<T>(HttpResponse response, int status, T value) where T : notnull => Write(response, status, value, typeof(T));

    private static void Serialize(IBufferWriter<byte> buffer, object value, Type type)
    {
        var writer = t_writer;
        t_writer = null;
        if (writer is null)
            writer = new Utf8JsonWriter(buffer, Writing);
        else
            writer.Reset(buffer);
        JsonSerializer.Serialize(writer, value, type, Options);
        writer.Flush();
        writer.Reset(Stream.Null);
        t_writer = writer;
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
