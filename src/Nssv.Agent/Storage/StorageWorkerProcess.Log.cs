using Microsoft.Extensions.Logging;
using Nssv.Kernel;

namespace Nssv.Agent.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Storage {StorageId} hangs: {Call} got no answer in time; its worker was killed")]
    public static partial void WorkerHangs(this ILogger logger, Id storageId, string call);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage {StorageId} is not available: {Reason}")]
    public static partial void StorageUnavailable(this ILogger logger, Id storageId, string reason);
}
