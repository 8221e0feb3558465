using Microsoft.Extensions.Logging;

namespace Nssv.Agent.Protocol;

internal static partial class HostReporterLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The manager answers")]
    public static partial void ManagerMet(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The manager does not answer: {Reason}")]
    public static partial void ManagerLost(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A report could not be made or sent; everything is reported anew: {Reason}")]
    public static partial void ReportFailed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Reported everything: {Domains} domains, {Layers} layers")]
    public static partial void FullReport(this ILogger logger, int domains, int layers);
}
