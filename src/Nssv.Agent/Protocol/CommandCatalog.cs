using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>The commands that this agent knows, by their names on the wire, read once from the declarations.</summary>
public sealed class CommandCatalog
{
    private readonly FrozenDictionary<string, Entry> _byName;

    private CommandCatalog(IEnumerable<Entry> entries) =>
        _byName = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>Every command of the contracts.</summary>
    public static CommandCatalog Contracts { get; } = FromTypes(typeof(DefineDomain).Assembly.GetTypes());

    /// <exception cref="InvalidOperationException">A command names no id that it works on.</exception>
    public static CommandCatalog FromTypes(params IEnumerable<Type> types) => new(
        from type in types
        where type.IsAssignableTo(typeof(Command)) && !type.IsAbstract
        let attribute = type.GetCustomAttribute<CommandAttribute>()
        where attribute is not null
        select new Entry(attribute.Name, type, ResourcePath(type, attribute), attribute.PassesQueue));

    public IReadOnlyCollection<string> Names => _byName.Keys;

    /// <summary>Reads the command; null when the name is unknown.</summary>
    /// <exception cref="JsonException">The body is no such command.</exception>
    public KnownCommand? Read(string name, JsonElement body)
    {
        if (!_byName.TryGetValue(name, out var entry))
            return null;
        var command = (Command?)body.Deserialize(entry.Type, KernelJson.Options) ?? throw new JsonException($"The body of {name} is null.");
        return new(command, entry.ResourceOf(command));
    }

    private static PropertyInfo[] ResourcePath(Type type, CommandAttribute attribute)
    {
        PropertyInfo Property(Type owner, string name) => owner.GetProperty(name)
            ?? throw new InvalidOperationException($"Command {attribute.Name}: {owner.Name} has no property {name}");

        if (attribute.Resource is null)
        {
            var first = type.GetConstructors().SelectMany(constructor => constructor.GetParameters()).FirstOrDefault(parameter => parameter.ParameterType == typeof(Id));
            return [Property(type, first?.Name ?? throw new InvalidOperationException($"Command {attribute.Name} has no id that it works on"))];
        }
        var path = new List<PropertyInfo>();
        foreach (var name in attribute.Resource.Split('.'))
            path.Add(Property(path.Count == 0 ? type : path[^1].PropertyType, name));
        return path[^1].PropertyType == typeof(Id) ? [.. path] : throw new InvalidOperationException($"Command {attribute.Name}: {attribute.Resource} is no id");
    }

    private sealed record Entry(string Name, Type Type, PropertyInfo[] Path, bool PassesQueue)
    {
        public Id ResourceOf(Command command)
        {
            object value = command;
            foreach (var property in Path)
                value = property.GetValue(value) ?? throw new JsonException($"{Name}: {property.Name} is missing.");
            var id = (Id)value;
            return id.IsNone ? throw new JsonException($"{Name}: {Path[^1].Name} is missing.") : PassesQueue ? Beside(id) : id;
        }

        /// <summary>A line of its own beside the resource's, so that the command does not wait for what is at work there.</summary>
        private static Id Beside(Id id)
        {
            var bytes = id.Value.ToByteArray();
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] ^= 0xff;
            return new Id(new Guid(bytes));
        }
    }
}

/// <param name="Resource">What it works on: commands on one resource run one after another.</param>
public sealed record KnownCommand(Command Command, Id Resource);
