using System.Collections.Concurrent;

namespace Nssv.Kernel.Settings;

/// <summary>
/// The settings' values as they hold on this node at this moment. Ask each time a value is used, and keep none: a change holds from the next question on.
/// Until the rows have been read, and for a value that this build does not allow, the default holds.
/// </summary>
public sealed class SettingValues
{
    private readonly ConcurrentDictionary<string, Held> _held = new(StringComparer.Ordinal);

    public T Get<T>(SettingDeclaration<T> setting) where T : notnull =>
        _held.TryGetValue(setting.Name, out var held) && held.Value is T value ? value : setting.Default;

    /// <summary>What the row of a setting says, unless something newer has been heard.</summary>
    /// <param name="version">Of the row.</param>
    /// <returns>False if the value is not allowed: the default holds.</returns>
    public bool Take(SettingDeclaration setting, long version, string text)
    {
        var value = setting.ValueOf(text);
        _held.AddOrUpdate(setting.Name, new Held(version, value), (_, held) => held.Version > version ? held : new Held(version, value));
        return value is not null;
    }

    private sealed record Held(long Version, object? Value);
}
