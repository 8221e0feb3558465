using Nssv.Kernel.Composition;
using Nssv.Services;

namespace Nssv.Server.Composition;

/// <summary>The platform's services that run in this process.</summary>
internal static class PlatformServices
{
    public static void Add(IServiceCollection services) => services.AddServicesOf(typeof(NamedResourceRules).Assembly);
}
