using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Services;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Shouldly;

namespace Nssv.Tests.Services;

/// <summary>The real kernel and services on a database in a file, with hosts whose agents are real and whose engines are simulated.</summary>
internal sealed class ServiceBed : IManagerPort, IAsyncDisposable
{
    private const string Url = "https://manager/agent-api/v1/results";
    public static readonly Id Platform = Id.Parse("01890000-0000-7000-8000-000000000001");
    private static readonly Id Account = Id.Parse("01890000-0000-7000-8000-000000000002");

    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-services-").FullName;
    private readonly Database _database;
    private readonly Writer _writer;
    private readonly SimulatedNetwork _network;
    private readonly List<SimulatedHost> _hosts = [];

    public static ResourceModels Models { get; } = ResourceModels.FromAssemblies(typeof(Host).Assembly);

    /// <param name="database">With its tables, which another bed may have used before: this one takes its place. Null: a new one.</param>
    /// <param name="more">Registered after everything else.</param>
    public ServiceBed(Database? database = null, TimeProvider? time = null, Action<IServiceCollection>? more = null)
    {
        _network = new(new WatchedLink(this));
        if (database is null)
        {
            database = SqliteDatabase.Open(Path.Combine(_folder, "nssv.db"), Models);
            Schema.CreateFromModel(database);
        }

        _database = database;
        var fence = MemberFence.Acquire(_database, NewId(), TimeProvider.System);
        var store = new Store(_database);
        var events = new EventStream(store, TimeProvider.System);
        _writer = new Writer(_database, fence, new() { Observers = [events] });
        var services = Compose(Models, store, new WatchedWriter(_writer, unit => BeforeCommit(unit), unit => AfterCommit(unit)), new InProcessTransport(_network, Url)).AddSingleton(events);
        services.AddPatching(Models);
        if (time is not null)
            services.AddSingleton(time);
        more?.Invoke(services);
        Services = services.BuildServiceProvider();
        _ = Services.GetRequiredService<IBus>();
        _network.Attach(Url, this);
    }

    public ServiceProvider Services { get; }

    /// <summary>Commands as they went over the wire.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<CommandEnvelope> Sent { get; } = new();

    /// <summary>Runs after a turn has decided and before its unit is written: the moment of every race.</summary>
    public Func<UnitOfWork, Task> BeforeCommit { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs when a unit is durable and nobody knows yet.</summary>
    public Func<UnitOfWork, Task> AfterCommit { get; set; } = _ => Task.CompletedTask;

    public IStore Store => Services.GetRequiredService<IStore>();
    public IBus Bus => Services.GetRequiredService<IBus>();
    public Caller Admin { get; } = new(Account, Platform, "admin", CallerRole.Admin);

    public static Id NewId() => new(Guid.CreateVersion7());

    public static ServiceCollection Compose(ResourceModels models, IStore store, IWriter writer, IAgentTransport transport)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(models).AddSingleton(store).AddSingleton(writer).AddSingleton(transport);
        services.AddSingleton(TimeProvider.System).AddSingleton<IIdSource, Ids>().AddSingleton<IChance, Chance>().AddSingleton<ISecretSource, Secrets>();
        services.AddSingleton(new NodeIdentity(Platform, 1)).AddSingleton(new AgentApiAddress(new Uri("https://manager:8443")));
        services.AddSingleton<IAgentAuthority, Authority>();
        services.AddKernel().AddPlatformServices();
        return services;
    }

    /// <summary>Accepts and waits for the end, whichever it is.</summary>
    public async Task<Operation> Run(Request request) => await Ended((await Accept(request)).Id);

    /// <summary>Accepts, waits, and wants success.</summary>
    public async Task<Operation> Do(Request request)
    {
        var operation = await Run(request);
        operation.State.ShouldBe(OperationState.Succeeded, $"{operation.Kind}: {operation.Error}");
        return operation;
    }

    public Task<Operation> Accept(Request request) => Bus.Accept(request, Admin, new AcceptOptions());

    public async Task<Problem> Refused(Request request) => (await Should.ThrowAsync<ProblemException>(() => Accept(request))).Problem;

    public async Task<Operation> Ended(Id operation)
    {
        await Poll.Until($"end of operation {operation}", async () => (await Store.Get<Operation>(operation)).HasEnded());
        return await Store.Get<Operation>(operation);
    }

    public async Task<(Id DataCenter, Id Cluster)> Cluster()
    {
        var dataCenter = NewId();
        await Do(new CreateDataCenter { Id = dataCenter, Name = "dc" });
        var cluster = NewId();
        await Do(new CreateCluster { Id = cluster, Name = "cluster", DataCenterId = dataCenter });
        return (dataCenter, cluster);
    }

    /// <summary>A host whose agent runs and answers.</summary>
    public async Task<SimulatedHost> Host(Id cluster, EngineBehaviour? behaviour = null, string name = "host")
    {
        var id = NewId();
        await Do(new CreateHost { Id = id, Name = name, ClusterId = cluster, Address = "192.0.2.1" });
        var host = new SimulatedHost(id, _network, new() { Chance = new Chance(), Behaviour = behaviour ?? new() });
        _hosts.Add(host);
        await host.Start();
        await SetHost(id, row => row with { State = HostState.Connected, AgentUrl = "https://192.0.2.1:7443" });
        Services.GetRequiredService<HostConnections>().Set(id, HostLink.Connected);
        return host;
    }

    public async Task SetHost(Id id, Func<Host, Host> change)
    {
        var row = await Store.Get<Host>(id);
        await _writer.Commit(new UnitOfWork().Update(row, change(row)));
    }

    /// <summary>Commits past every turn.</summary>
    public Task Change(UnitOfWork unit) => _writer.Commit(unit);

    public Task Insert(params object[] rows)
    {
        var unit = new UnitOfWork();
        foreach (var row in rows)
            typeof(UnitOfWork).GetMethod(nameof(UnitOfWork.Insert))!.MakeGenericMethod(row.GetType()).Invoke(unit, [row]);
        return _writer.Commit(unit);
    }

    async Task<ResultReceipt> IManagerPort.TakeResults(ResultBatch batch) => await Services.GetRequiredService<IAgentInbox>().Results(batch.HostId, batch);

    Task<HeartbeatReply> IManagerPort.TakeHeartbeat(Heartbeat heartbeat) => Task.FromResult(new HeartbeatReply(false, 15));

    Task<ReportReceipt> IManagerPort.TakeReport(HostReport report) => Task.FromResult(new ReportReceipt(report.Sequence));

    public async ValueTask DisposeAsync()
    {
        Services.GetRequiredService<OperationEngine>().Stop();
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class WatchedLink(ServiceBed bed) : ISimulatedLink
    {
        public Task<byte[]> Carry(SimulatedMessage message, Func<Task<byte[]>> arrive, CancellationToken cancel)
        {
            if (message.Kind == "commands")
            {
                foreach (var command in JsonSerializer.Deserialize<CommandBatch>(message.Body, KernelJson.Options)!.Commands)
                    bed.Sent.Enqueue(command);
            }
            return arrive();
        }
    }

    private sealed class WatchedWriter(IWriter writer, Func<UnitOfWork, Task> before, Func<UnitOfWork, Task> after) : IWriter
    {
        public async Task<long> Commit(UnitOfWork unit)
        {
            await before(unit);
            var sequence = await writer.Commit(unit);
            await after(unit);
            return sequence;
        }
    }

    private sealed class Ids : IIdSource
    {
        public Id Next() => NewId();
    }

    private sealed class Chance : IChance
    {
        public double Next() => 0.5;
    }

    private sealed class Secrets : ISecretSource
    {
        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }

    /// <summary>Signs whatever it is given with a name.</summary>
    private sealed class Authority : IAgentAuthority
    {
        public IssuedCertificate SignAgent(Id hostId, string certificateRequestPem) => certificateRequestPem.Length == 0
            ? throw new Problem(400, "invalid-certificate-request", "The certificate request is not valid.").AsException()
            : new($"certificate of {hostId}", "authority", $"fingerprint of {certificateRequestPem}");
    }
}
