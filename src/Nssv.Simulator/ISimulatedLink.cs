namespace Nssv.Simulator;

/// <summary>
/// Every message between managers and hosts passes through one of these, JSON already made. A test's own may lose, delay, repeat or reorder them;
/// it also decides where the receiver's code runs (the receiver's own context).
/// </summary>
public interface ISimulatedLink
{
    /// <param name="arrive">Lets the message arrive and gives the answer's JSON. Each call is one arrival, read from the bytes anew.</param>
    /// <returns>The answer, as it comes back.</returns>
    /// <exception cref="LinkBrokenException">No answer: the message may or may not have arrived.</exception>
    Task<byte[]> Carry(SimulatedMessage message, Func<Task<byte[]>> arrive, CancellationToken cancel);
}

/// <param name="From">A manager's callback URL or a host's id.</param>
/// <param name="To">The same of the receiver.</param>
/// <param name="Kind">commands, ask, forget, results, heartbeat or report.</param>
/// <param name="Body">JSON.</param>
public sealed record SimulatedMessage(string From, string To, string Kind, byte[] Body);

/// <summary>The other side does not answer.</summary>
public sealed class LinkBrokenException(string message) : Exception(message);

/// <summary>Carries everything, at once.</summary>
public sealed class DirectLink : ISimulatedLink
{
    public Task<byte[]> Carry(SimulatedMessage message, Func<Task<byte[]>> arrive, CancellationToken cancel) => arrive();
}
