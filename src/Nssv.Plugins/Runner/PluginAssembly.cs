using System.Reflection;
using System.Runtime.Loader;

namespace Nssv.Plugins.Runner;

/// <summary>A plugin's assembly with what lies beside it; the contract itself is the platform's, so that both sides mean the same types.</summary>
internal sealed class PluginAssembly(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
{
    private readonly AssemblyDependencyResolver _resolver = new(file);

    /// <exception cref="InvalidOperationException">It holds no plugin, or several.</exception>
    public static Plugin Load(string file)
    {
        var assembly = new PluginAssembly(Path.GetFullPath(file)).LoadFromAssemblyPath(Path.GetFullPath(file));
        var types = assembly.GetExportedTypes().Where(type => !type.IsAbstract && typeof(Plugin).IsAssignableFrom(type)).ToList();
        return types switch
        {
            [var only] => (Plugin)Activator.CreateInstance(only)!,
            [] => throw new InvalidOperationException($"{Path.GetFileName(file)} has no public class that derives from {typeof(Plugin).FullName}."),
            _ => throw new InvalidOperationException($"{Path.GetFileName(file)} has several plugins: {string.Join(", ", types.Select(type => type.Name))}."),
        };
    }

    protected override Assembly? Load(AssemblyName name) =>
        name.Name == typeof(Plugin).Assembly.GetName().Name ? typeof(Plugin).Assembly
        : _resolver.ResolveAssemblyToPath(name) is { } path ? LoadFromAssemblyPath(path)
        : null;

    protected override nint LoadUnmanagedDll(string name) => _resolver.ResolveUnmanagedDllToPath(name) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
