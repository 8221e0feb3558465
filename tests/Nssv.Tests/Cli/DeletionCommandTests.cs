using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class DeletionCommandTests : IDisposable
{
    private const string Item = """{"id":"item-id","kind":"virtual-machine","resourceId":"the-id","name":"it","occupiedBytes":1073741824,"diskCount":2,"addressCount":1,"expungeAt":null}""";
    private readonly SentRequests _sent = new();

    [Theory]
    [InlineData("vm", "virtual-machines")]
    [InlineData("volume", "volumes")]
    [InlineData("image", "images")]
    public async Task Deleting_goes_into_the_recycle_bin_unless_it_is_to_be_expunged(string command, string collection)
    {
        (await _sent.Of(command, "delete", "it", "--wait")).ShouldBe($"DELETE /api/v1/{collection}/the-id");
        (await _sent.Of(command, "delete", "it", "--expunge")).ShouldBe($"DELETE /api/v1/{collection}/the-id?expunge=true");
        (await _sent.Of(command, "set", "it", "--deletion-policy", "never")).ShouldBe($$"""PATCH /api/v1/{{collection}}/the-id {"deletionPolicy":"never"}""");
    }

    [Theory]
    [InlineData("recover")]
    [InlineData("expunge")]
    public async Task What_is_in_the_recycle_bin_is_acted_on_by_its_own_kind(string verb)
    {
        // The same answer serves the look-up by name and the read by id.
        var both = $$"""{"items":[{{Item}}],{{Item[1..]}}""";
        (await _sent.Run(both, "recycle-bin", verb, "01890000-0000-7000-8000-000000000001")).Sent.ShouldBe($$"""POST /api/v1/virtual-machines/the-id:{{verb}} {}""");
        (await _sent.Run(both, "recycle-bin", verb, "it")).Sent.ShouldBe($$"""POST /api/v1/virtual-machines/the-id:{{verb}} {}""");
    }

    [Fact]
    public async Task The_list_shows_what_is_occupied_and_until_when()
    {
        var (sent, output) = await _sent.Run($$"""{"items":[{{Item}}]}""", "recycle-bin", "list");
        sent.ShouldBeEmpty();
        output.ShouldContain("virtual-machine");
        output.ShouldContain("1 GiB");
    }

    public void Dispose() => _sent.Dispose();
}
