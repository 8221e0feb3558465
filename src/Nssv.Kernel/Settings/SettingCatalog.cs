using System.Reflection;

namespace Nssv.Kernel.Settings;

/// <summary>Every setting that this build knows.</summary>
public sealed class SettingCatalog
{
    private readonly SortedDictionary<string, SettingDeclaration> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Id, SettingDeclaration> _byId = [];

    /// <exception cref="InvalidOperationException">A name is declared twice, or a default is not allowed.</exception>
    public SettingCatalog(IEnumerable<SettingDeclaration> declarations)
    {
        foreach (var declaration in declarations)
        {
            if (!_byName.TryAdd(declaration.Name, declaration))
                throw new InvalidOperationException($"the setting {declaration.Name} is declared twice");
            if (declaration.Canonical(declaration.DefaultText) != declaration.DefaultText)
                throw new InvalidOperationException($"the default of the setting {declaration.Name}, {declaration.DefaultText}, is not {declaration.Allowed}");
            _byId.Add(declaration.Id, declaration);
        }
    }

    /// <summary>By name.</summary>
    public IEnumerable<SettingDeclaration> All => _byName.Values;

    public SettingDeclaration? Find(string name) => _byName.GetValueOrDefault(name);

    public SettingDeclaration? Find(Id id) => _byId.GetValueOrDefault(id);

    /// <summary>"Did you mean …? ", when a setting has nearly this name; else nothing.</summary>
    public string Meant(string name) => Query.Fields.Meant(name, Query.Fields.Nearest(name, _byName.Keys));

    /// <summary>Every setting that an assembly's groups declare.</summary>
    public static IEnumerable<SettingDeclaration> DeclaredIn(Assembly assembly) => assembly.GetTypes()
        .Where(type => type.IsDefined(typeof(SettingGroupAttribute), inherit: false))
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(type => type.GetProperties(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(property => typeof(SettingDeclaration).IsAssignableFrom(property.PropertyType))
        .Select(property => (SettingDeclaration)property.GetValue(null)!);
}
