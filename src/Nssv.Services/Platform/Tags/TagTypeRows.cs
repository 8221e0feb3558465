using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Services.Platform.Tags;

/// <summary>Writes the declared tags into rows, for those who ask which there are.</summary>
public sealed class TagTypeRows(TagCatalog catalog, ResourceModels models, IStore store, IWriter writer, NodeIdentity node, TimeProvider time)
{
    /// <summary>At a node's start. Several nodes may do so at the same moment; who comes second finds it done.</summary>
    public async Task Describe()
    {
        var rows = (await store.List<TagType>()).ToDictionary(row => row.Name, StringComparer.Ordinal);
        foreach (var declaration in catalog.All)
        {
            var row = rows.GetValueOrDefault(declaration.Name);
            var described = Described(row ?? New(declaration), declaration);
            if (row is null)
                await Commit(new UnitOfWork().Insert(described));
            else
                await Commit(new UnitOfWork().Observe(row, described));
        }
        foreach (var row in rows.Values.Where(row => catalog.Find(row.Name) is null))
            await Commit(new UnitOfWork().Observe(row, row with { Known = false }));
    }

    private async Task Commit(UnitOfWork unit)
    {
        try
        {
            await writer.Commit(unit);
        }
        catch (UniqueException)
        {
            // Another node was first.
        }
    }

    private TagType New(TagDeclaration declaration)
    {
        var now = Clock.Now(time);
        return new()
        {
            Id = declaration.Id,
            ProjectId = node.PlatformId,
            CreatedBy = node.PlatformId,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Name = declaration.Name,
            Title = "",
            Description = "",
            Kind = declaration.Kind,
            Allowed = "",
            Owner = "",
            Known = true,
        };
    }

    private TagType Described(TagType row, TagDeclaration declaration) => row with
    {
        Title = declaration.Title,
        Description = declaration.Description,
        Kind = declaration.Kind,
        Carriers = [.. declaration.Carriers.Select(type => models.Table(type).PublicName)],
        Allowed = declaration.Allowed,
        Choices = declaration.Choices,
        RefersTo = declaration.RefersTo is { } target ? models.Table(target).PublicName : null,
        Owner = declaration.Owner,
        Known = true,
    };
}
