using Nssv.Contracts.Network;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class PortGroupTests
{
    [Fact]
    public async Task An_isolated_one_is_made_and_deleted()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, _) = await bed.Cluster();
        var id = ServiceBed.NewId();
        await bed.Do(new CreatePortGroup { Id = id, Name = "p", DataCenterId = dataCenter });
        (await bed.Store.Get<PortGroup>(id)).Kind.ShouldBe("isolated");
        await bed.Do(new DeletePortGroup(id));
        (await bed.Store.Find<PortGroup>(id)).ShouldBeNull();
    }

    [Fact]
    public async Task An_unknown_kind_names_those_that_there_are()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, _) = await bed.Cluster();
        var problem = await bed.Refused(new CreatePortGroup { Id = ServiceBed.NewId(), Name = "p", DataCenterId = dataCenter, Kind = "vlan" });
        (problem.Code, problem.Field).ShouldBe(("kind-unknown", "kind"));
        problem.Candidates.ShouldBe(["isolated"]);
    }
}
