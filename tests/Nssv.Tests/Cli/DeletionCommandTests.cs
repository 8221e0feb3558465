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
    [InlineData("datacenter", "data-centers")]
    [InlineData("cluster", "clusters")]
    [InlineData("host", "hosts")]
    public async Task What_depends_on_it_goes_only_if_that_is_asked_for(string command, string collection)
    {
        (await _sent.Of(command, "delete", "it")).ShouldBe($"DELETE /api/v1/{collection}/the-id");
        (await _sent.Of(command, "delete", "it", "--cascade", "--wait")).ShouldBe($"DELETE /api/v1/{collection}/the-id?cascade=true");
    }

    [Fact]
    public async Task A_dry_run_shows_the_steps_and_what_stands_in_the_way()
    {
        const string step = """{"action":"expunge","kind":"virtual-machine","count":5,"resources":[{"id":"1","name":"web"}],"partOf":null}""";
        const string whole = $$"""{"refused":false,"total":6,"counts":{},"steps":[{{step}}],"hindrances":[],"hindranceCount":0,"withCascade":null}""";
        const string plan = $$"""
            {"refused":true,"total":1,"counts":{},"steps":[],"hindrances":[{"kind":"host","id":"2","name":"h","because":"host 'h' uses it.","advice":"Delete it with expunge=true."}],"hindranceCount":30,"withCascade":{{whole}}}
            """;
        var (sent, output) = await _sent.Answered("""{"items":[{"id":"the-id","name":"it"}]}""", plan, "cluster", "delete", "it", "--dry-run");
        sent.ShouldBe("DELETE /api/v1/clusters/the-id?dryRun=true");
        foreach (var shown in (string[])["would be refused", "host 'h' uses it.", "Delete it with --expunge.", "and 29 more", "would delete 6", "expunge", "web and 4 more", "Nothing was changed."])
            output.ShouldContain(shown);
        (await _sent.Answered("""{"items":[{"id":"the-id","name":"it"}]}""", plan, "cluster", "delete", "it", "--dry-run", "--output", "json")).Out.ShouldContain("\"hindranceCount\": 30");
        (await _sent.Answered("""{"items":[{"id":"the-id","name":"it"}]}""", whole, "volume", "detach", "it", "--dry-run")).Sent.ShouldBe("""POST /api/v1/volumes/the-id:detach {"dryRun":true}""");
    }

    [Theory]
    [InlineData("null", 1, "would put 2 into the recycle bin, until a person expunges it:")]
    [InlineData("\"2026-01-02T03:04:05Z\"", 1, "would put 2 into the recycle bin, until 2026-01-02 ")]
    [InlineData("null", 4, "would delete 3 and put 2 into the recycle bin, until a person expunges it:")]
    public async Task A_dry_run_says_what_can_be_recovered(string expungeAt, int total, string outcome)
    {
        const string found = """{"items":[{"id":"the-id","name":"it"}]}""";
        var plan = $$"""
            {"refused":false,"total":{{total + 1}},"counts":{},"steps":[{"action":"recycle","kind":"volume","count":1,"resources":[{"id":"2","name":"disk"}],"partOf":"virtual-machine"},
            {"action":"recycle","kind":"virtual-machine","count":1,"resources":[{"id":"1","name":"web"}],"partOf":null}],"hindrances":[],"hindranceCount":0,"expungeAt":{{expungeAt}},"withCascade":null}
            """;
        var output = (await _sent.Answered(found, plan, "vm", "delete", "it", "--dry-run")).Out;
        output.ShouldContain($"Deleting vm it {outcome}");
        output.ShouldContain("with --expunge it would be gone at once");
        (await _sent.Answered(found, plan.Replace("recycle", "expunge", StringComparison.Ordinal), "vm", "delete", "it", "--dry-run", "--expunge")).Out.ShouldNotContain("recycle");
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
