using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.System.Tests.Platform;

namespace Nssv.System.Tests.Managers;

/// <summary>
/// People who create and delete machines, now at this manager, now at that one, and who ask again, under the same key, wherever they get no answer.
/// Each waits for the end of what it asked for.
/// </summary>
public sealed class MachineLoad : IAsyncDisposable
{
    private const int People = 4;

    /// <summary>Machines that each of them keeps.</summary>
    private const int Kept = 6;

    private readonly IReadOnlyList<ManagerProcess> _managers;
    private readonly JsonObject _machine;
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentBag<OperationSnapshot> _ended = [];
    private readonly ConcurrentDictionary<string, string> _accepted = new();
    private readonly Task[] _people;
    private int _refusals;
    private int _turn;

    public MachineLoad(IReadOnlyList<ManagerProcess> managers, JsonObject machine)
    {
        (_managers, _machine) = (managers, machine);
        _people = [.. Enumerable.Range(0, People).Select(Live)];
    }

    /// <summary>Operations that have ended.</summary>
    public IReadOnlyCollection<OperationSnapshot> Ended => _ended;

    /// <summary>Operations that were accepted, by the key of what was asked.</summary>
    public IReadOnlyDictionary<string, string> Accepted => _accepted;

    /// <summary>Answers such as "not now", and none at all.</summary>
    public int Refusals => _refusals;

    public Task Ends(int more, string why)
    {
        var goal = _ended.Count + more;
        return Instance.Until(
            async () =>
            {
                if (_people.FirstOrDefault(person => person.IsCompleted) is { } broken)
                    await broken;
                return _ended.Count >= goal;
            },
            $"{more} more operations have ended ({why})", () => Task.FromResult($"{_ended.Count} have, {_refusals} answers were refusals"));
    }

    /// <summary>Nobody begins anything more; returns when what was begun has ended.</summary>
    public async Task Stop()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_people);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_people).ContinueWith(_ => { }, TaskScheduler.Default);
        _enough.Dispose();
    }

    private async Task Live(int person)
    {
        var mine = new Queue<string>();
        for (var number = 1; !_enough.IsCancellationRequested; number++)
        {
            var body = _machine.DeepClone().AsObject();
            body["name"] = $"load-{person}-{number}";
            if (await Do(Instance.Post("virtual-machines", body)) is { Succeeded: true, TargetId: { } made })
                mine.Enqueue(made);
            if (mine.Count > Kept)
                await Do(Instance.Delete($"virtual-machines/{mine.Dequeue()}?expunge=true"));
        }
    }

    private async Task<OperationSnapshot> Do(ApiRequest request)
    {
        var key = Guid.CreateVersion7().ToString();
        var accepted = await Asked(api => api.Mutate(request with { IdempotencyKey = key, Wait = TimeSpan.FromSeconds(5) }));
        if (!_accepted.TryAdd(key, accepted.Id))
            throw new InvalidOperationException("A key was used twice.");
        var operation = accepted;
        while (!operation.HasEnded)
        {
            await Task.Delay(100);
            operation = await Asked(api => api.GetOperation(accepted.Id));
        }

        _ended.Add(operation);
        return operation;
    }

    /// <summary>At the next manager, and the next, until one answers.</summary>
    private async Task<OperationSnapshot> Asked(Func<ApiClient, Task<OperationSnapshot>> ask)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var manager = _managers[(int)((uint)Interlocked.Increment(ref _turn) % _managers.Count)];
            try
            {
                return await ask(manager.Api);
            }
            catch (Exception e) when (ManagerProcess.IsAway(e) && TimeProvider.System.GetElapsedTime(begun) < Instance.Patience)
            {
                Interlocked.Increment(ref _refusals);
                await Task.Delay(100);
            }
        }
    }
}
