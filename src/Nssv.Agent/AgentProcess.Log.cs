using Nssv.Kernel;

namespace Nssv.Agent;

internal static partial class AgentProcessLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Serving at {Url} as host {HostId}, start {Incarnation}")]
    public static partial void Serving(this ILogger logger, string url, Id hostId, long incarnation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal's writer met an error")]
    public static partial void WriterFailed(this ILogger logger, Exception exception);
}
