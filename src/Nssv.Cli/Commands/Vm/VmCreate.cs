using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Input;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Vm;

/// <summary>Makes a virtual machine from an image.</summary>
internal sealed class VmCreate(CliEnvironment environment)
{
    private readonly Argument<string> name = new("NAME") { Description = "The new vm's name" };
    private readonly Option<long[]> dataDisks = Parsers.Sizes("--data-disk", "A further, empty disk of this size; may be given several times");
    private readonly Option<string[]> nics = new Option<string[]>("--nic")
    {
        Description = "A network card in this port group; may be given several times",
        HelpName = "PORTGROUP",
        Arity = ArgumentArity.ZeroOrMore,
    }.Names("port-groups");

    private readonly Option<bool> noStart = new("--no-start") { Description = "Leave it stopped" };

    private readonly Field[] fields =
    [
        Field.Reference("--image", "imageId", "images", "The image that its disk is made from", required: true),
        Field.Count("--cpus", "cpuCount", "Virtual CPUs", required: true),
        Field.Size("--memory", "memoryBytes", "Memory, for example 256MiB", required: true),
        Field.Size("--disk", "rootDisk.sizeBytes", "Size of the disk it boots from; else as large as its image"),
        Field.Reference("--cluster", "clusterId", "clusters", "The cluster that it runs in"),
        Field.Reference("--host", "hostId", "hosts", "The host that it starts on"),
        Field.Reference("--datastorage", "dataStorageId", "data-storages", "The data storage that holds its disks"),
        Field.Choice("--firmware", "firmware", "The firmware that it boots with", "bios", "uefi"),
        Field.Description(),
        Field.Labels(),
        Field.Tags(),
        Field.DeletionPolicy(),
    ];

    public Command Build()
    {
        var command = new Command("create", "Create a vm from an image and start it") { name };

        // What must be given comes first in the help.
        foreach (var option in fields.Select(field => field.Option).Concat([dataDisks, nics, noStart]))
        {
            command.Options.Add(option);
        }

        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var body = new JsonObject { ["name"] = invocation.Value(name) };
            invocation.Results.Words.Call("name", name.Name);
            invocation.Results.Words.Call("dataDisks", dataDisks.Name);
            invocation.Results.Words.Call("nics", nics.Name);
            await Field.Write(fields, body, invocation, cancellation);
            if (invocation.Value(dataDisks) is { Length: > 0 } disks)
            {
                body["dataDisks"] = new JsonArray([.. disks.Select(size => new JsonObject { ["sizeBytes"] = size })]);
            }

            if (invocation.Value(nics) is { Length: > 0 } portGroups)
            {
                body["nics"] = await Nics(portGroups, invocation, cancellation);
            }

            body["start"] = !invocation.Value(noStart);
            await new OperationRunner(invocation, wait).Run(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/virtual-machines") { Body = body }, $"Creating vm {invocation.Value(name)}", cancellation);
        });
    }

    private static async Task<JsonArray> Nics(string[] portGroups, Invocation invocation, CancellationToken cancellation)
    {
        var cards = new JsonArray();
        foreach (var portGroup in portGroups)
        {
            cards.Add(new JsonObject { ["portGroupId"] = await invocation.IdOf("port-groups", portGroup, cancellation) });
        }

        return cards;
    }
}
