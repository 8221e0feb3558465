using System.CommandLine;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Tag;

/// <summary>Which system tags there are; they are set on a resource: <c>nssv vm tag set</c>.</summary>
internal static class TagCommands
{
    public static Command Build(CliEnvironment environment) => new ResourceCommands(ResourceKinds.TagType, environment).Group("System tags: which there are, and what they do; 'nssv vm tag set' puts one on a vm, and so on");
}
