using Nssv.Kernel;

namespace Nssv.Agent.Protocol;

/// <summary>Problems of the protocol itself; those of the host come from the engine.</summary>
public static class AgentProblems
{
    public static Problem CallbackNotAllowed(string url) =>
        new(400, "callback-not-allowed", "Results are sent to managers of this platform only.", $"'{url}' is no result address of a manager that this agent knows.",
            "Enrol the agent with that manager, or correct the manager's agentApi URL.");

    public static Problem DeadlinePassed(string name, int seconds) =>
        new(504, "command-deadline", "The host did not finish in time.", $"{name} was given up after {seconds} s.", "Look at the host's load and storage, then try again.");

    public static Problem Stalled(string name, int seconds) =>
        new(504, "step-stalled", "A step made no progress.", $"{name} was given up because nothing of it had moved for {seconds} s.",
            "Look at the storage or the network that it works on, then try again.");

    public static Problem Stopping() =>
        new(503, "agent-stopping", "The host's agent is stopping.", null, "It answers again when it has started.") { RetryAfterSeconds = 2 };

    public static Problem Busy(int limit) =>
        new(503, "agent-busy", "The host has too many commands waiting.", $"{limit} commands have not ended yet.", "Try again when some have ended.") { RetryAfterSeconds = 5 };

    public static Problem JournalFailed(string detail) =>
        new(503, "agent-journal", "The host's agent cannot write its journal.", detail, "Look at the disk that holds the agent's folder; nothing was started.") { RetryAfterSeconds = 5 };

    public static Problem Failed(string name, string commandId) =>
        new(500, "agent-internal", "The host's agent met an error of its own.", $"{name} failed.", $"Look at the agent's log for command {commandId}.");
}
