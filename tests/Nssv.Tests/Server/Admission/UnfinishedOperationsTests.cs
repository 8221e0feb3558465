using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Events;
using Nssv.Server.Admission;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Admission;

/// <summary>What is under way, from the events of all nodes.</summary>
public sealed class UnfinishedOperationsTests : IDisposable
{
    private static readonly Id Account = NewId(), Other = NewId();

    private readonly Meter _meter = new("test");
    private readonly UnfinishedOperations _operations;
    private long _sequence;

    public UnfinishedOperationsTests() => _operations = new(_meter);

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void What_a_person_asked_for_counts_from_its_acceptance_to_its_end_and_what_its_steps_start_does_not()
    {
        var (root, child) = (Created(Account), NewId());
        Tell(child, "operation.created", new() { ["kind"] = "volume.create", ["state"] = "queued", ["createdBy"] = $"{Account}", ["parentId"] = $"{root}" });
        Created(Other);
        _operations.Count(Account).ShouldBe((2, 1, 2));
        State(root, "running");
        State(child, "succeeded");
        Tell(root, "operation.updated", new() { ["progress"] = 40 });
        _operations.Count(Account).ShouldBe((2, 1, 2));
        State(root, "succeeded");
        _operations.Count(Account).ShouldBe((1, 0, 1));
        _operations.EndedCount.ShouldBe(1);
    }

    [Fact]
    public void What_needs_attention_is_under_way_again_when_a_person_lets_it_go_on()
    {
        var operation = Created(Account);
        State(operation, "needsAttention");
        _operations.Count(Account).OfCaller.ShouldBe(0);
        State(operation, "undoing");
        _operations.Count(Account).OfCaller.ShouldBe(1);
        State(operation, "failed");
        _operations.Count(Account).OfCaller.ShouldBe(0);
    }

    [Fact]
    public void What_was_dismissed_stays_ended()
    {
        var operation = Created(Account);
        State(operation, "needsAttention");
        State(operation, "failed");
        State(operation, "failed");
        _operations.Count(Account).All.ShouldBe(0);
        _operations.EndedCount.ShouldBe(1);
    }

    private Id Created(Id account)
    {
        var id = NewId();
        Tell(id, "operation.created", new() { ["kind"] = "image.create", ["state"] = "queued", ["createdBy"] = $"{account}" });
        return id;
    }

    private void State(Id operation, string state) => Tell(operation, "operation.updated", new() { ["state"] = state });

    private void Tell(Id operation, string type, JsonObject data) => _operations.Committed(
        [new Event { Sequence = ++_sequence, Type = type, ResourceType = "operation", ResourceId = operation, ProjectId = Account, At = DateTimeOffset.UnixEpoch, Data = data }]);

    private static Id NewId() => new(Guid.CreateVersion7());
}
