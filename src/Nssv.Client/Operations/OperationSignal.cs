using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Client.Operations;

/// <summary>Listens to the platform's events and says when something about one operation may have changed.</summary>
internal sealed class OperationSignal(ApiClient client, string operationId) : IDisposable
{
    private readonly SemaphoreSlim changed = new(0);
    private volatile bool connected;

    /// <summary>The stream is open, so nothing happens unseen.</summary>
    public bool IsConnected => connected;

    /// <summary>Keeps the stream open until cancelled, resuming after the last event seen. A server without a stream leaves the caller to polling.</summary>
    public async Task Listen(ApiConnection connection, CancellationToken cancellation)
    {
        string? last = null;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    using var stream = await client.OpenEvents(last, cancellation);
                    connected = true;

                    // What happened before the stream was open is only seen by looking once more.
                    changed.Release();
                    await foreach (var item in stream.Read(cancellation))
                    {
                        attempt = 0;
                        last = item.Id ?? last;
                        if (item.OperationId == operationId || item.ResourceId == operationId)
                        {
                            changed.Release();
                        }
                    }
                }
                catch (Exception fault) when (ApiClient.IsOutage(fault))
                {
                    // Polling goes on meanwhile.
                }
                finally
                {
                    connected = false;
                    changed.Release();
                }

                await Task.Delay(connection.Retry.DelayAfter(Math.Clamp(attempt, 1, 8)), connection.Time, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Nobody waits any more.
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException)
        {
            // The server refuses the stream for good; polling does without.
        }
    }

    /// <summary>Returns at the next change, or after <paramref name="longest"/>.</summary>
    public async Task Wait(TimeSpan longest, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            await changed.WaitAsync(both.Token);
            while (await changed.WaitAsync(0, CancellationToken.None))
            {
                // One look answers for every change so far.
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Time to look anyway.
        }
    }

    public void Dispose() => changed.Dispose();
}
