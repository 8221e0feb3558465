using Microsoft.Extensions.Logging;

namespace Nssv.Kernel.Operations;

internal sealed partial class OperationRunner
{
    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId}: step {Step} failed at try {Attempt} with {Code}: {Detail}")]
        public static partial void StepFailed(ILogger log, Id operationId, string step, int attempt, string code, string? detail, Exception? e);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId}: undo of step {Step} failed at try {Attempt}")]
        public static partial void UndoFailed(ILogger log, Id operationId, string step, int attempt, Exception e);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId} is left to a newer node: {Detail}")]
        public static partial void LeftToNewer(ILogger log, Id operationId, string? detail);
    }
}
