using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel.Calls.Patching;
using Nssv.Services.Inventory.Hosts;

namespace Nssv.Services.Inventory;

public static class InventoryRegistration
{
    /// <summary>Beside turns, steps and flows: the rules of a changed host.</summary>
    public static IServiceCollection AddInventory(this IServiceCollection services) => services.AddSingleton<IResourceRules, EditedHostRules>();
}
