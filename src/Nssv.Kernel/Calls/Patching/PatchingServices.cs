using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Calls.Patching;

public static class PatchingServices
{
    /// <summary>A turn that patches, for each resource that has something to edit.</summary>
    public static IServiceCollection AddPatching(this IServiceCollection services, ResourceModels models)
    {
        foreach (var table in models.Resources.Where(IsPatchable))
            services.AddSingleton(typeof(ITurn), typeof(PatchTurn<>).MakeGenericType(table.Type));
        return services;
    }

    public static bool IsPatchable(TableModel table) => table.Columns.Any(column => column.Editable);
}
