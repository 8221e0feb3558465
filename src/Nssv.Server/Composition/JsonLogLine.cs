using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Nssv.Server.Composition;

/// <summary>One JSON object a line: time, level, category, message, the message's own values, and whose work it was (operation, request, host).</summary>
internal sealed class JsonLogLine() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "nssv-json";

    /// <summary>Of what scopes say only this: the framework's also hold paths as clients sent them.</summary>
    private static readonly HashSet<string> FromScopes = ["OperationId", "RequestId", "HostId", "CommandId"];
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.Default };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        using var line = new MemoryStream(512);
        using (var json = new Utf8JsonWriter(line, Writing))
        {
            var written = new HashSet<string>(StringComparer.Ordinal) { "time", "level", "category", "event", "message", "error" };
            json.WriteStartObject();
            json.WriteString("time", DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level", Level(logEntry.LogLevel));
            json.WriteString("category", logEntry.Category);
            if (logEntry.EventId.Name is { } name)
                json.WriteString("event", name);
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            if (logEntry.State is IEnumerable<KeyValuePair<string, object?>> values)
            {
                foreach (var (key, value) in values.Where(pair => pair.Key != "{OriginalFormat}"))
                    Value(json, written, key, value);
            }
            scopeProvider?.ForEachScope(static (scope, state) =>
            {
                foreach (var (key, value) in Pairs(scope).Where(pair => FromScopes.Contains(pair.Key)))
                    Value(state.json, state.written, key, value);
            }, (json, written));
            if (logEntry.Exception is { } error)
                json.WriteString("error", error.ToString());
            json.WriteEndObject();
        }
        textWriter.WriteLine(System.Text.Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
    }

    private static IEnumerable<KeyValuePair<string, object?>> Pairs(object? scope) => scope switch
    {
        IEnumerable<KeyValuePair<string, object?>> pairs => pairs,
        _ => [],
    };

    /// <summary>The first one of a name counts: the message's own before its scopes'.</summary>
    private static void Value(Utf8JsonWriter json, HashSet<string> written, string key, object? value)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(key);
        if (value is null || !written.Add(name))
            return;
        switch (value)
        {
            case bool flag: json.WriteBoolean(name, flag); break;
            case int or long: json.WriteNumber(name, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)); break;
            case double number when double.IsFinite(number): json.WriteNumber(name, Math.Round(number, 3)); break;
            default: json.WriteString(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
