using Microsoft.Extensions.Logging.Console;

namespace Nssv.Server.Composition;

/// <summary>How lines of the log look.</summary>
public enum LogFormat
{
    /// <summary>For a person: time, level, message.</summary>
    Text,
    /// <summary>For a program: a JSON object a line, with the ids of operation, request and host as fields.</summary>
    Json,
}

internal static class Logs
{
    public static ILoggingBuilder AddLog(this ILoggingBuilder logging, LogFormat format)
    {
        logging.ClearProviders();
        return format == LogFormat.Json
            ? logging.AddConsole(console => console.FormatterName = JsonLogLine.FormatterName).AddConsoleFormatter<JsonLogLine, ConsoleFormatterOptions>()
            : logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                console.UseUtcTimestamp = true;
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
    }
}
