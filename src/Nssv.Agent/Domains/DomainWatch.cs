using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Agent.Domains;

/// <summary>
/// Turns libvirt's events into statuses. An event says that something happened; what is so now is read, so that a status is never older than the one
/// before. Who waits for a domain is woken by the event itself.
/// </summary>
internal sealed class DomainWatch(LibvirtLink link, DomainReader reader, ILogger logger)
{
    private readonly ConcurrentDictionary<Id, DomainStatus> _last = new();
    private readonly ConcurrentDictionary<Id, TaskCompletionSource> _bells = new();

    public event Action<DomainStatus>? Changed;

    public event Action? Resynced;

    public async Task Run(CancellationToken cancel)
    {
        await foreach (var e in link.Events.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            try
            {
                if (e is null)
                    await Resync(cancel).ConfigureAwait(false);
                else
                    await Look(new Id(e.Uuid), cancel).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Whatever it was, the connection's next opening reads everything anew.
                logger.StateNotRead(e is null ? Id.None : new Id(e.Uuid), failure.Message);
            }
        }
    }

    /// <summary>Completes at the domain's next event. Take it before the act whose consequence is awaited.</summary>
    public Task Next(Id virtualMachineId) =>
        _bells.GetOrAdd(virtualMachineId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public async Task<IReadOnlyList<DomainStatus>> List(CancellationToken cancel)
    {
        var statuses = await link.Call(reader.List, cancel).ConfigureAwait(false);
        foreach (var status in statuses)
            _last.TryAdd(status.VirtualMachineId, status);
        return statuses;
    }

    private async Task Resync(CancellationToken cancel)
    {
        var statuses = (await List(cancel).ConfigureAwait(false)).ToDictionary(s => s.VirtualMachineId);
        foreach (var gone in _last.Values.Where(l => !statuses.ContainsKey(l.VirtualMachineId)).ToList())
            Publish(gone with { State = DomainState.Absent, Reason = null });
        foreach (var status in statuses.Values)
            Publish(status);
        foreach (var id in _bells.Keys)
            Ring(id);
        Resynced?.Invoke();
    }

    private async Task Look(Id id, CancellationToken cancel)
    {
        var (found, status) = await link.Call(connection =>
        {
            using var domain = connection.Find(id.Value);
            return (domain is not null, domain is null ? null : reader.Status(domain));
        }, cancel).ConfigureAwait(false);
        if (status is not null)
            Publish(status);
        else if (!found && _last.TryGetValue(id, out var last))
            Publish(last with { State = DomainState.Absent, Reason = null });
        Ring(id);
    }

    private void Publish(DomainStatus status)
    {
        if (_last.TryGetValue(status.VirtualMachineId, out var before) && before == status)
            return;
        if (status.State is DomainState.Absent)
            _last.TryRemove(status.VirtualMachineId, out _);
        else
            _last[status.VirtualMachineId] = status;
        Changed?.Invoke(status);
    }

    private void Ring(Id id)
    {
        if (_bells.TryRemove(id, out var bell))
            bell.TrySetResult();
    }
}
