using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>
/// Tells managers how far commands are that take long: for each callback URL one message at a time and not many of them, with the newest figure of each command that has
/// moved. None is journaled or sent again: what is lost, the next one makes good.
/// </summary>
internal sealed class ProgressOutbox(DeskParts parts, Lock gate) : IDisposable
{
    private readonly Dictionary<string, OrderedSet> _moved = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();

    public void Dispose() => _closing.Cancel();

    /// <summary>Called from any thread.</summary>
    public void Moved(CommandEntry entry, int percent)
    {
        lock (gate)
        {
            entry.Progress = percent;
            Add(entry);
        }
    }

    /// <summary>Somebody has asked for the command again who may not know how far it is. Called under the lock.</summary>
    public void TellAnew(CommandEntry entry)
    {
        if (entry.Progress > 0)
            Add(entry);
    }

    private void Add(CommandEntry entry)
    {
        var url = entry.CallbackUrl;
        if (!_moved.TryGetValue(url, out var moved))
        {
            _moved.Add(url, moved = new());
            _ = Carry(url, moved);
        }

        moved.Add(entry);
    }

    private async Task Carry(string url, OrderedSet moved)
    {
        try
        {
            while (true)
            {
                await Task.Delay(parts.Options.ProgressInterval, parts.Time, _closing.Token);
                List<CommandProgress> batch;
                lock (gate)
                {
                    moved.RemoveWhere(entry => entry.Phase != CommandPhase.Running || entry.CallbackUrl != url);
                    var told = moved.Take(parts.Options.ResultsPerBatch).ToList();
                    batch = [.. told.Select(entry => new CommandProgress(entry.Id, entry.Attempt, entry.Progress))];
                    told.ForEach(moved.Remove);
                    if (batch.Count == 0)
                    {
                        _moved.Remove(url);
                        return;
                    }
                }

                await Deliver(url, batch);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task Deliver(string url, IReadOnlyList<CommandProgress> batch)
    {
        try
        {
            await parts.Link.Deliver(url, new(parts.HostId, parts.Journal.Incarnation, []) { Progress = batch }, _closing.Token);
        }
        catch (Exception)
        {
            // Nobody waits for it; that the manager does not answer, results and heartbeats say.
        }
    }
}
