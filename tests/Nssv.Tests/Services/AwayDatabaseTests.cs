using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>A database that is away while a step runs: the step waits for it, a while, and does not leave half of its work for a moment's silence.</summary>
[Trait("group", "services")]
public sealed class AwayDatabaseTests : IAsyncLifetime
{
    private readonly ServiceBed _bed;
    private FarStore _store = null!;
    private Id _center;

    public AwayDatabaseTests() => _bed = new(time: new ManualTime(DateTimeOffset.UtcNow, haste: 1_000), more: services =>
        services.AddSingleton<IStore>(_store = new((IStore)services.Last(service => service.ServiceType == typeof(IStore)).ImplementationInstance!)));

    public async ValueTask InitializeAsync() => (_center, _) = await _bed.Cluster();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_step_that_cannot_read_is_tried_again_though_its_flow_says_nothing_of_that()
    {
        var operation = await Delete(away: 3);
        (operation.State, operation.Error).ShouldBe((OperationState.Succeeded, null));
        _store.Refused.ShouldBe(3);
        (await _bed.Store.Find<DataCenter>(_center)).ShouldBeNull();
    }

    [Fact]
    public async Task One_that_can_never_read_gives_up_in_the_end_and_says_why()
    {
        var operation = await Delete(away: int.MaxValue);
        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "unavailable"));
        _store.Refused.ShouldBe(12);
        (await _bed.Store.Count<Cluster>()).ShouldBe(1);
    }

    /// <param name="away">How many of the step's readings fail.</param>
    private async Task<Operation> Delete(int away)
    {
        _bed.AfterCommit = unit =>
        {
            if (unit.Changes.Any(change => change is Change.Insert { Row: Operation { Kind: "cascade.delete" } }))
                _store.Away = away;
            return Task.CompletedTask;
        };
        return await _bed.Run(new DeleteDataCenter(_center) { Cascade = true });
    }

    /// <summary>Cannot be reached by who plans a deletion.</summary>
    private sealed class FarStore(IStore store) : IStore
    {
        public int Away { get; set; }

        public int Refused { get; private set; }

        public ValueTask<T?> Find<T>(Id id) where T : class => store.Find<T>(id);
        public ValueTask<T> Get<T>(Id id) where T : class => store.Get<T>(id);
        public ValueTask<IReadOnlyList<T>> List<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.List<T>(conditions);
        public ValueTask<T?> First<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.First<T>(conditions);
        public ValueTask<long> Count<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.Count<T>(conditions);

        public ValueTask<IReadOnlyList<T>> Select<T>(string sql, IReadOnlyList<object?> parameters, Func<DbDataReader, T> map)
        {
            if (typeof(T) != typeof(CascadeRow) || Away == 0)
                return store.Select(sql, parameters, map);
            Away--;
            Refused++;
            throw Problems.Unavailable("The test's database is away.").AsException();
        }
    }
}
