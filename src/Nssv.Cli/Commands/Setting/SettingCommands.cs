using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Setting;

/// <summary>What may be changed about the platform while it runs. A setting's name is good in a path, so nothing is looked up.</summary>
internal static class SettingCommands
{
    public static Command Build(CliEnvironment environment) =>
        new ResourceCommands(ResourceKinds.Setting, environment).Group("Settings of the platform; a change holds at once", Set(environment), Reset(environment));

    private static Argument<string> Name() => new("NAME") { Description = "The setting's name" };

    private static Command Set(CliEnvironment environment)
    {
        var name = Name();
        var value = new Argument<string>("VALUE") { Description = "The value, for example 7, true, 12h or 10GiB; 'show' tells what is allowed" };
        var ifMatch = new Option<string>("--if-match") { Description = "Change it only if it still has this version", HelpName = "VERSION" };
        var command = new Command("set", "Change a setting; it holds at once, on all managers") { name, value, ifMatch };
        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            invocation.Results.Words.Call("value", value.Name);
            var request = new ApiRequest(HttpMethod.Patch, Path(invocation.Value(name))) { Body = new JsonObject { ["value"] = invocation.Value(value) }, IfMatch = invocation.Value(ifMatch) };
            await new OperationRunner(invocation, wait).Run(request, $"Setting {invocation.Value(name)} to {invocation.Value(value)}", cancellation);
        });
    }

    private static Command Reset(CliEnvironment environment)
    {
        var name = Name();
        var command = new Command("reset", "Give a setting its default back") { name };
        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, async (invocation, cancellation) =>
            await new OperationRunner(invocation, wait).Run(new ApiRequest(HttpMethod.Post, Path(invocation.Value(name)) + ":reset") { Body = new JsonObject() }, $"Resetting {invocation.Value(name)}", cancellation));
    }

    private static string Path(string name) => $"{ApiClient.Root}/settings/{Uri.EscapeDataString(name)}";
}
