using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;
using Nssv.Services.Storage;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class FlowTests
{
    private static readonly Assembly Services = typeof(StorageRegistration).Assembly;

    [Fact]
    public async Task All_flows_follow_the_schema_and_name_steps_and_contexts_that_exist()
    {
        await using var bed = new ServiceBed();
        var catalog = bed.Services.GetRequiredService<FlowCatalog>();
        catalog.Flows.Select(flow => flow.Name).ShouldContain("image.create");
        Assembly[] assemblies = [Services, typeof(FlowCatalog).Assembly];
        catalog.Flows.Count().ShouldBe(assemblies.SelectMany(assembly => assembly.GetManifestResourceNames()).Count(name => name.EndsWith(".flow.xml", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_flow_with_a_target_claims_a_resource_that_exists()
    {
        await using var bed = new ServiceBed();
        var models = bed.Services.GetRequiredService<ResourceModels>();
        foreach (var flow in bed.Services.GetRequiredService<FlowCatalog>().Flows.Where(flow => flow.Target is not null))
            models.TrySingular(flow.Target!, out _).ShouldBeTrue($"{flow.Name} claims a '{flow.Target}'");
    }

    [Fact]
    public async Task What_people_see_as_a_task_s_kind_is_its_target_s_kind_and_a_verb_whether_a_flow_runs_or_not()
    {
        await using var bed = new ServiceBed();
        var (turns, models) = (bed.Services.GetRequiredService<TurnCatalog>(), bed.Services.GetRequiredService<ResourceModels>());
        var flows = bed.Services.GetRequiredService<FlowCatalog>().Flows.Where(flow => flow.Target is not null).Select(flow => (flow.Name, Kind: flow.Target!));
        var requests = typeof(Contracts.Rules).Assembly.GetTypes().Where(type => type.IsDefined(typeof(ApiRequestAttribute)) && turns.CanAccept(type))
            .Select(type => (Name: type.GetCustomAttribute<ApiRequestAttribute>()!.Permission, Kind: models.Table(turns.Accept(type).ResourceType).Singular));
        var named = flows.Concat(requests!).ToList();
        named.Count.ShouldBeGreaterThan(40);
        named.Where(name => !Regex.IsMatch(name.Name!, $"^{name.Kind}\\.[a-z-]+$")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Conflicts_name_flows_that_exist()
    {
        await using var bed = new ServiceBed();
        var catalog = bed.Services.GetRequiredService<FlowCatalog>();
        foreach (var flow in catalog.Flows)
        {
            foreach (var conflict in flow.Conflicts.Where(conflict => conflict.With != "*"))
                catalog.Find(conflict.With).ShouldNotBeNull($"{flow.Name}: conflict with '{conflict.With}'");
        }
    }

    [Theory]
    [InlineData("PT15M", 900)]
    [InlineData(null, null)]
    public void A_step_may_have_a_time_after_which_standing_still_is_a_failure(string? stall, int? seconds) =>
        ((int?)Step(stall).Stall?.TotalSeconds).ShouldBe(seconds);

    [Theory]
    [InlineData("PT6H")]
    [InlineData("PT7H")]
    [InlineData("PT0S")]
    public async Task A_stall_that_the_deadline_overtakes_or_that_is_no_time_is_found_at_the_start(string stall)
    {
        await using var bed = new ServiceBed();
        var steps = bed.Services.GetServices<IStep>();
        Should.Throw<FlowException>(() => new FlowCatalog([Flow(stall)], steps)).Message.ShouldContain("stall");
    }

    private static FlowNode.Step Step(string? stall) => Flow(stall).Nodes.ShouldHaveSingleItem().ShouldBeOfType<FlowNode.Step>();

    private static FlowDefinition Flow(string? stall) => new FlowReader(_ => typeof(Nssv.Services.Images.Images.ImageCreate)).Read(
        $"<flow name=\"test.flow\" context=\"ImageCreate\"><step name=\"image.import\" deadline=\"PT6H\" {(stall is null ? "" : $"stall=\"{stall}\"")}/></flow>", "test");

    [Fact]
    public async Task Every_step_is_called_by_a_flow()
    {
        await using var bed = new ServiceBed();
        var called = bed.Services.GetRequiredService<FlowCatalog>().Flows.SelectMany(flow => flow.Nodes).OfType<FlowNode.Step>().Select(step => step.Name).ToHashSet();
        var steps = bed.Services.GetServices<IStep>().Select(step => step.GetType().GetCustomAttribute<StepAttribute>()!.Name);
        steps.Where(step => !called.Contains(step)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_request_is_decided_by_a_turn()
    {
        await using var bed = new ServiceBed();
        var turns = bed.Services.GetRequiredService<TurnCatalog>();
        var requests = typeof(Contracts.Rules).Assembly.GetTypes().Where(type => type.IsDefined(typeof(ApiRequestAttribute)));
        var mine = new[] { "Inventory", "Images", "Network" };
        requests.Where(type => mine.Contains(type.Namespace!.Split('.')[2]) && !turns.CanAccept(type)).ShouldBeEmpty();
    }

    [Fact]
    public void Contexts_can_be_written_and_read_as_json()
    {
        foreach (var type in Services.GetTypes().Where(type => type.IsDefined(typeof(FlowContextAttribute))))
            Should.NotThrow(() => KernelJson.Options.GetTypeInfo(type), type.Name);
    }
}
