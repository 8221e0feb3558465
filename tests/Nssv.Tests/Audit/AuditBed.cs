using System.Text.Json.Nodes;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Shouldly;

namespace Nssv.Tests.Audit;

/// <summary>A database of the product's with something to audit, and recorders as management nodes have them.</summary>
public abstract class AuditBed : DatabaseTest
{
    private protected ManualTime Time { get; } = new(Sample.Start);
    private protected Database Main { get; private set; } = null!;
    private protected Store Rows { get; private set; } = null!;
    private protected Writer Commits { get; private set; } = null!;
    private protected Faults Faults { get; } = new();

    protected override bool WithSchema => false;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Main = Opened(Place.Open(ProductSchemaTests.Manager));
        Schema.CreateFromModel(Main);
        Rows = new(Main);
        Commits = Opened(new Writer(Main, MemberFence.Acquire(Main, Sample.Manager, Time), new WriterOptions { Time = Time, Faults = Faults }));
    }

    private protected AuditRecorder Recorder(IWriter? writer = null) => new(Rows, writer ?? Commits, new NodeIdentity(Sample.Project, 1), Time, new NewIds());

    private protected AuditSweep Sweep() => new(Rows, Commits, new NodeIdentity(Sample.Project, 1), Time, new NewIds());

    private protected static ShardHold Hold() => new(1, static () => true);

    private protected static async Task CatchUp(AuditRecorder recorder)
    {
        while (await recorder.Advance(Hold()))
        {
        }
    }

    private protected Task<AuditReport> Verify() => new AuditVerification(Rows).Run(default);

    private protected async Task<IReadOnlyList<AuditEntry>> Entries() => [.. (await Rows.List<AuditEntry>()).OrderBy(entry => entry.Sequence)];

    /// <summary>Something that no operation tells.</summary>
    private protected async Task<Id> Note(string action = "session.create", AuditResult result = AuditResult.Succeeded)
    {
        var id = Sample.NewId();
        Time.Advance(TimeSpan.FromMilliseconds(1));
        var now = Clock.Now(Time);
        await Commits.Commit(new UnitOfWork().Publish(new AuditNote
        {
            Action = action,
            AccountId = Sample.Account,
            AccountName = "admin",
            ClientAddress = "192.0.2.7",
            BegunAt = now,
            EndedAt = now,
            Result = result,
            Details = new JsonObject { ["text"] = "größe <&> \"1\"", ["number"] = 1.50, ["list"] = new JsonArray(1, null, true) },
        }.Draft(id, Sample.Project)));
        return id;
    }

    private protected async Task Notes(int count)
    {
        for (var i = 0; i < count; i++)
            await Note();
    }

    /// <summary>An operation on a data center; ended at once, or under way.</summary>
    private protected async Task<Operation> Accept(UnitOfWork? changes = null, Id? target = null, bool ended = false, Operation? parent = null)
    {
        var (id, now) = (Sample.NewId(), Clock.Now(Time));
        var operation = new Operation
        {
            Id = id,
            ProjectId = Sample.Project,
            CreatedBy = Sample.Account,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "data-center.update",
            State = ended ? OperationState.Succeeded : OperationState.Running,
            TargetType = "data-center",
            TargetId = target ?? Sample.NewId(),
            Aspect = "all",
            AcceptedSequence = now.UtcTicks / TimeSpan.TicksPerMicrosecond,
            ParentId = parent?.Id,
            ParentCall = parent is null ? null : $"0:step/{id}",
            RootId = parent?.Id ?? id,
            Context = "{}",
            StartedAt = ended ? now : null,
            EndedAt = ended ? now : null,
            CallerName = "admin",
            ClientAddress = "192.0.2.7",
            TargetName = "hall",
        };
        await Commits.Commit(new UnitOfWork { OperationId = id }.Include(changes ?? new UnitOfWork()).Insert(operation));
        return operation;
    }

    private protected async Task End(Operation operation, Problem? error = null)
    {
        Time.Advance(TimeSpan.FromSeconds(5));
        var row = await Rows.Get<Operation>(operation.Id);
        await Commits.Commit(new UnitOfWork { OperationId = row.Id }.Observe(row, row with { State = error is null ? OperationState.Succeeded : OperationState.Failed, Error = error, EndedAt = Clock.Now(Time) }));
    }

    private protected DataCenter Hall(string name) => new()
    {
        Id = Sample.NewId(),
        ProjectId = Sample.Project,
        CreatedBy = Sample.Account,
        CreatedAt = Clock.Now(Time),
        UpdatedAt = Clock.Now(Time),
        Version = 1,
        Name = name,
    };

    /// <summary>As somebody with the database's password would.</summary>
    private protected Task Tamper(string sql, params object?[] values) => Commits.Commit(new UnitOfWork().Execute("audit_entries", sql, null, values));

    private protected async Task Chained(int count)
    {
        await Notes(count);
        await CatchUp(Recorder());
        (await Verify()).ShouldSatisfyAllConditions(report => report.Valid.ShouldBeTrue(), report => report.Entries.ShouldBe(count));
    }

    private sealed class NewIds : IIdSource
    {
        public Id Next() => Sample.NewId();
    }
}
