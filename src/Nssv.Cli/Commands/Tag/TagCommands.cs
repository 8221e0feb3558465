using System.CommandLine;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Tag;

/// <summary>Which system tags there are; they are set on a resource: <c>nssv vm tag set</c>.</summary>
internal static class TagCommands
{
    public static Command Build(CliEnvironment environment) => new ResourceCommands(ResourceKinds.TagType, environment).Group("System tags that there are; set one with 'nssv vm tag set', and so on");
}
