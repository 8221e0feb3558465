using System.Text.Json.Nodes;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

/// <summary>Where steps go that are put into a flow. Pure.</summary>
public sealed class InsertedStepTests
{
    [Fact]
    public void They_stand_before_and_behind_the_flows_own_step_in_each_item()
    {
        Put[] steps = [new("a", "test.inner", "own.one", before: true), new("b", "test.inner", "own.one", before: false, optional: true), new("c", "test.outer", "own.two", before: false)];
        var flows = Catalog(steps);
        var plan = flows.Freeze(flows.Flow("test.outer"), new JsonObject { ["items"] = new JsonArray(new JsonObject(), new JsonObject()) }, level: 1);
        plan.Steps.Select(step => step.FullName).ShouldBe(["items[0]/a", "items[0]/own.one", "items[0]/b", "items[1]/a", "items[1]/own.one", "items[1]/b", "own.two", "c"]);
        plan.Steps.Where(step => step.Optional).Select(step => step.Name).Distinct().ShouldBe(["b"]);
        steps.ShouldAllBe(step => step.Refusal == null);
    }

    [Theory]
    [InlineData("a", "no-such-flow", "own.one", "there is no flow 'no-such-flow'")]
    [InlineData("a", "test.inner", "own.two", "flow 'test.inner' has no step 'own.two'")]
    [InlineData("own.one", "test.inner", "own.one", "there is another step 'own.one'")]
    public void One_that_does_not_fit_is_told_so_and_is_in_no_plan(string name, string flow, string beside, string refusal)
    {
        var step = new Put(name, flow, beside, before: true);
        var flows = Catalog(step);
        step.Refusal.ShouldBe(refusal);
        flows.Freeze(flows.Flow("test.inner"), [], level: 1).Steps.Select(planned => planned.Name).ShouldBe(["own.one"]);
    }

    private static FlowCatalog Catalog(params Put[] steps)
    {
        var reader = new FlowReader(name => name == nameof(Outer) ? typeof(Outer) : typeof(Inner));
        FlowDefinition[] flows =
        [
            reader.Read("""<flow name="test.inner" context="Inner"><step name="own.one"/></flow>""", "inner"),
            reader.Read("""<flow name="test.outer" context="Outer" target="thing"><call flow="test.inner" foreach="Items"/><step name="own.two"/></flow>""", "outer"),
        ];
        return new(flows, [new One(), new Two()], inserted: steps);
    }

    private sealed record Inner;

    private sealed record Outer(IReadOnlyList<Inner> Items);

    [Step("own.one")]
    private sealed class One : Nothing<Inner>;

    [Step("own.two")]
    private sealed class Two : Nothing<Outer>;

    private abstract class Nothing<T> : Step<T> where T : class
    {
        public override Task Run(T context, StepContext<T> step) => Task.CompletedTask;

        public override Task Undo(T context, StepContext<T> step) => NothingToUndo("it does nothing");
    }

    private sealed class Put(string name, string flow, string beside, bool before, bool optional = false) : InsertedStep
    {
        public string? Refusal { get; private set; }
        public override string Name => name;
        public override string Flow => flow;
        public override string Beside => beside;
        public override bool Before => before;
        public override bool Optional => optional;
        public override bool Offered => Refusal is null;
        public override TimeSpan Deadline => TimeSpan.FromSeconds(1);
        public override void DoesNotFit(string reason) => Refusal = reason;
        public override Task Run(InsertedCall call, CancellationToken cancelled) => Task.CompletedTask;
        public override Task Undo(InsertedCall call, CancellationToken cancelled) => Task.CompletedTask;
    }
}
