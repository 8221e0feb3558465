using Microsoft.Extensions.Logging;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Platform.Settings;

/// <summary>
/// Brings declarations, rows and values together. At a node's start the rows are read, and those of settings that are new, or described otherwise by this build, are
/// written. Afterwards the rows' events tell of every change, whichever node made it.
/// </summary>
public sealed partial class SettingRows(
    SettingCatalog catalog, SettingValues values, IStore store, IWriter writer, NodeIdentity node, TimeProvider time, ILogger<SettingRows> log) : IEventObserver
{
    /// <summary>Takes the values over. Before anything uses them.</summary>
    public async Task Load()
    {
        foreach (var row in await store.List<Setting>())
        {
            if (catalog.Find(row.Id) is { } declaration)
                Take(declaration, row.Version, row.Value);
        }
    }

    /// <summary>
    /// Writes what is missing or described otherwise, and reads the values once more: when the node hears of events. Several nodes may do so at the same moment;
    /// who comes second finds it done.
    /// </summary>
    public async Task Describe()
    {
        var known = (await store.List<Setting>()).ToDictionary(row => row.Id);
        foreach (var declaration in catalog.All)
        {
            var unit = new UnitOfWork();
            if (known.GetValueOrDefault(declaration.Id) is not { } row)
                unit.Insert(New(declaration));
            else if (Described(row, declaration) is var described && described != row)
                unit.Update(row, described with { UpdatedAt = Clock.Now(time) });
            if (unit.IsEmpty)
                continue;
            try
            {
                await writer.Commit(unit);
            }
            catch (Exception e) when (e is UniqueException or ConcurrencyException)
            {
                // Another node was first, or a person has set it at this moment.
            }
        }
        await Load();
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
        {
            // Every change of a value counts the version, so both are in the event.
            if (change.ResourceType == "setting" && catalog.Find(change.ResourceId) is { } declaration
                && (string?)change.Data["value"] is { } value && (long?)change.Data["version"] is { } version)
                Take(declaration, version, value);
        }
    }

    private void Take(SettingDeclaration declaration, long version, string value)
    {
        if (!values.Take(declaration, version, value))
            LogNotAllowed(log, declaration.Name, value, declaration.Allowed, declaration.DefaultText);
    }

    private Setting New(SettingDeclaration declaration)
    {
        var now = Clock.Now(time);
        return Described(new Setting
        {
            Id = declaration.Id,
            ProjectId = node.PlatformId,
            CreatedBy = node.PlatformId,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Name = declaration.Name,
            Value = declaration.DefaultText,
            Overridden = false,
            Kind = declaration.Kind,
            Title = declaration.Title,
            Description = declaration.Description,
            DefaultValue = declaration.DefaultText,
        }, declaration);
    }

    /// <summary>What nobody has set follows the default of the build that started last.</summary>
    private static Setting Described(Setting row, SettingDeclaration declaration) => row with
    {
        Value = row.Overridden ? row.Value : declaration.DefaultText,
        Kind = declaration.Kind,
        Title = declaration.Title,
        Description = declaration.Description,
        Unit = declaration.Unit,
        DefaultValue = declaration.DefaultText,
        Minimum = declaration.Minimum,
        Maximum = declaration.Maximum,
        Choices = row.Choices.SequenceEqual(declaration.Choices) ? row.Choices : declaration.Choices,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The setting {Name} is '{Value}', which this build does not allow (it must be {Allowed}): here its default holds, {Default}")]
    private static partial void LogNotAllowed(ILogger log, string name, string value, string allowed, string @default);
}
