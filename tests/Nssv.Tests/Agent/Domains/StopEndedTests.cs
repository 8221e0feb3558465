using Nssv.Agent.Domains;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Domains;

/// <summary>What a stop says of how its guest went.</summary>
public sealed class StopEndedTests
{
    private static readonly Id Vm = new(Guid.CreateVersion7());

    [Theory]
    [InlineData(DomainState.Defined, "guest-shutdown", 3, false, false)]
    [InlineData(DomainState.Defined, "guest-shutdown", 3, true, false)] // between the last look and the plug
    [InlineData(DomainState.Defined, "destroyed", 3, true, true)]
    [InlineData(DomainState.Defined, "destroyed", 3, false, null)] // by somebody else
    [InlineData(DomainState.Defined, "crashed", 3, false, null)]
    [InlineData(DomainState.Defined, "crashed", 3, true, null)]
    [InlineData(DomainState.Defined, null, 3, false, null)]
    [InlineData(DomainState.Absent, null, 3, false, null)]
    [InlineData(DomainState.Running, null, 4, false, null)]
    [InlineData(DomainState.Defined, "guest-shutdown", 4, false, null)] // another run's end
    public void It_is_told_only_where_it_is_known(DomainState state, string? reason, long generation, bool cut, bool? forced) =>
        DomainCommands.Ended(new(Vm, 3, DomainState.Running, null), new(Vm, generation, state, reason), cut).ShouldBe(new StoppedDomain(Vm, generation, state, reason, forced));
}
