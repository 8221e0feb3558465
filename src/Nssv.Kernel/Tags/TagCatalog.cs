using System.Reflection;

namespace Nssv.Kernel.Tags;

/// <summary>Every system tag that this build and its plugins know.</summary>
public sealed class TagCatalog
{
    /// <summary>Without any tags.</summary>
    public static TagCatalog None { get; } = new([]);

    private readonly SortedDictionary<string, TagDeclaration> _byName = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">A name is declared twice.</exception>
    public TagCatalog(IEnumerable<TagDeclaration> declarations)
    {
        foreach (var declaration in declarations)
        {
            if (!_byName.TryAdd(declaration.Name, declaration))
                throw new InvalidOperationException($"the tag {declaration.Name} is declared twice");
        }
    }

    /// <summary>By name.</summary>
    public IEnumerable<TagDeclaration> All => _byName.Values;

    public TagDeclaration? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Every tag that an assembly's groups declare.</summary>
    public static IEnumerable<TagDeclaration> DeclaredIn(Assembly assembly) => assembly.GetTypes()
        .Where(type => type.IsDefined(typeof(TagGroupAttribute), inherit: false))
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(type => type.GetProperties(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(property => typeof(TagDeclaration).IsAssignableFrom(property.PropertyType))
        .Select(property => OwnedBy(assembly, (TagDeclaration)property.GetValue(null)!));

    private static TagDeclaration OwnedBy(Assembly assembly, TagDeclaration declaration)
    {
        declaration.Owner = assembly.GetName().Name!;
        return declaration;
    }
}
