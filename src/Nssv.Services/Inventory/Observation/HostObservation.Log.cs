using Microsoft.Extensions.Logging;
using Nssv.Kernel;

namespace Nssv.Services.Inventory.Observation;

public sealed partial class HostObservation
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Host {HostId} is connected (agent incarnation {Incarnation})")]
    private static partial void LogConnected(ILogger log, Id hostId, long incarnation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {HostId} is silent: its virtual machines are unknown")]
    private static partial void LogLost(ILogger log, Id hostId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Host {HostId} could not be reconciled; its next heartbeat begins again")]
    private static partial void LogReconcileFailed(ILogger log, Id hostId, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The hosts of other managers could not be looked up")]
    private static partial void LogFollowFailed(ILogger log, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That hosts were heard could not be written down: {Code}")]
    private static partial void LogHeardNotWritten(ILogger log, string code);

    [LoggerMessage(Level = LogLevel.Error, Message = "Host {HostId} could not be watched")]
    private static partial void LogWatchFailed(ILogger log, Id hostId, Exception e);
}
