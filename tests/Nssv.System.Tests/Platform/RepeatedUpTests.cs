using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>"up" on a home that has been up before.</summary>
[Collection(SharedInstanceCollection.Name)]
public sealed class RepeatedUpTests
{
    [Fact]
    public async Task After_everything_was_deleted_it_makes_the_first_resources_again_in_the_same_places()
    {
        await using var instance = await Instance.Start();
        await instance.Cli("vm", "create", "gone", "--image", "micro", "--cpus", "1", "--memory", "160MiB", "--wait");
        var before = await instance.IdOf("hosts", Environment.MachineName);
        await instance.Cli("datacenter", "delete", "datacenter", "--cascade", "--wait");
        instance.Domains.ShouldBeEmpty();

        await instance.Up();
        (await instance.IdOf("hosts", Environment.MachineName)).ShouldNotBe(before);
        var machine = await instance.CreateVm("again");
        await instance.AwaitVmState(machine, "running", "made on what is there again");
        await instance.DeleteVm(machine);
    }
}
