using Microsoft.Extensions.Logging;

namespace Nssv.Kernel.Operations;

public sealed partial class OperationEngine
{
    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Taking up {Count} unfinished operations")]
        public static partial void Recovering(ILogger log, int count);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId}: the outcome of a commit is unknown, reading it again")]
        public static partial void OutcomeUnknown(ILogger log, Id operationId, Exception e);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId} is left to its newer owner: {Reason}")]
        public static partial void LetGo(ILogger log, Id operationId, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Operation {OperationId} needs attention: a host knows a newer owner than this node, which still owns it: {Reason}")]
        public static partial void Superseded(ILogger log, Id operationId, string reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "Operation {OperationId} needed attention: {Resolution}")]
        public static partial void Resolved(ILogger log, Id operationId, Resolution resolution);

        [LoggerMessage(Level = LogLevel.Error, Message = "Operation {OperationId} cannot be read")]
        public static partial void CannotRead(ILogger log, Id operationId, Exception e);
    }
}
