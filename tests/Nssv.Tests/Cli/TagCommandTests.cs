using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class TagCommandTests : IDisposable
{
    private readonly SentRequests _sent = new();

    [Fact]
    public async Task Labels_are_set_and_taken_away_and_others_stay()
    {
        (await _sent.Of("vm", "label", "set", "it", "env=prod", "note=a=b")).ShouldBe("""PATCH /api/v1/virtual-machines/the-id {"labels":{"env":"prod","note":"a=b"}}""");
        (await _sent.Of("host", "label", "unset", "it", "env", "rack")).ShouldBe("""PATCH /api/v1/hosts/the-id {"labels":{"env":null,"rack":null}}""");
    }

    [Fact]
    public async Task A_tag_that_refers_to_a_resource_takes_its_name()
    {
        const string Types = """{"items":[{"id":"the-id","name":"compute.pinnedToHost","kind":"reference","refersTo":"hosts"}]}""";
        (await _sent.Run(Types, "vm", "tag", "set", "it", "compute.pinnedToHost=h-1", "sample.grade=gold")).Sent
            .ShouldBe("""PATCH /api/v1/virtual-machines/the-id {"tags":{"compute.pinnedToHost":"the-id","sample.grade":"gold"}}""");
        (await _sent.Of("vm", "tag", "unset", "it", "compute.pinnedToHost")).ShouldBe("""PATCH /api/v1/virtual-machines/the-id {"tags":{"compute.pinnedToHost":null}}""");
    }

    [Theory]
    [InlineData("vm", "tag", "set", "it")]
    [InlineData("vm", "tag", "set", "it", "compute.pinnedToHost")]
    [InlineData("vm", "label", "set", "it", "=prod")]
    [InlineData("vm", "label", "unset", "it")]
    public async Task What_cannot_be_meant_is_refused_before_anything_is_sent(params string[] arguments) => (await CliRun.Of(arguments)).ExitCode.ShouldBe(2);

    public void Dispose() => _sent.Dispose();
}
