using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Nssv.Services.Compute.Placement;
using Nssv.Services.Images;
using Nssv.Services.Inventory;
using Nssv.Services.Inventory.Enrolments;
using Nssv.Services.Inventory.Observation;
using Nssv.Services.Network;
using Nssv.Services.Platform;
using Nssv.Services.Storage;

namespace Nssv.Services;

/// <summary>All services of the platform, the same for a manager, a bench and a simulation.</summary>
public static class PlatformRegistration
{
    public static IServiceCollection AddPlatformServices(this IServiceCollection services)
    {
        services.AddServicesOf(typeof(PlatformRegistration).Assembly);
        services.AddStorage().AddImages().AddNetwork().AddSettings().AddSchedules();
        services.AddSingleton<PlacementRules>();
        services.AddSingleton<HostEnrolment>();
        services.AddSingleton<HostObservation>();
        services.AddSingleton<IHostInbox>(provider => provider.GetRequiredService<HostObservation>());
        services.AddSingleton<IShardListener>(provider => provider.GetRequiredService<HostObservation>());
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<HostObservation>());
        return services;
    }
}
