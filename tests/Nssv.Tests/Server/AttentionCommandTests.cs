using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Tests.Cli;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>Its pauses between two tries are short.</summary>
public sealed class HastyServerWithHost() : ServerWithHost(haste: 100);

/// <summary>Operations that stop half-way, and what a person does about them: commands as they are typed, against a whole manager with a host.</summary>
public sealed class AttentionCommandTests(HastyServerWithHost server) : IClassFixture<HastyServerWithHost>
{
    private static readonly Problem Damaged = new(422, "checksum-mismatch", "The bytes are not what they should be.", "Found another checksum.", "Give other bytes.");
    private static readonly Problem Stuck = new(500, "stuck", "The file cannot be removed.", "It is in use.");

    [Fact]
    public async Task It_says_what_can_be_done_is_listed_and_is_undone_when_nothing_is_in_its_way_any_more()
    {
        var (operation, image, said) = await Stop("undone");
        said.ShouldContain($"nssv operation retry {operation}");

        var still = await Run("operation", "undo", operation, "--wait");
        still.ExitCode.ShouldBe(1, "it needs attention again");
        still.Error.ShouldContain("It is in use.");

        server.Refuse = _ => null;
        var undone = await Run("operation", "undo", operation, "--wait");
        (undone.ExitCode, undone.Out.Trim()).ShouldBe((0, "image.create: ended as failed."), undone.Error);
        (await server.Services.GetRequiredService<IStore>().Find<Image>(image)).ShouldBeNull();
        server.Machine.Images.ShouldNotContain(image);
        (await Listed()).ShouldNotContain(operation);

        var again = await Run("operation", "undo", operation);
        again.ExitCode.ShouldBe(1);
        again.Error.ShouldContain("attention-not-needed");
    }

    [Fact]
    public async Task Retried_it_goes_on_the_same_way_and_tells_how_that_ended()
    {
        var (operation, image, _) = await Stop("retried");
        server.Refuse = _ => null;

        // It was on its way back: that is the way it goes on.
        var retried = await Run("operation", "retry", operation, "--wait");
        retried.ExitCode.ShouldBe(1);
        retried.Error.ShouldContain("checksum-mismatch");
        (await server.Services.GetRequiredService<IStore>().Find<Image>(image)).ShouldBeNull();
    }

    [Fact]
    public async Task Dismissed_it_is_over_and_what_it_made_is_left_to_the_person()
    {
        var (operation, image, _) = await Stop("dismissed");
        var dismissed = await Run("operation", "dismiss", operation, "--wait");
        (dismissed.ExitCode, dismissed.Out.Trim()).ShouldBe((0, "image.create: ended as failed."), dismissed.Error);
        (await Listed()).ShouldNotContain(operation);
        (await server.Services.GetRequiredService<IStore>().Find<Image>(image)).ShouldNotBeNull();
    }

    /// <summary>An import that fails and cannot be taken back.</summary>
    private async Task<(string Operation, Id Image, string Said)> Stop(string name)
    {
        server.Refuse = _ => null;
        (await Run("imagestorage", "create", name, "--host", server.HostId.ToString(), "--path", $"/srv/{name}", "--wait")).ExitCode.ShouldBe(0);
        server.Refuse = command => command switch { ImportImage => Damaged, DeleteImage => Stuck, _ => null };
        var added = await Run("image", "add", "--name", name, "--server-file", "/import/x.qcow2", "--imagestorage", name, "--wait");
        added.ExitCode.ShouldBe(1);
        var image = (await server.Services.GetRequiredService<IStore>().List<Image>(Condition.Equal(nameof(Image.Name), name))).Single().Id;
        var listed = await Run("operation", "list", "--filter", $"state = \"needsAttention\" AND targetId = \"{image}\"", "--output", "json");
        listed.ExitCode.ShouldBe(0, listed.Error);
        var operation = JsonNode.Parse(listed.Out)!.AsArray().Single()!;
        operation["kind"]!.GetValue<string>().ShouldBe("image.create");
        return (operation["id"]!.GetValue<string>(), image, added.Error);
    }

    private async Task<string> Listed() => (await Run("operation", "list", "--filter", "state = \"needsAttention\"", "--output", "json")).Out;

    private Task<CliRun> Run(params string[] arguments) => CliRun.With(server.CommandVariables, arguments);
}
