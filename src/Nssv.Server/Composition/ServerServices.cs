using System.Security.Cryptography.X509Certificates;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Events;
using Nssv.Server.Admission;
using Nssv.Server.Agents;
using Nssv.Server.Certificates;
using Nssv.Server.Events;
using Nssv.Server.Http;
using Nssv.Server.Metrics;
using Nssv.Server.OpenApi;
using Nssv.Services;
using Nssv.Services.Identity;

namespace Nssv.Server.Composition;

/// <summary>The rooms of the server, each registered by one method.</summary>
internal static class ServerServices
{
    /// <summary>Clock, ids, chance and secrets of production.</summary>
    public static IServiceCollection AddSources(this IServiceCollection services, TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddSingleton<IIdSource, RandomIds>();
        services.AddSingleton<IChance, RandomChance>();
        services.AddSingleton<ISecretSource, RandomSecrets>();
        return services;
    }

    public static IServiceCollection AddIdentity(this IServiceCollection services)
    {
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<Sessions>();
        return services;
    }

    /// <summary>The authority and the connections to agents. The caller also registers IAgentInbox, IHostInbox and IImageUploads.</summary>
    public static IServiceCollection AddAgents(this IServiceCollection services, CertificateAuthority authority, X509Certificate2 manager, AgentApiAddress address)
    {
        services.AddSingleton(authority);
        services.AddSingleton<IAgentAuthority>(authority);
        services.AddSingleton(address);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AgentClient>(provider, manager));
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<AgentClient>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<HttpAgentTransport>(provider, address.Results));
        services.AddSingleton<IAgentTransport>(provider => provider.GetRequiredService<HttpAgentTransport>());
        services.AddSingleton<AgentIdentity>();
        services.AddSingleton<AgentEndpoints>();
        services.AddSingleton<EnrolmentEndpoints>();
        services.AddSingleton<ImageUploadEndpoint>();
        services.AddSingleton<ConsoleEndpoint>();
        return services;
    }

    public static IServiceCollection AddApi(this IServiceCollection services, ServerSettings settings)
    {
        services.AddPatching(DataServices.Models);
        services.AddSingleton<RequestLog>();
        services.AddSingleton<Pipeline>();
        services.AddSingleton(settings.Limits);
        services.AddSingleton<AdmissionControl>();
        services.AddSingleton<Acceptance>();
        services.AddSingleton<SessionEndpoints>();
        services.AddSingleton<OperationEndpoints>();
        services.AddSingleton<ResourceEndpoints>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<EventEndpoints>();
        return services;
    }

    /// <summary>What the manager measures of itself, and who may read it.</summary>
    public static IServiceCollection AddMetrics(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(provider => ScrapeToken.Open(settings.ScrapeTokenFile, provider.GetRequiredService<ISecretSource>()));
        services.AddSingleton<MetricRegistry>();
        services.AddSingleton<HttpMetrics>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<MetricsEndpoint>();
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        var services = app.Services;
        services.GetRequiredService<HealthEndpoints>().Map(app);
        services.GetRequiredService<MetricsEndpoint>().Map(app);
        services.GetRequiredService<SessionEndpoints>().Map(app);
        services.GetRequiredService<ResourceEndpoints>().Map(app);
        services.GetRequiredService<OperationEndpoints>().Map(app);
        services.GetRequiredService<EventEndpoints>().Map(app);
        services.GetRequiredService<ImageUploadEndpoint>().Map(app);
        services.GetRequiredService<ConsoleEndpoint>().Map(app);
        services.GetRequiredService<EnrolmentEndpoints>().Map(app);
        services.GetRequiredService<AgentEndpoints>().Map(app);
        app.MapRequests(ApiRoute.FromAssemblies(typeof(VirtualMachine).Assembly), DataServices.Models);
        app.MapOpenApi();
    }
}
