using System.Collections.Concurrent;
using System.Reflection;

namespace Nssv.Kernel.Agents;

/// <summary>The wire name of a command's type.</summary>
public static class CommandNames
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    public static string Of(Type command) => Names.GetOrAdd(command, static type =>
        type.GetCustomAttribute<CommandAttribute>()?.Name ?? throw new InvalidOperationException($"{type.Name} has no [Command] name"));
}
