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
    [InlineData("datacenter", "data-centers")]
    [InlineData("cluster", "clusters", "--datacenter", "it")]
    [InlineData("host", "hosts", "--cluster", "it", "--address", "h")]
    [InlineData("datastorage", "data-storages", "--datacenter", "it", "--path", "/p")]
    [InlineData("imagestorage", "image-storages")]
    [InlineData("portgroup", "port-groups", "--datacenter", "it")]
    [InlineData("volume", "volumes", "--size", "1G", "--datastorage", "it")]
    [InlineData("schedule", "schedules", "--action", "a", "--cron", "* * * * *")]
    [InlineData("vm", "virtual-machines", "--image", "it", "--cpus", "1", "--memory", "1G")]
    [InlineData("nic", "network-interfaces", "--vm", "it", "--portgroup", "it")]
    public async Task Whatever_is_made_takes_labels_and_tags(string command, string collection, params string[] more)
    {
        const string types = """{"items":[{"id":"the-id","name":"compute.pinnedToHost","kind":"reference","refersTo":"hosts"}]}""";
        string[] name = command == "nic" ? [] : ["new"];
        var (sent, _) = await _sent.Run(types, [command, "create", .. name, .. more, "--label", "env=prod", "--tag", "compute.pinnedToHost=h-1", "--tag", "sample.grade=a=b"]);
        sent.ShouldStartWith($"POST /api/v1/{collection} ");
        sent.ShouldContain("\"labels\":{\"env\":\"prod\"},\"tags\":{\"compute.pinnedToHost\":\"the-id\",\"sample.grade\":\"a=b\"}");
    }

    [Fact]
    public async Task An_image_takes_labels_and_tags() =>
        (await _sent.Of("image", "add", "--url", "https://x/a.iso", "--label", "env=prod", "--tag", "sample.grade=gold")).ShouldContain("\"labels\":{\"env\":\"prod\"},\"tags\":{\"sample.grade\":\"gold\"}");

    [Fact]
    public async Task The_tags_of_a_resource_are_listed_with_what_they_do()
    {
        // The same answer serves every look-up.
        const string id = "01890000-0000-7000-8000-000000000001";
        const string all = """
            {"id":"01890000-0000-7000-8000-000000000001","items":[{"id":"the-id","name":"sample.grade","title":"Grade","description":"How good it is.","known":true,"refersTo":"hosts"},{"id":"x","name":"old.tag","title":"Old","description":"Was.","known":false}],
            "name":"h-1","tags":{"sample.grade":"gold","old.tag":"1","lost.tag":"2"},"labels":{"env":"prod"}}
            """;
        var (sent, output) = await _sent.Run(all, "vm", "tag", "list", id, "--output", "json");
        sent.ShouldBeEmpty();
        System.Text.Json.Nodes.JsonNode.Parse(output)!.ToJsonString().ShouldBe("""
            [{"tag":"lost.tag","value":"2","title":null,"description":"No manager declares it any more: it does nothing."},
            {"tag":"old.tag","value":"1","title":"Old","description":"No manager declares it any more: it does nothing."},
            {"tag":"sample.grade","value":"gold","title":"Grade","description":"How good it is.","refersTo":"h-1"}]
            """.ReplaceLineEndings(""));
        (await _sent.Run(all, "host", "label", "list", id)).Out.ShouldBe("LABEL  VALUE\nenv    prod\n");
    }

    [Theory]
    [InlineData("vm", "create", "it", "--image", "i", "--cpus", "1", "--memory", "1G", "--tag", "compute.pinnedToHost")]
    [InlineData("vm", "tag", "set", "it")]
    [InlineData("vm", "tag", "set", "it", "compute.pinnedToHost")]
    [InlineData("vm", "label", "set", "it", "=prod")]
    [InlineData("vm", "label", "unset", "it")]
    [InlineData("vm", "tag", "set", "it", "k=1", "k=2")]
    [InlineData("vm", "create", "it", "--image", "i", "--cpus", "1", "--memory", "1G", "--tag", "k=1", "--tag", "k=2")]
    [InlineData("vm", "set", "it", "--label", "k=1", "--label", "k-")]
    [InlineData("schedule", "set", "it", "--parameter", "k=1", "--parameter", "k=2")]
    public async Task What_cannot_be_meant_is_refused_before_anything_is_sent(params string[] arguments)
    {
        var run = await CliRun.Of(arguments);
        run.ExitCode.ShouldBe(2);
        if (arguments.Contains("k=1"))
            run.Error.ShouldContain("\"k\" is given more than once");
    }

    [Theory]
    [InlineData("tags.compute.pinnedToHost = h-1", "tags.compute.pinnedToHost = \"the-id\"")]
    [InlineData("tags.\"compute.pinnedToHost\" != 'h 1' AND name = h-1", "tags.\"compute.pinnedToHost\" != \"the-id\" AND name = h-1")]
    [InlineData("NOT (virtualMachine.tags.compute.pinnedToHost=h-1)", "NOT (virtualMachine.tags.compute.pinnedToHost=\"the-id\")")]
    [InlineData("tags.compute.pinnedToHost IN (h-1, \"h-2\") OR x = 1", "tags.compute.pinnedToHost IN (\"the-id\", \"the-id\") OR x = 1")]
    [InlineData("tags.compute.pinnedToHost = null OR tags.compute.pinnedToHost = h*", "tags.compute.pinnedToHost = null OR tags.compute.pinnedToHost = h*")]
    [InlineData("tags.compute.pinnedToHost = 01890000-0000-7000-8000-000000000001", "tags.compute.pinnedToHost = 01890000-0000-7000-8000-000000000001")]
    [InlineData("description = \"tags.compute.pinnedToHost = h-1\" AND tags.sample.grade = gold", "description = \"tags.compute.pinnedToHost = h-1\" AND tags.sample.grade = gold")]
    public async Task A_filter_by_a_tag_that_refers_to_a_resource_takes_its_name(string filter, string asked)
    {
        const string Types = """{"items":[{"id":"the-id","name":"compute.pinnedToHost","kind":"reference","refersTo":"hosts"}]}""";
        await _sent.Run(Types, "vm", "list", "--filter", filter);
        _sent.Reads.ShouldContain($"/api/v1/virtual-machines?limit=500&filter={Uri.EscapeDataString(asked)}&sort=name");
    }

    public void Dispose() => _sent.Dispose();
}
