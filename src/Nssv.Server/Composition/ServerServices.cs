using System.Security.Cryptography.X509Certificates;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Server.Admission;
using Nssv.Server.Agents;
using Nssv.Server.Audit;
using Nssv.Server.Background;
using Nssv.Server.Certificates;
using Nssv.Server.Events;
using Nssv.Server.Http;
using Nssv.Server.Members;
using Nssv.Server.Memory;
using Nssv.Server.Metrics;
using Nssv.Server.OpenApi;
using Nssv.Server.Peers;
using Nssv.Server.Plugins;
using Nssv.Server.Watching;
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
        services.AddSingleton<SignInNotes>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<Sessions>());
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

    /// <summary>This node among the others: alone on SQLite, one of several on PostgreSQL. Before the kernel, which takes a node for one that is alone.</summary>
    public static IServiceCollection AddMembership(this IServiceCollection services, ServerSettings settings, X509Certificate2 manager)
    {
        services.AddSingleton<NodeEnd>();
        services.AddSingleton<NodeService>();
        services.AddHostedService(provider => provider.GetRequiredService<NodeService>());
        services.AddSingleton(Product.Addresses(settings));
        services.AddSingleton<PeerIdentity>();
        services.AddSingleton<PeerEndpoints>();
        services.AddSingleton<PeerTimes>();
        services.AddSingleton<ManagementNodes>();
        services.AddSingleton<ManagementNodeEndpoints>();
        services.AddSingleton<OwnIds>();
        if (!settings.HasPeers)
            return services;
        services.AddSingleton(_ => new MembershipOptions { Lease = settings.Lease, Interval = settings.Lease / 6 });
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<PeerClient>(provider, manager));
        services.AddSingleton<HttpPeerTransport>();
        services.AddSingleton<IPeerTransport>(provider => provider.GetRequiredService<HttpPeerTransport>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Membership>(provider, (Action)provider.GetRequiredService<NodeEnd>().TakenOver));
        services.AddSingleton<IOwnership>(provider => provider.GetRequiredService<Membership>());
        return services;
    }

    /// <summary>What runs by itself.</summary>
    public static IServiceCollection AddBackground(this IServiceCollection services)
    {
        services.AddSingleton<HostWatch>();
        services.AddSingleton<IShardListener>(provider => provider.GetRequiredService<HostWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<HostWatch>());
        services.AddHostedService<Housekeeping>();
        services.AddHostedService<Retention>();
        services.AddHostedService<MemoryReturn>();
        services.AddSingleton<AuditRecorder>();
        services.AddSingleton<AuditSweep>();
        services.AddSingleton<AuditWriter>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<AuditWriter>());
        services.AddHostedService<Auditing>();
        services.AddHostedService<Scheduling>();
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
        services.AddSingleton<WatcherSeats>();
        services.AddSingleton<ChangeReader>();
        services.AddSingleton<KindFeeds>();
        services.AddSingleton<WatchEndpoints>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<AuditVerification>();
        services.AddSingleton<AuditEndpoints>();
        services.AddSingleton<PluginEndpoints>();
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
        services.GetRequiredService<WatchEndpoints>().Map(app);
        services.GetRequiredService<ImageUploadEndpoint>().Map(app);
        services.GetRequiredService<ConsoleEndpoint>().Map(app);
        services.GetRequiredService<EnrolmentEndpoints>().Map(app);
        services.GetRequiredService<AgentEndpoints>().Map(app);
        services.GetRequiredService<PeerEndpoints>().Map(app);
        services.GetRequiredService<ManagementNodeEndpoints>().Map(app);
        services.GetRequiredService<AuditEndpoints>().Map(app);
        services.GetRequiredService<PluginEndpoints>().Map(app);
        app.MapRequests(ApiRoute.FromAssemblies(typeof(VirtualMachine).Assembly), DataServices.Models);
        app.MapOpenApi();
    }
}
