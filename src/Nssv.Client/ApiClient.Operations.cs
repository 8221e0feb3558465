using Nssv.Client.Operations;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(1);

    /// <summary>The operation as it stands.</summary>
    public async Task<OperationSnapshot> GetOperation(string id, CancellationToken cancellation = default) =>
        OperationSnapshot.FromJson(await Get("operations", id, cancellation));

    /// <summary>
    /// Waits until an operation ends, however it ends. Events tell when to look; without them it looks ever less often, up to once a second.
    /// A manager that is away is waited for as long as <see cref="Transport.ApiConnection.LongestOutage"/>.
    /// </summary>
    public Task<OperationSnapshot> WaitForOperation(string id, Action<OperationSnapshot>? progress = null, CancellationToken cancellation = default) =>
        WaitForOperation(id, operation => operation.HasEnded, progress, cancellation);

    /// <summary>As above, until <paramref name="enough"/> says so.</summary>
    public async Task<OperationSnapshot> WaitForOperation(string id, Func<OperationSnapshot, bool> enough, Action<OperationSnapshot>? progress, CancellationToken cancellation = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var signal = new OperationSignal(this, id);
        Task? listening = null;
        try
        {
            string? shown = null;
            var poll = FirstPoll;
            long? lostSince = null;
            while (true)
            {
                try
                {
                    var operation = await GetOperation(id, cancellation);
                    lostSince = null;
                    var text = operation.Document.ToJsonString();
                    if (text != shown)
                    {
                        shown = text;
                        progress?.Invoke(operation);
                    }

                    if (enough(operation))
                    {
                        return operation;
                    }
                }
                catch (Exception fault) when (IsOutage(fault) && Within(lostSince ??= connection.Time.GetTimestamp()))
                {
                    // The operation is durable: it goes on when the manager is back.
                }

                // The first look comes before the stream is opened: most operations that are short end in time.
                listening ??= signal.Listen(connection, stop.Token);
                await signal.Wait(signal.IsConnected ? connection.SafetyPoll : poll, connection.Time, cancellation);
                poll = poll * 1.5 < LongestPoll ? poll * 1.5 : LongestPoll;
            }
        }
        finally
        {
            await stop.CancelAsync();
            if (listening is not null)
            {
                await listening;
            }
        }

        bool Within(long? since) => connection.Time.GetElapsedTime(since!.Value) < connection.LongestOutage;
    }
}
