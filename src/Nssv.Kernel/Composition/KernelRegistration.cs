using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Kernel.Schedules;
using Nssv.Kernel.Settings;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Composition;

/// <summary>This node as its peers and the hosts see it.</summary>
/// <param name="Generation">Of its right to write.</param>
/// <param name="PlatformId">The platform; also its first project.</param>
public sealed record NodeIdentity(Id PlatformId, long Generation);

/// <summary>An assembly with turns, steps and flows.</summary>
public sealed record ServiceAssembly(Assembly Assembly);

/// <summary>Puts a node together. The same for production, bench and simulation; they differ in what they give: store, writer, transport, time, ids, chance.</summary>
public static class KernelRegistration
{
    /// <summary>
    /// The kernel. The caller also registers <see cref="IStore"/>, <see cref="IWriter"/>, <see cref="Model.ResourceModels"/>, <see cref="IAgentTransport"/>,
    /// <see cref="TimeProvider"/>, <see cref="IIdSource"/>, <see cref="IChance"/>, <see cref="NodeIdentity"/> and logging.
    /// </summary>
    public static IServiceCollection AddKernel(this IServiceCollection services)
    {
        services.AddSingleton<MailboxSet>();
        services.AddSingleton<HostConnections>();
        services.TryAddSingleton(_ => new System.Diagnostics.Metrics.Meter("nssv"));
        services.AddSingleton<CommandMetrics>();
        services.AddSingleton<CommandDispatcher>();
        services.AddSingleton<IAgentInbox>(p => p.GetRequiredService<CommandDispatcher>());
        services.AddSingleton<Signals>();
        services.AddSingleton<OperationEnds>();
        services.TryAddSingleton<EventStream>();
        services.TryAddSingleton<IPeerTransport, NoPeers>();
        services.TryAddSingleton<IOwnership>(p => new SoleOwnership(p.GetRequiredService<NodeIdentity>().Generation));
        services.AddSingleton(p => new References(p.GetRequiredService<Model.ResourceModels>(), p.GetRequiredService<IStore>(), new(p.GetRequiredService<CascadeCatalog>)));
        services.AddSingleton<CascadeCatalog>();
        services.AddSingleton<CascadeHooks>();
        services.AddSingleton<CascadeReader>();
        services.AddSingleton(p => new Cascades(
            p.GetRequiredService<Model.ResourceModels>(), p.GetRequiredService<IStore>(), p.GetRequiredService<CascadeCatalog>(), p.GetRequiredService<CascadeReader>(),
            p.GetRequiredService<TurnCatalog>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<IIdSource>(), p.GetRequiredService<DeletionRules>(), p.GetServices<IRecycledKind>()));
        services.AddServicesOf(typeof(KernelRegistration).Assembly);
        services.TryAddSingleton<IAuthoriser, RoleAuthoriser>();
        services.AddSingleton(p => new TurnCatalog(p.GetServices<ITurn>(), p.GetRequiredService<TagRules>()));
        services.AddSingleton(p =>
        {
            var assemblies = p.GetServices<ServiceAssembly>().Select(a => a.Assembly).Distinct().ToList();
            var contexts = ContextTypes(p.GetServices<IStep>());
            var reader = new FlowReader(name => contexts.GetValueOrDefault(name));
            return new FlowCatalog(assemblies.SelectMany(reader.ReadAll), p.GetServices<IStep>(), inserted: p.GetServices<InsertedStep>());
        });
        services.AddSingleton<Node>();
        services.AddSingleton<IBus>(p => p.GetRequiredService<Node>().Bus);
        services.AddSingleton(p => p.GetRequiredService<Node>().Operations);
        services.AddSingleton(p => p.GetRequiredService<Node>().Inbox);
        services.AddSingleton<HostCleanUp>();
        services.AddSingleton<SettingCatalog>();
        services.AddSingleton<SettingValues>();
        services.AddSingleton<TagCatalog>();
        services.AddSingleton<TagRules>();
        services.AddSingleton<DeletionRules>();
        services.AddSingleton<NodeLife>();
        return services;
    }

    /// <summary>Every turn, step, flow, rule, schedule action, recycled kind, deletion guard, cascade hook, setting and system tag of an assembly.</summary>
    public static IServiceCollection AddServicesOf(this IServiceCollection services, Assembly assembly)
    {
        services.AddSingleton(new ServiceAssembly(assembly));
        services.AddSettingsOf(assembly);
        services.AddTagsOf(assembly);
        foreach (var type in assembly.GetTypes().Where(t => t is { IsAbstract: false, IsGenericTypeDefinition: false }).OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            if (typeof(ITurn).IsAssignableFrom(type))
                services.AddSingleton(typeof(ITurn), type);
            if (typeof(IStep).IsAssignableFrom(type))
                services.AddSingleton(typeof(IStep), type);
            if (typeof(IResourceRules).IsAssignableFrom(type))
                services.AddSingleton(typeof(IResourceRules), type);
            if (typeof(IScheduleAction).IsAssignableFrom(type))
                services.AddSingleton(typeof(IScheduleAction), type);
            if (typeof(IRecycledKind).IsAssignableFrom(type))
                services.AddSingleton(typeof(IRecycledKind), type);
            if (typeof(IDeletionGuard).IsAssignableFrom(type))
                services.AddSingleton(typeof(IDeletionGuard), type);
            if (typeof(ICascadeHook).IsAssignableFrom(type))
                services.AddSingleton(typeof(ICascadeHook), type);
            if (typeof(ICascadedKind).IsAssignableFrom(type))
                services.AddSingleton(typeof(ICascadedKind), type);
        }

        return services;
    }

    private static void AddSettingsOf(this IServiceCollection services, Assembly assembly)
    {
        foreach (var declaration in SettingCatalog.DeclaredIn(assembly))
            services.AddSingleton(declaration);
    }

    private static void AddTagsOf(this IServiceCollection services, Assembly assembly)
    {
        foreach (var declaration in TagCatalog.DeclaredIn(assembly))
            services.AddSingleton(declaration);
    }

    private static Dictionary<string, Type> ContextTypes(IEnumerable<IStep> steps)
    {
        var types = new Dictionary<string, Type>(StringComparer.Ordinal);
        var assemblies = steps.SelectMany(step => new[] { step.GetType().Assembly, StepBinding.For(step).ContextType.Assembly }).Distinct();
        foreach (var type in assemblies.SelectMany(a => a.GetTypes()).Where(t => t.IsDefined(typeof(FlowContextAttribute), inherit: false)))
        {
            if (!types.TryAdd(type.Name, type))
                throw new FlowException($"two flow contexts are named {type.Name}");
        }

        return types;
    }
}

/// <summary>Bus, operations and inbox know each other; made here so that all ends are there.</summary>
internal sealed class Node
{
    public Node(
        TurnCatalog turns, FlowCatalog flows, MailboxSet mailboxes, IStore store, IWriter writer, Model.ResourceModels models, IAuthoriser authoriser,
        CommandDispatcher dispatcher, HostConnections links, OperationEnds ends, Signals signals, EventStream events, IOwnership ownership, IPeerTransport peers,
        Cascades cascades, TimeProvider time, IIdSource ids, IChance chance, ILoggerFactory logs)
    {
        var runner = new OperationRunner(
            flows, new Journal(store, writer, dispatcher, time), dispatcher, links, ends, signals, store, ownership, time, ids, chance, logs.CreateLogger<OperationRunner>());
        Operations = new OperationEngine(mailboxes, store, writer, flows, runner, ends, links, ownership, time, logs.CreateLogger<OperationEngine>());
        var own = new OwnTurns(turns, mailboxes, store, writer, models, authoriser, Operations, cascades, time, ids);
        Bus = new Bus(turns, own, new Router(ownership, peers, time), Operations, store, ids);
        Inbox = new PeerInbox(turns, own, Operations, links, ownership, events, store);
        runner.Bus = Bus;
        ownership.Listen(Operations);
        events.Listen(ends);
        events.Listen(signals);
    }

    public Bus Bus { get; }
    public OperationEngine Operations { get; }
    public PeerInbox Inbox { get; }
}
