using Microsoft.Extensions.DependencyInjection;
using Nssv.Services.Inventory.Enrolments;

namespace Nssv.Services.Inventory;

public static class InventoryRegistration
{
    /// <summary>Beside turns, steps and flows. Needs <see cref="Kernel.Agents.IAgentAuthority"/>, <see cref="Kernel.ISecretSource"/> and <see cref="ManagerAddress"/>.</summary>
    public static IServiceCollection AddInventory(this IServiceCollection services) => services.AddSingleton<HostEnrolment>();
}
