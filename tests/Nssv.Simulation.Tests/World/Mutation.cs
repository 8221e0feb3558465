using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;

namespace Nssv.Simulation.Tests.World;

/// <summary>Faults put into the product on purpose, from outside: each takes away what one invariant rests on, and a simulation must notice.</summary>
internal enum Mutation
{
    None,
    /// <summary>A step's beginning is acknowledged before it is durable.</summary>
    JournalAfterEffect,
    /// <summary>Hosts see one epoch for all owners, so they refuse nobody.</summary>
    OldEpochsAccepted,
    /// <summary>Calls leave no record of themselves, so that a repeat is a second one.</summary>
    CallsWithoutKeys,
    /// <summary>A batch does not look at its member's row: who was taken over goes on writing.</summary>
    NoMemberLock,
    /// <summary>A new owner asks no host what became of the operation.</summary>
    NoAskBeforeAct,
    /// <summary>A host that is asked does not record the new owner's epoch: it only knows the highest one that came with a command.</summary>
    HighestSeenEpoch,
    /// <summary>A member believes in its lease for longer than the others do.</summary>
    SelfStopAfterLease,
    /// <summary>Events draw their numbers before their transaction commits, as from a sequence.</summary>
    EventsNumberedAtInsert,
    /// <summary>The audit notes how far it has read before it writes what it found there.</summary>
    AuditPlaceFirst,
    /// <summary>A deletion with all that depends on it is planned once: what comes in later is not seen.</summary>
    PlannedOnce,
}

internal static class Mutations
{
    public static IWriter Around(this Mutation mutation, IWriter writer, NodeClock clock) => mutation switch
    {
        Mutation.JournalAfterEffect => new LateJournal(writer, clock),
        Mutation.CallsWithoutKeys => new WithoutCallKeys(writer),
        Mutation.AuditPlaceFirst => new AuditPlace(writer),
        _ => writer,
    };

    /// <summary>What the planner of deletions reads.</summary>
    public static void Change(this Mutation mutation, IServiceCollection services)
    {
        if (mutation == Mutation.PlannedOnce)
            services.AddSingleton(provider => new CascadeReader(provider.GetRequiredService<ResourceModels>(), new FirstPlan(provider.GetRequiredService<IStore>()), provider.GetRequiredService<CascadeHooks>(), provider.GetRequiredService<CascadeCatalog>()));
    }

    public static IAgentTransport Around(this Mutation mutation, IAgentTransport transport) => mutation switch
    {
        Mutation.OldEpochsAccepted => new OneEpoch(transport),
        Mutation.NoAskBeforeAct => new NothingAsked(transport),
        Mutation.HighestSeenEpoch => new NothingRecorded(transport),
        _ => transport,
    };

    /// <summary>Says that a journal entry is there, and writes it a moment later, in order.</summary>
    private sealed class LateJournal(IWriter writer, NodeClock clock) : IWriter
    {
        private Task _last = Task.CompletedTask;

        public Task<long> Commit(UnitOfWork unit)
        {
            if (!unit.Changes.Any(change => change is Change.Insert { Row: OperationStep } or Change.Update { After: OperationStep }))
                return unit.Changes.Any(change => change is Change.Observe { After: Operation }) ? After(unit) : writer.Commit(unit);
            _last = Later(_last, unit);
            return Task.FromResult(0L);
        }

        private async Task<long> After(UnitOfWork unit)
        {
            await _last;
            return await writer.Commit(unit);
        }

        private async Task Later(Task last, UnitOfWork unit)
        {
            await last;
            await Task.Delay(TimeSpan.FromMilliseconds(40), clock);
            await writer.Commit(unit);
        }
    }

    /// <summary>Of each target's dependents it shows those that were there when it was first asked.</summary>
    private sealed class FirstPlan(IStore store) : IStore
    {
        private readonly Dictionary<Id, HashSet<Id>> _known = [];
        private HashSet<Id> _seen = [];
        private bool _first;

        public ValueTask<T?> Find<T>(Id id) where T : class => store.Find<T>(id);
        public ValueTask<T> Get<T>(Id id) where T : class => store.Get<T>(id);
        public ValueTask<IReadOnlyList<T>> List<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.List<T>(conditions);
        public ValueTask<T?> First<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.First<T>(conditions);
        public ValueTask<long> Count<T>(params ReadOnlySpan<Condition> conditions) where T : class => store.Count<T>(conditions);

        public async ValueTask<IReadOnlyList<T>> Select<T>(string sql, IReadOnlyList<object?> parameters, Func<DbDataReader, T> map)
        {
            // The target's own row comes first.
            if (typeof(T) == typeof(CascadeRow) && parameters is [Id target])
            {
                _first = !_known.TryGetValue(target, out var seen);
                _known[target] = _seen = seen ?? [target];
            }

            var rows = await store.Select(sql, parameters, map);
            if (rows is not IReadOnlyList<CascadeRow> dependents)
                return rows;
            if (_first)
                _seen.UnionWith(dependents.Select(row => row.Id));
            return [.. rows.Zip(dependents).Where(pair => _seen.Contains(pair.Second.Id)).Select(pair => pair.First)];
        }
    }

    private sealed class WithoutCallKeys(IWriter writer) : IWriter
    {
        public Task<long> Commit(UnitOfWork unit)
        {
            if (!unit.Changes.Any(change => change is Change.Insert { Row: CallResult }))
                return writer.Commit(unit);
            var without = new UnitOfWork { OperationId = unit.OperationId, Hold = unit.Hold, CallerHold = unit.CallerHold };
            foreach (var change in unit.Changes)
            {
                _ = change switch
                {
                    Change.Insert { Row: CallResult } => without,
                    Change.Insert { Row: Tests.Widgets.Mark mark } => without.Insert(mark),
                    Change.Require required => without.Require<Operation>(required.Id, [.. required.Conditions]),
                    Change.Statement raw => without.Execute(raw.Table, raw.Sql, raw.ExpectedRows, raw.Parameters),
                    _ => throw new NotSupportedException($"{change} is in no recorded call of these scenarios"),
                };
            }

            return writer.Commit(without);
        }
    }

    private sealed class AuditPlace(IWriter writer) : IWriter
    {
        public async Task<long> Commit(UnitOfWork unit)
        {
            if (!unit.Changes.Any(change => change is Change.Insert { Row: AuditEntry }))
                return await writer.Commit(unit);
            var (place, entries) = (new UnitOfWork { Hold = unit.Hold }, new UnitOfWork { Hold = unit.Hold });
            foreach (var change in unit.Changes)
            {
                _ = change switch
                {
                    Change.Insert { Row: AuditHead head } => place.Insert(head),
                    Change.Statement raw => place.Execute(raw.Table, raw.Sql, raw.ExpectedRows, raw.Parameters),
                    Change.Insert { Row: AuditEntry entry } => entries.Insert(entry),
                    _ => throw new NotSupportedException($"{change} is in no unit of the audit"),
                };
            }

            await writer.Commit(place);
            return await writer.Commit(entries);
        }
    }

    private sealed class NothingAsked(IAgentTransport transport) : IAgentTransport
    {
        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) => transport.Send(hostId, batch, cancel);

        public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) => Task.FromResult(new AskReply(ask.Epoch, []));

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => transport.Forget(hostId, forget, cancel);
    }

    private sealed class NothingRecorded(IAgentTransport transport) : IAgentTransport
    {
        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) => transport.Send(hostId, batch, cancel);

        public async Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) =>
            await transport.Ask(hostId, ask with { Epoch = 0 }, cancel) with { RecordedEpoch = ask.Epoch };

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => transport.Forget(hostId, forget, cancel);
    }

    private sealed class OneEpoch(IAgentTransport transport) : IAgentTransport
    {
        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) =>
            transport.Send(hostId, new([.. batch.Commands.Select(command => command with { Epoch = 1 })]), cancel);

        public async Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) =>
            await transport.Ask(hostId, ask with { Epoch = 1 }, cancel) with { RecordedEpoch = ask.Epoch };

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => transport.Forget(hostId, forget, cancel);
    }
}
