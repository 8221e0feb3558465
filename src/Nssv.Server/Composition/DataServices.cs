using System.Diagnostics.Metrics;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Platform;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Postgres;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Query;
using Nssv.Kernel.Tags;
using Nssv.Server.Admission;
using Nssv.Server.Events;
using Nssv.Server.Metrics;

namespace Nssv.Server.Composition;

/// <summary>The database, its one writer, and who hears of commits.</summary>
internal static partial class DataServices
{
    /// <summary>Everything that is stored, from the declarations of kernel and contracts.</summary>
    public static ResourceModels Models { get; } = ResourceModels.FromAssemblies(typeof(VirtualMachine).Assembly);

    public static IServiceCollection AddData(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(Models);
        services.AddSingleton(_ => Open(settings, Models));
        services.AddSingleton<EventFeed>();
        services.AddSingleton<UnfinishedOperations>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<UnfinishedOperations>());
        services.AddSingleton<OperationMetrics>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<EventFeed>());
        services.AddSingleton(provider => MemberFence.Acquire(
            provider.GetRequiredService<Database>(), settings.ManagerId, provider.GetRequiredService<TimeProvider>(), alone: !settings.HasPeers, settings.HasPeers ? settings.PeerUrl.ToString() : null));
        services.AddSingleton(provider => new NodeIdentity(settings.PlatformId, provider.GetRequiredService<MemberFence>().Generation));
        services.AddSingleton(MakeWriter);
        services.AddSingleton<IWriter>(provider => provider.GetRequiredService<Writer>());
        services.AddSingleton<Store>();
        services.AddSingleton<IStore>(provider => provider.GetRequiredService<Store>());
        services.AddSingleton(provider => new Collections(provider.GetRequiredService<Database>(), provider.GetRequiredService<TimeProvider>(),
            tags: provider.GetRequiredService<TagCatalog>(), wasTag: name => WasTag(provider.GetRequiredService<IStore>(), name)));
        return services;
    }

    /// <summary>A tag keeps its row when nobody declares it any more.</summary>
    private static async ValueTask<bool> WasTag(IStore store, string name) => await store.First<TagType>(Condition.Equal(nameof(TagType.Name), name)) is not null;

    /// <exception cref="InstanceLockedException">Another manager runs on this home.</exception>
    public static Database Open(ServerSettings settings, ResourceModels models) => settings.HasPeers
        ? PostgresDatabase.Open(settings.Database!, models)
        : SqliteDatabase.Open(settings.DatabaseFile, models, settings.LockFile);

    private static Writer MakeWriter(IServiceProvider provider)
    {
        var log = provider.GetRequiredService<ILoggerFactory>().CreateLogger<Writer>();
        var end = provider.GetRequiredService<NodeEnd>();
        return new Writer(provider.GetRequiredService<Database>(), provider.GetRequiredService<MemberFence>(), new WriterOptions
        {
            Time = provider.GetRequiredService<TimeProvider>(),
            // The operations' ends first: afterwards they are no longer among the unfinished.
            Observers = [provider.GetRequiredService<OperationMetrics>(), provider.GetRequiredService<EventStream>()],
            Metrics = new WriterMetrics(provider.GetRequiredService<Meter>()),
            Failed = error => Failed(log, error),
            Fenced = error =>
            {
                Fenced(log, error.Message);
                end.TakenOver();
            },
        });
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Error, Message = "The writer met an error of its own")]
    private static partial void Failed(ILogger log, Exception error);

    [LoggerMessage(EventId = 11, Level = LogLevel.Critical, Message = "What this start still wants to write is refused, and it ends: {Reason}")]
    private static partial void Fenced(ILogger log, string reason);
}
