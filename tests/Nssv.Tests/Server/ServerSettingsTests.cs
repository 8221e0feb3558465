using Microsoft.Extensions.Configuration;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class ServerSettingsTests
{
    [Fact]
    public void Limits_have_defaults()
    {
        var settings = Read();
        (settings.Limits.Operations, settings.Limits.Waiting, settings.Dispatch.CommandsPerHost).ShouldBe((50_000, 1_024, 64));
    }

    [Fact]
    public void They_can_be_set()
    {
        var settings = Read(("limits:operations", "80000"), ("limits:waitingRequests", "10"), ("limits:commandsPerHost", "8"));
        (settings.Limits.Operations, settings.Limits.Waiting, settings.Dispatch.CommandsPerHost).ShouldBe((80_000, 10, 8));
    }

    [Theory]
    [InlineData("limits:operations", "0")]
    [InlineData("limits:operations", "many")]
    [InlineData("limits:commandsPerHost", "-1")]
    [InlineData("limits:waitingRequests", "1000001")]
    public void What_makes_no_sense_is_refused_by_name(string key, string value) =>
        Should.Throw<ConfigurationException>(() => Read((key, value))).Message.ShouldContain(key);

    private static ServerSettings Read(params (string Key, string Value)[] settings) => ServerSettings.Read("/nowhere", new ConfigurationBuilder().AddInMemoryCollection(
        new Dictionary<string, string?> { ["platformId"] = Guid.CreateVersion7().ToString(), ["managerId"] = Guid.CreateVersion7().ToString() }
            .Concat(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))).Build());
}
