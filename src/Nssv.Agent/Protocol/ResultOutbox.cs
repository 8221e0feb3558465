using Microsoft.Extensions.Logging;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>
/// Sends recorded results until they are acknowledged: for each callback URL one message at a time, filled with all that came due meanwhile.
/// A result goes to the newest owner's URL only.
/// </summary>
internal sealed class ResultOutbox(DeskParts parts, Lock gate) : IDisposable
{
    private readonly Dictionary<string, Courier> _couriers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private bool _open;

    /// <summary>Begins to send. Called under the lock.</summary>
    public void Open()
    {
        _open = true;
        foreach (var courier in _couriers.Values)
            Wake(courier);
    }

    public void Dispose() => _closing.Cancel();

    /// <summary>A durable result is due. Called under the lock.</summary>
    public void Add(CommandEntry entry)
    {
        if (!_couriers.TryGetValue(entry.CallbackUrl, out var courier))
            _couriers.Add(entry.CallbackUrl, courier = new(entry.CallbackUrl));
        courier.Due.Add(entry);
        Wake(courier);
    }

    private void Wake(Courier courier)
    {
        if (!_open || courier.Busy || courier.Due.Count == 0)
            return;
        courier.Busy = true;
        _ = Carry(courier);
    }

    private async Task Carry(Courier courier)
    {
        await Task.Yield();
        for (var failures = 0; !_closing.IsCancellationRequested;)
        {
            List<(CommandEntry Entry, int Wish)> batch;
            lock (gate)
            {
                courier.Due.RemoveWhere(entry => !IsDue(entry, courier));
                batch = [.. courier.Due.Take(parts.Options.ResultsPerBatch).Select(entry => (entry, entry.Wishes))];
                if (batch.Count == 0)
                {
                    courier.Busy = false;
                    _couriers.Remove(courier.Url);
                    return;
                }
            }
            var acknowledged = await Deliver(courier, batch);
            failures = acknowledged > 0 ? 0 : failures + 1;
            if (acknowledged < batch.Count)
                await Task.Delay(Backoff.After(Math.Max(failures - 1, 0), parts.Options.FirstRetry, parts.Options.LongestRetry, parts.Chance.Next()), parts.Time);
        }
    }

    /// <returns>How many of them are acknowledged.</returns>
    private async Task<int> Deliver(Courier courier, List<(CommandEntry Entry, int Wish)> batch)
    {
        ResultReceipt receipt;
        try
        {
            receipt = await parts.Link.Deliver(courier.Url, new(parts.HostId, parts.Journal.Incarnation, [.. batch.Select(item => item.Entry.Result!)]), _closing.Token);
        }
        catch (Exception exception)
        {
            if (!_closing.IsCancellationRequested)
                parts.Logger.ResultsNotDelivered(courier.Url, batch.Count, exception.Message);
            return 0;
        }
        var ids = receipt.Acknowledged.ToHashSet(StringComparer.Ordinal);
        var changes = new List<JournalChange>();
        Task committed;
        var count = 0;
        lock (gate)
        {
            foreach (var (entry, wish) in batch.Where(item => ids.Contains(item.Entry.Id)))
            {
                count++;
                // Asked for again since it was sent, perhaps by a newer owner: this acknowledgement is not its.
                if (entry.Wishes != wish)
                    continue;
                courier.Due.Remove(entry);
                entry.Acknowledged = true;
                changes.Add(new ResultAcknowledged(entry.Id, entry.Attempt, entry.CallbackUrl));
            }
            committed = changes.Count == 0 ? Task.CompletedTask : parts.Journal.Commit(changes);
        }
        _ = Noted(committed);
        return count;
    }

    /// <summary>An acknowledgement that could not be written costs one more delivery after the next start; nothing waits for it.</summary>
    private async Task Noted(Task committed)
    {
        try
        {
            await committed;
        }
        catch (Exception exception)
        {
            parts.Logger.AcknowledgementNotRecorded(exception);
        }
    }

    private static bool IsDue(CommandEntry entry, Courier courier) =>
        entry.HasEnded && !entry.Acknowledged && entry.Successor is null && entry.CallbackUrl == courier.Url;

    private sealed class Courier(string url)
    {
        public string Url { get; } = url;

        /// <summary>In order of their becoming due.</summary>
        public OrderedSet Due { get; } = new();

        public bool Busy { get; set; }
    }
}
