using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Inventory;

/// <summary>Virtual network cards; they have no name, so they are created for a machine.</summary>
internal static class NicCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.NetworkInterface, environment);
        return commands.Group("Virtual network cards", Create(environment), commands.Delete(canCascade: false));
    }

    private static Command Create(CliEnvironment environment)
    {
        Field[] fields =
        [
            Field.Reference("--vm", "virtualMachineId", "virtual-machines", "The machine that gets it", required: true),
            Field.Reference("--portgroup", "portGroupId", "port-groups", "The port group that it is plugged into", required: true),
            Field.Text("--mac", "macAddress", "Its address; else one is chosen", helpName: "MAC"),
            Field.Choice("--model", "model", "What the guest sees", "virtio", "e1000e"),
            Field.Text("--name", "name", "Its name; else nic and its index", helpName: "NAME"),
            Field.Description(),
            Field.Labels(),
            Field.Tags(),
        ];
        var command = new Command("create", "Give a vm a further network card");
        var wait = ResourceCommands.Complete(command, fields);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var body = new JsonObject();
            await Field.Write(fields, body, invocation, cancellation);
            await new OperationRunner(invocation, wait).Run(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/network-interfaces") { Body = body }, "Creating network interface", cancellation);
        });
    }
}
