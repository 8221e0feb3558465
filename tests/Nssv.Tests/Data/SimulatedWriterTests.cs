using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>The writer as the simulation uses it: in memory, on one thread, in the order of posts.</summary>
[Trait("group", "data")]
public sealed class SimulatedWriterTests
{
    [Fact]
    public void Everything_happens_on_one_thread_and_the_same_way_each_time()
    {
        var (first, batches) = Run();
        var (second, again) = Run();
        second.ShouldBe(first);
        again.ShouldBe(batches);
        first.Count.ShouldBe(20);
        batches[0].ShouldBe(10);

        static (List<string>, List<int>) Run()
        {
            using var world = new World();
            var faults = new Faults();
            List<string> events = [];
            world.Run(async () =>
            {
                var thread = Environment.CurrentManagedThreadId;
                await using var database = NewDatabase();
                var writer = NewWriter(database, faults);
                var store = new Store(database);
                await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
                {
                    var rack = Sample.Rack($"r{i}", Id.Parse($"01890000-0000-7000-8000-0000000001{i:00}"));
                    await writer.Commit(new UnitOfWork().Insert(rack));
                    Environment.CurrentManagedThreadId.ShouldBe(thread);
                    await writer.Commit(new UnitOfWork().Update(rack, rack with { Units = i }));
                    Environment.CurrentManagedThreadId.ShouldBe(thread);
                }));
                events = [.. (await store.List<Event>()).Select(item => $"{item.Sequence} {item.Type} {item.ResourceId} {item.Data.ToJsonString(null)}")];
                await writer.DisposeAsync();
            });
            return (events, faults.Batches);
        }
    }

    [Theory]
    [InlineData(CommitFault.Crash, CommitFault.None, 0)]
    [InlineData(CommitFault.None, CommitFault.Crash, 1)]
    public void A_crash_leaves_callers_without_an_answer_and_the_next_start_finds_all_or_nothing(CommitFault before, CommitFault after, int found)
    {
        using var world = new World();
        world.Run(async () =>
        {
            await using var database = NewDatabase();
            var faults = new Faults { Before = before, After = after };
            var dead = NewWriter(database, faults);
            var asked = dead.Commit(new UnitOfWork().Insert(Sample.Rack()));
            await Task.Yield();
            asked.IsCompleted.ShouldBeFalse();
            faults.Before = faults.After = CommitFault.None;
            var later = dead.Commit(new UnitOfWork().Insert(Sample.Rack()));
            await Task.Yield();
            later.IsCompleted.ShouldBeFalse();

            var writer = NewWriter(database, new Faults());
            var store = new Store(database);
            (await store.Count<Rack>()).ShouldBe(found);
            (await writer.Commit(new UnitOfWork().Insert(Sample.Rack()))).ShouldBe(found + 1);
            await dead.DisposeAsync();
        });
    }

    [Theory]
    [InlineData(CommitFault.Lost, CommitFault.None, 0)]
    [InlineData(CommitFault.None, CommitFault.Lost, 1)]
    public void A_lost_connection_is_an_unknown_outcome_either_way(CommitFault before, CommitFault after, int found)
    {
        using var world = new World();
        world.Run(async () =>
        {
            await using var database = NewDatabase();
            var faults = new Faults { Before = before, After = after };
            var writer = NewWriter(database, faults);
            Exception? error = null;
            try
            {
                await writer.Commit(new UnitOfWork().Insert(Sample.Rack()));
            }
            catch (OutcomeUnknownException unknown)
            {
                error = unknown;
            }
            error.ShouldNotBeNull();
            (await new Store(database).Count<Rack>()).ShouldBe(found);
            faults.Before = faults.After = CommitFault.None;
            (await writer.Commit(new UnitOfWork().Insert(Sample.Rack()))).ShouldBe(found + 1);
        });
    }

    private static SqliteDatabase NewDatabase()
    {
        var database = SqliteDatabase.InMemory(Sample.Models);
        Schema.CreateFromModel(database);
        return database;
    }

    private static Writer NewWriter(SqliteDatabase database, ICommitFaults faults) =>
        new(database, MemberFence.Acquire(database, Sample.Manager, TimeProvider.System), new() { Thread = new ContextThread(), Faults = faults });

    /// <summary>One thread that runs posts in order; a post from another thread fails the test.</summary>
    private sealed class World : SynchronizationContext, IDisposable
    {
        private readonly Queue<(SendOrPostCallback, object?)> _posts = new();
        private readonly SynchronizationContext? _outer = Current;
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _foreign;

        public World() => SetSynchronizationContext(this);

        public override void Post(SendOrPostCallback d, object? state)
        {
            _foreign |= Environment.CurrentManagedThreadId != _thread;
            lock (_posts)
                _posts.Enqueue((d, state));
        }

        public void Run(Func<Task> body)
        {
            var task = body();
            while (!task.IsCompleted)
            {
                var (work, state) = _posts.TryDequeue(out var post) ? post : throw new InvalidOperationException("nothing is left to do, but the test waits");
                work(state);
            }
            _foreign.ShouldBeFalse();
            task.GetAwaiter().GetResult();
        }

        public void Dispose() => SetSynchronizationContext(_outer);
    }
}
