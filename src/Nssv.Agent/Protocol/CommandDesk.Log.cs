using Microsoft.Extensions.Logging;
using Nssv.Kernel;

namespace Nssv.Agent.Protocol;

/// <summary>What the desk tells the log: names, ids and codes; never a command's body or a result.</summary>
internal static partial class CommandDeskLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Name} for operation {OperationId}: {CommandId}, attempt {Attempt}")]
    public static partial void Running(this ILogger logger, string name, Id operationId, string commandId, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Done {Name} for operation {OperationId}: {CommandId} in {Milliseconds} ms")]
    public static partial void Succeeded(this ILogger logger, string name, Id operationId, string commandId, long milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Failed {Name} for operation {OperationId}: {CommandId}: {Code}: {Detail}")]
    public static partial void Failed(this ILogger logger, string name, Id operationId, string commandId, string code, string? detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "Broke {Name} for operation {OperationId}: {CommandId}")]
    public static partial void Broke(this ILogger logger, Exception exception, string name, Id operationId, string commandId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Operation {OperationId} is owned with epoch {Epoch} now; {Commands} of its commands are known here")]
    public static partial void Asked(this ILogger logger, Id operationId, long epoch, int commands);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {OperationId}: {CommandId} is no {Name} that this agent can read: {Reason}")]
    public static partial void UnreadableCommand(this ILogger logger, Id operationId, string commandId, string name, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The result of {CommandId} could not be recorded; it is tried again")]
    public static partial void ResultNotRecorded(this ILogger logger, Exception exception, string commandId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} results for {Url} were not delivered; they are sent again: {Reason}")]
    public static partial void ResultsNotDelivered(this ILogger logger, string url, int count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Acknowledgements could not be recorded; the results will be sent once more after the next start")]
    public static partial void AcknowledgementNotRecorded(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The journal can be trusted no longer; the agent must start anew")]
    public static partial void JournalLost(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ended operations could not be removed from the journal")]
    public static partial void SweepFailed(this ILogger logger, Exception exception);
}
