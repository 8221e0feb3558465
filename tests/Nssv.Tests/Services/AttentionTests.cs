using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>Operations that stop for a person to look: here because this version does not know their flow.</summary>
[Trait("group", "services")]
public sealed class AttentionTests
{
    [Fact]
    public async Task An_operation_that_needs_attention_can_be_retried_and_goes_on_when_what_was_in_its_way_is_gone()
    {
        await using var bed = new ServiceBed();
        var stopped = await Stopped(bed);

        // As after an upgrade: the flow is known now.
        await bed.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Execute("operations", "UPDATE operations SET kind = @p0 WHERE id = @p1", 1, "host.prepare-storages", stopped.Id));
        (await bed.Bus.Resolve(stopped.Id, Resolution.Retry)).State.ShouldBe(OperationState.Queued);
        await Poll.Until("it has ended", async () => (await bed.Store.Get<Operation>(stopped.Id)).State == OperationState.Succeeded);
    }

    [Fact]
    public async Task One_that_was_put_right_by_hand_is_dismissed_once()
    {
        await using var bed = new ServiceBed();
        var stopped = await Stopped(bed);

        var note = new EventDraft(AuditNote.EventType, AuditNote.ResourceType, ServiceBed.NewId(), ServiceBed.Platform, null, DateTimeOffset.UtcNow, []);
        var dismissed = await bed.Bus.Resolve(stopped.Id, Resolution.Dismiss, note);

        (await bed.Store.List<Event>()).ShouldContain(change => change.ResourceId == note.ResourceId, "the audit is told in the same unit");
        dismissed.State.ShouldBe(OperationState.Failed);
        dismissed.Error!.Code.ShouldBe("flow-unknown");
        foreach (var how in Enum.GetValues<Resolution>())
            (await Should.ThrowAsync<ProblemException>(() => bed.Bus.Resolve(stopped.Id, how))).Problem.ShouldSatisfyAllConditions(
                problem => problem.Code.ShouldBe("attention-not-needed"), problem => problem.Detail!.ShouldMatch("^Its state is [a-z]"));
    }

    [Fact]
    public async Task What_has_done_nothing_cannot_be_undone()
    {
        await using var bed = new ServiceBed();
        var stopped = await Stopped(bed);

        (await Should.ThrowAsync<ProblemException>(() => bed.Bus.Resolve(stopped.Id, Resolution.Undo))).Problem.Code.ShouldBe("nothing-to-undo");
        (await bed.Store.Get<Operation>(stopped.Id)).State.ShouldBe(OperationState.NeedsAttention);
    }

    /// <summary>An operation of a flow that was not there when it was taken up.</summary>
    private static async Task<Operation> Stopped(ServiceBed bed)
    {
        var (_, cluster) = await bed.Cluster();
        var host = ServiceBed.NewId();
        await bed.Do(new CreateHost { Id = host, Name = "host", ClusterId = cluster, Address = "192.0.2.1" });
        var now = Clock.Now(TimeProvider.System);
        var id = ServiceBed.NewId();
        await bed.Insert(new Operation
        {
            Id = id,
            ProjectId = bed.Admin.ProjectId,
            CreatedBy = bed.Admin.AccountId,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "host.from-another-version",
            State = OperationState.NeedsAttention,
            Error = new Problem(500, "flow-unknown", "This version does not know the operation's flow."),
            EndedAt = now,
            TargetType = "host",
            TargetId = host,
            Aspect = "all",
            AcceptedSequence = 1,
            RootId = id,
            Context = $$"""{"hostId":"{{host}}","storages":[]}""",
        });
        return await bed.Store.Get<Operation>(id);
    }
}
