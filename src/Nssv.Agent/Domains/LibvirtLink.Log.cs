using Microsoft.Extensions.Logging;
using Nssv.Kernel;

namespace Nssv.Agent.Domains;

internal static partial class DomainLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to libvirt at {Uri}")]
    public static partial void LibvirtConnected(this ILogger logger, string uri);

    [LoggerMessage(Level = LogLevel.Warning, Message = "libvirt at {Uri} is not there: {Reason}")]
    public static partial void LibvirtAway(this ILogger logger, string uri, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to libvirt at {Uri} is lost: {Reason}")]
    public static partial void LibvirtLost(this ILogger logger, string uri, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of domain {DomainId} could not be read after an event: {Reason}")]
    public static partial void StateNotRead(this ILogger logger, Id domainId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The guest of {VirtualMachineId} did not shut down within {GraceSeconds} s and is ended")]
    public static partial void GraceOver(this ILogger logger, Id virtualMachineId, int graceSeconds);
}
