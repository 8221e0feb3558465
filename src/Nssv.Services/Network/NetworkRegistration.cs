using Microsoft.Extensions.DependencyInjection;
using Nssv.Services.Network.PortGroups;

namespace Nssv.Services.Network;

public static class NetworkRegistration
{
    /// <summary>Beside turns, steps and flows: the kinds of port group.</summary>
    public static IServiceCollection AddNetwork(this IServiceCollection services) =>
        services.AddSingleton<IPortGroupKind, IsolatedPortGroup>().AddSingleton<PortGroupKinds>();
}
