using Nssv.Kernel.Composition;
using Nssv.Contracts.Agent;
using Nssv.Services;
using Nssv.Services.Inventory.Enrolments;
using Nssv.Services.Inventory.Observation;

namespace Nssv.Server.Composition;

/// <summary>The platform's services that run in this process.</summary>
internal static class PlatformServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddServicesOf(typeof(NamedResourceRules).Assembly);
        services.AddSingleton<HostObservation>();
        services.AddSingleton<HostEnrolment>();
        services.AddSingleton<IHostInbox>(provider => provider.GetRequiredService<HostObservation>());
    }
}
