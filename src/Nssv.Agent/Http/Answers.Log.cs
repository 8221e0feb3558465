namespace Nssv.Agent.Http;

internal static partial class AnswersLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} broke")]
    public static partial void RequestBroke(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} was refused: {Code}: {Detail}")]
    public static partial void RequestRefused(this ILogger logger, string method, string path, string code, string? detail);
}
