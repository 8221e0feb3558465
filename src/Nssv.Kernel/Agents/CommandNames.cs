using System.Collections.Concurrent;
using System.Reflection;

namespace Nssv.Kernel.Agents;

/// <summary>What a command's type declares of itself.</summary>
public static class CommandNames
{
    private static readonly ConcurrentDictionary<Type, CommandAttribute> Declared = new();

    public static string Of(Type command) => DeclarationOf(command).Name;

    /// <inheritdoc cref="CommandAttribute.PassesQueue"/>
    public static bool PassesQueue(Type command) => DeclarationOf(command).PassesQueue;

    private static CommandAttribute DeclarationOf(Type command) => Declared.GetOrAdd(command, static type =>
        type.GetCustomAttribute<CommandAttribute>() ?? throw new InvalidOperationException($"{type.Name} has no [Command] name"));
}
