using System.Text.Json.Nodes;
using Nssv.Kernel.Flows;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Upgrade;

/// <summary>What a flow of a newer level puts into plans while older nodes live.</summary>
[Trait("group", "services")]
public sealed class FlowLevelTests
{
    private const string Journey = """
        <flow name="journey.make" context="Journey">
          <step name="journey.walk"/>
          <step name="journey.ride" since="2"/>
          <call flow="journey.stop" foreach="Stops" since="3"/>
          <call flow="journey.stop" with="Goal"/>
        </flow>
        """;

    private const string Stop = """<flow name="journey.stop" context="Stop"><step name="journey.rest"/><step name="journey.look" since="2"/></flow>""";

    [Theory]
    [InlineData(1, "journey.walk,goal/journey.rest")]
    [InlineData(2, "journey.walk,journey.ride,goal/journey.rest,goal/journey.look")]
    [InlineData(3, "journey.walk,journey.ride,stops[0]/journey.rest,stops[0]/journey.look,goal/journey.rest,goal/journey.look")]
    [InlineData(4, "journey.walk,journey.ride,stops[0]/journey.rest,stops[0]/journey.look,goal/journey.rest,goal/journey.look")]
    public void A_plan_has_the_steps_that_every_live_node_knows(long level, string steps)
    {
        var context = JsonNode.Parse("""{"stops":[{}],"goal":{}}""")!.AsObject();
        var catalog = Catalog(3);
        string.Join(',', catalog.Freeze(catalog.Flow("journey.make"), context, level).Steps.Select(step => step.FullName)).ShouldBe(steps);
    }

    [Fact]
    public void What_has_no_level_is_in_every_plan() =>
        Read(Journey).Nodes.Select(node => node.Since).ShouldBe([1, 2, 3, 1]);

    [Fact]
    public void A_flow_beyond_its_own_build_is_found_at_the_start() =>
        Should.Throw<FlowException>(() => Catalog(2)).Message.ShouldContain("since=\"3\"");

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("next")]
    [InlineData("")]
    public void A_level_is_a_whole_number_from_one(string since) =>
        Should.Throw<FlowException>(() => Read($"""<flow name="journey.stop" context="Stop"><step name="journey.rest" since="{since}"/></flow>""")).Message.ShouldContain("since");

    private static FlowCatalog Catalog(long level) => new([Read(Journey), Read(Stop)], [new Walk(), new Ride(), new Rest(), new Look()], level);

    private static FlowDefinition Read(string xml) =>
        new FlowReader(name => new[] { typeof(JourneyContext), typeof(StopContext) }.Single(type => type.Name == name + "Context")).Read(xml, "test");

    private sealed record JourneyContext(IReadOnlyList<StopContext> Stops, StopContext Goal);

    private sealed record StopContext;

    [Step("journey.walk")]
    private sealed class Walk : Idle<JourneyContext>;

    [Step("journey.ride")]
    private sealed class Ride : Idle<JourneyContext>;

    [Step("journey.rest")]
    private sealed class Rest : Idle<StopContext>;

    [Step("journey.look")]
    private sealed class Look : Idle<StopContext>;

    private abstract class Idle<T> : Step<T> where T : class
    {
        public override Task Run(T context, StepContext<T> step) => Task.CompletedTask;

        public override Task Undo(T context, StepContext<T> step) => NothingToUndo("it does nothing");
    }
}
