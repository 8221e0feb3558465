using Nssv.Kernel;

namespace Nssv.Agent.Execution;

/// <summary>A queue per resource: what is asked of one resource runs in the order it was asked, different resources beside each other.</summary>
internal sealed class Lanes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, Task> _tails = [];

    /// <summary>Runs <paramref name="work"/> when everything asked earlier of <paramref name="resource"/> has ended. One that is cancelled while it waits keeps its place, and does nothing.</summary>
    public Task<T> Run<T>(Id resource, Func<Task<T>> work, CancellationToken cancel)
    {
        lock (_gate)
        {
            var before = _tails.GetValueOrDefault(resource, Task.CompletedTask);
            var mine = After(before, work, cancel);
            _tails[resource] = mine;
            _ = Forget(resource, mine);
            return mine;
        }
    }

    private static async Task<T> After<T>(Task before, Func<Task<T>> work, CancellationToken cancel)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        cancel.ThrowIfCancellationRequested();
        return await work().ConfigureAwait(false);
    }

    private async Task Forget(Id resource, Task mine)
    {
        await mine.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
        {
            if (_tails.GetValueOrDefault(resource) == mine)
                _tails.Remove(resource);
        }
    }
}
