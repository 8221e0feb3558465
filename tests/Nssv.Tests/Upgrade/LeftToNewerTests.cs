using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Upgrade;

/// <summary>A newer node has begun what an older one does not know, and is gone: two nodes, one after the other, on one database.</summary>
[Trait("group", "services")]
public sealed class LeftToNewerTests : IAsyncLifetime
{
    /// <summary>How often a node looks for a newer one before it asks for a person.</summary>
    private const int Looks = 120;

    private readonly SqliteDatabase _database = SqliteDatabase.InMemory(ResourceModels.FromAssemblies());
    private readonly List<Node> _nodes = [];

    public ValueTask InitializeAsync()
    {
        Schema.CreateFromModel(_database);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(FlowDirection.Forward, "step-unknown", OperationState.Succeeded, null)]
    [InlineData(FlowDirection.Back, "went-wrong", OperationState.Failed, "went-wrong")]
    public async Task It_waits_with_its_reason_shown_and_the_newer_node_goes_on_where_it_was(FlowDirection direction, string shown, OperationState end, string? error)
    {
        var older = await Start(newerLives: true);
        var id = await Begun(older, direction);
        await Reaches(id, OperationState.Waiting);
        (await older.Store.Get<Operation>(id)).Error!.Code.ShouldBe(shown);

        older.Hold.Drop();
        var newer = await Start(newerLives: false, new Later());
        await newer.Engine.Gained(ShardSet.All);
        await Reaches(id, end);
        var ended = await newer.Store.Get<Operation>(id);
        ended.Error?.Code.ShouldBe(error);
        ended.EndedAt.ShouldNotBeNull();
        (await newer.Store.List<OperationStep>()).ShouldHaveSingleItem().State.ShouldBe(direction == FlowDirection.Forward ? StepState.Done : StepState.Undone);
    }

    [Fact]
    public async Task A_person_must_look_only_when_there_has_been_no_newer_node_for_a_while()
    {
        var older = await Start(newerLives: true);
        var id = await Begun(older, FlowDirection.Forward);
        await Poll.Until("the node to look for a newer one more often than it would look alone", () => Task.FromResult(older.Looks > 2 * Looks));
        (await older.Store.Get<Operation>(id)).State.ShouldBe(OperationState.Waiting);

        older.NewerLives = false;
        var before = older.Looks;
        await Reaches(id, OperationState.NeedsAttention);
        (older.Looks - before).ShouldBeInRange(Looks - 1, Looks + 1);
        (await older.Store.Get<Operation>(id)).Error!.Code.ShouldBe("step-unknown");
    }

    /// <summary>A plugin that was taken away, for example: nobody waits for a newer node, and nothing stays half done.</summary>
    [Theory]
    [InlineData(FlowDirection.Forward, true, OperationState.Succeeded, null)]
    [InlineData(FlowDirection.Back, true, OperationState.Failed, "went-wrong")]
    [InlineData(FlowDirection.Forward, false, OperationState.Failed, "step-gone")]
    [InlineData(FlowDirection.Back, false, OperationState.Failed, "went-wrong")]
    public async Task A_step_that_was_put_into_the_flow_and_that_nobody_knows_any_more_holds_nobody_up(FlowDirection direction, bool optional, OperationState end, string? error)
    {
        var node = await Start(newerLives: false);
        var id = await Begun(node, direction, inserted: true, optional: optional);
        await Reaches(id, end);
        (await node.Store.Get<Operation>(id)).Error?.Code.ShouldBe(error);
        node.Looks.ShouldBe(0);
    }

    [Fact]
    public async Task What_has_not_begun_stays_queued_for_the_node_that_knows_its_flow()
    {
        var older = await Start(newerLives: true);
        var id = await Begun(older, FlowDirection.Forward, OperationState.Queued);
        await Poll.Until("the reason to show", async () => (await older.Store.Get<Operation>(id)).Error?.Code == "flow-unknown");
        (await older.Store.Get<Operation>(id)).State.ShouldBe(OperationState.Queued);
        older.Hold.Drop();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.Hold.Drop();
            await node.Writer.DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    private async Task<Node> Start(bool newerLives, params IStep[] steps)
    {
        var node = new Node(_database, steps) { NewerLives = newerLives };
        _nodes.Add(node);
        await node.Engine.Gained(new ShardSet([]));
        return node;
    }

    /// <summary>An operation whose only step is of the newer level, as its journal has it when the newer node dies; this one takes it over.</summary>
    private static async Task<Id> Begun(Node node, FlowDirection direction, OperationState? state = null, bool inserted = false, bool optional = false)
    {
        var (id, now) = (new Id(Guid.CreateVersion7()), DateTimeOffset.UnixEpoch);
        var back = direction == FlowDirection.Back;
        var operation = new Operation
        {
            Id = id,
            ProjectId = id,
            CreatedBy = id,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "trip.make",
            State = state ?? (back ? OperationState.Undoing : OperationState.Running),
            TargetType = "trip",
            TargetId = id,
            Aspect = Aspects.All,
            AcceptedSequence = 1,
            RootId = id,
            Context = "{}",
            Direction = direction,
            Error = back ? new Problem(500, "went-wrong", "It went wrong.") : null,
            Plan = state == OperationState.Queued ? null : JsonSerializer.Serialize(new Plan("", [new PlannedStep("trip.later", "", TimeSpan.FromMinutes(5), 0, FlowDirection.Forward, false, Inserted: inserted, Optional: optional)]), KernelJson.Options),
        };
        var unit = new UnitOfWork().Insert(operation);
        if (operation.Plan is not null)
            unit.Insert(new OperationStep { OperationId = id, StepIndex = 0, Name = "trip.later", State = back ? StepState.Failed : StepState.Started, Attempt = 1 });
        await node.Writer.Commit(unit);
        await node.Engine.Gained(ShardSet.All);
        return id;
    }

    private Task Reaches(Id id, OperationState state) =>
        Poll.Until($"the operation to be {state}", async () => (await _nodes[^1].Store.Get<Operation>(id)).State == state);

    public sealed record TripContext;

    [Step("trip.later")]
    private sealed class Later : Step<TripContext>
    {
        public override Task Run(TripContext context, StepContext<TripContext> step) => Task.CompletedTask;

        public override Task Undo(TripContext context, StepContext<TripContext> step) => NothingToUndo("it does nothing");
    }

    /// <summary>The kernel of one node; its clock's timers run a thousand times as fast.</summary>
    private sealed class Node : IOwnership, IAgentTransport, IIdSource, IChance
    {
        private int _looks;

        public Node(SqliteDatabase database, IReadOnlyList<IStep> steps)
        {
            var time = new ManualTime(DateTimeOffset.UnixEpoch, haste: 1_000);
            var fence = MemberFence.Acquire(database, new Id(Guid.CreateVersion7()), time);
            Hold = new ShardHold(fence.Generation, static () => true);
            Hold.BecomeReady();
            Store = new Store(database);
            Writer = new Writer(database, fence);
            var services = new ServiceCollection();
            services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
            services.AddSingleton<IOwnership>(this).AddSingleton<IAgentTransport>(this).AddSingleton<IIdSource>(this).AddSingleton<IChance>(this);
            services.AddSingleton(database.Models).AddSingleton<IStore>(Store).AddSingleton<IWriter>(Writer).AddSingleton<TimeProvider>(time);
            services.AddSingleton(new NodeIdentity(fence.Member, fence.Generation));
            foreach (var step in steps)
                services.AddSingleton(step);
            Engine = services.AddKernel().BuildServiceProvider().GetRequiredService<OperationEngine>();
        }

        public OperationEngine Engine { get; }
        public Store Store { get; }
        public Writer Writer { get; }
        public ShardHold Hold { get; }
        public bool NewerLives { get; set; }
        public int Looks => Volatile.Read(ref _looks);

        public long Level => PlatformLevel.Current;

        public long HighestLevel
        {
            get
            {
                Interlocked.Increment(ref _looks);
                return NewerLives ? PlatformLevel.Current + 1 : PlatformLevel.Current;
            }
        }

        public IReadOnlyList<PeerAddress> Peers => [];
        public bool StandsAside => false;

        public IReadOnlyList<string> AgentUrls => [];
        ShardHold? IOwnership.Hold(Id resource) => Hold;
        public PeerAddress? OwnerOf(Id resource) => null;
        public void Listen(IShardListener listener) { }
        public Task Start() => Task.CompletedTask;
        public void LookSoon() { }

        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) => throw new NotSupportedException();
        public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) => throw new NotSupportedException();
        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => throw new NotSupportedException();

        public Id Next() => new(Guid.CreateVersion7());
        double IChance.Next() => 0.5;
    }
}
