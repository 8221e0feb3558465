using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;

namespace Nssv.Cli.Commands.Version;

/// <summary>Says which version this is.</summary>
internal static class VersionCommand
{
    /// <summary>The product's version without what the build adds.</summary>
    public static string Current { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static Command Build(CliEnvironment environment) =>
        new Command("version", "Print the version").Runs(environment, (invocation, _) =>
        {
            if (invocation.Results.Format == OutputFormat.Table)
            {
                invocation.Results.Say($"nssv {Current}");
            }
            else
            {
                invocation.Results.Data(new JsonObject { ["version"] = Current });
            }

            return Task.CompletedTask;
        });
}
