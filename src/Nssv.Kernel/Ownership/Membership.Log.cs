using Microsoft.Extensions.Logging;

namespace Nssv.Kernel.Ownership;

public sealed partial class Membership
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Membership could not be renewed: {Reason}")]
    private static partial void LogRoundFailed(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Management node {Member} ({Name}) has not renewed its lease and was taken over")]
    private static partial void LogTakenOver(ILogger log, Id member, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This management node {What}")]
    private static partial void LogStandsAside(ILogger log, string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "Released {Count} shards to other management nodes")]
    private static partial void LogReleased(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Claimed {Count} shards")]
    private static partial void LogClaimed(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Another management node has taken over from this one, which stops")]
    private static partial void LogFenced(ILogger log);
}
