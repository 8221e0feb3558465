using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;
using Nssv.Server.Http;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>What fails again and again is shown while it is tried again, although nothing is written for a try.</summary>
[Trait("group", "services")]
public sealed class RetriedStepTests
{
    private const string Reason = "Access to the path '/srv/data/layers' is denied.";

    [Fact]
    public async Task A_step_that_is_tried_again_says_why_to_all_who_wait_for_it_until_it_succeeds()
    {
        await using var bed = new ServiceBed();
        var refuses = false;
        var (_, image) = await VirtualMachineTests.Platform(bed, new EngineBehaviour { Refuse = (command, _) => Volatile.Read(ref refuses) && command is DeleteLayer ? Denied : null });
        var id = ServiceBed.NewId();
        await bed.Do(new CreateVirtualMachine { Id = id, Name = "web", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image });

        refuses = true;
        var parent = await bed.Accept(new DeleteVirtualMachine(id) { Expunge = true });
        await Poll.Until("a second try has failed", async () => (await Waiting(bed, parent.Id)).Any(step => step.Contains("tried 2 times", StringComparison.Ordinal)));
        var child = (await bed.Store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), parent.Id))).ShouldHaveSingleItem();
        (await Waiting(bed, child.Id)).ShouldHaveSingleItem().ShouldMatch(@"^storage\.delete-layers: tried \d+ times, the last time: Access to the path '/srv/data/layers' is denied; again at about \S+Z$");
        (await Waiting(bed, parent.Id)).ShouldHaveSingleItem().ShouldMatch($@"^compute\.delete-volumes: volume\.delete \({child.Id}\) was tried \d+ times, the last time: Access .*Z$");
        (await Should.ThrowAsync<ProblemException>(() => bed.Bus.Cancel(child.Id))).Problem.Advice.ShouldNotBeNull().ShouldContain("goes on by itself");

        var operations = bed.Services.GetRequiredService<OperationEngine>();
        var failing = (await bed.Store.Get<Operation>(child.Id)).StepIndex;
        FailedTry? atEnd = operations.LastFailure(child.Id, failing).ShouldNotBeNull();
        bed.BeforeCommit = unit =>
        {
            if (unit.OperationId == child.Id)
                atEnd = operations.LastFailure(child.Id, failing);
            return Task.CompletedTask;
        };
        Volatile.Write(ref refuses, false);
        (await bed.Ended(parent.Id)).State.ShouldBe(OperationState.Succeeded);
        atEnd.ShouldBeNull("what has succeeded is no more spoken of, although the operation has not ended yet");
        operations.LastFailure(parent.Id, (await bed.Store.Get<Operation>(parent.Id)).StepIndex).ShouldBeNull();
    }

    [Fact]
    public async Task An_undo_that_is_tried_again_says_why()
    {
        await using var bed = new ServiceBed();
        var refuses = true;
        var (host, image) = await VirtualMachineTests.Platform(bed, new EngineBehaviour
        {
            Refuse = (command, _) => command is StartDomain || Volatile.Read(ref refuses) && command is DeleteLayer ? Denied : null,
        });

        var operation = await bed.Accept(new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image });
        await Poll.Until("its undo has failed", async () => await bed.Store.Get<Operation>(operation.Id) is { Direction: FlowDirection.Back } && (await Waiting(bed, operation.Id)).Any());
        (await Waiting(bed, operation.Id)).ShouldHaveSingleItem().ShouldContain("the last time: Access to the path");

        Volatile.Write(ref refuses, false);
        (await bed.Ended(operation.Id)).State.ShouldBe(OperationState.Failed);
        (await Waiting(bed, operation.Id)).ShouldBeEmpty();
        host.Machine.Layers.Count.ShouldBe(1, "the image's copy");
    }

    private static Problem Denied { get; } = new(500, "storage-tool-failed", "A tool of the storage failed.", Reason);

    /// <summary>The steps that wait, each with what for.</summary>
    private static async Task<IReadOnlyList<string>> Waiting(ServiceBed bed, Id operation) =>
    [
        .. (await OperationDocument.Of(await bed.Store.Get<Operation>(operation), bed.Store, bed.Services.GetRequiredService<OperationEngine>()))["steps"]!.AsArray()
            .Where(step => step!["waitsFor"] is not null).Select(step => $"{step!["name"]}: {step["waitsFor"]}"),
    ];
}
