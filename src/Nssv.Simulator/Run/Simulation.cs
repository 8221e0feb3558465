using System.Net;
using System.Net.Sockets;
using Nssv.Kernel.Trust;
using Nssv.Simulator.Fleet;
using Nssv.Simulator.Scenarios;

namespace Nssv.Simulator.Run;

/// <summary>
/// One run of <c>nssv simulate</c>: hosts of the scenario enrol (or go on, if they did before), connect and are filled with virtual machines; then they are
/// served until the end is asked for, and what was made is removed unless it is to be kept.
/// </summary>
internal sealed class Simulation(SimulateOptions options, Progress progress)
{
    private static readonly TimeSpan KeepEvery = TimeSpan.FromMinutes(5);

    /// <param name="stop">Asks for the end; what is under way is given up.</param>
    /// <param name="giveUp">Ends the removal too.</param>
    public async Task Run(CancellationToken stop, CancellationToken giveUp)
    {
        var scenario = options.ScenarioFile is { } file ? ScenarioReader.ReadFile(file) : Scenario.Default;
        using var platform = Platform.Open(options.Home);
        using var folder = FleetFolder.Open(Path.Combine(options.Home, "simulator"), platform.PlatformId);
        var before = folder.ReadHosts().Count;
        var count = options.Hosts ?? (before > 0 && options.ScenarioFile is null ? before : scenario.HostCount);
        if (OpenFiles.Refusal(Math.Max(count, before), platform.ManagerPid) is { } refusal)
            throw new SimulatorException(refusal, "Nothing was begun.");
        scenario = scenario.For(count);
        if (folder.Settings.Port == 0)
            folder.Write(folder.Settings with { Port = FreePort() });

        await using var fleet = new HostFleet(folder.Settings.Port, logging => logging.ClearProviders());
        await using var control = new FleetControl(fleet, folder.ControlSocket);
        try
        {
            await Build(platform, folder, fleet, control, scenario, stop);
            await Keep(folder, fleet, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end is asked for.
        }
        await End(platform, folder, fleet, giveUp);
    }

    private async Task Build(Platform platform, FleetFolder folder, HostFleet fleet, FleetControl control, Scenario scenario, CancellationToken stop)
    {
        var clusters = (scenario.HostCount + options.HostsPerCluster - 1) / options.HostsPerCluster;
        var place = await Place.Ensure(platform, clusters, stop);
        var making = new HostMaking(platform, folder, place, progress);
        var hosts = await making.Make(await making.Known(stop), scenario, stop);
        var parts = new FleetParts(new PlatformTrust(platform.Authority, platform.PlatformId, TimeProvider.System), folder.Settings.Managers, TimeProvider.System, options.Seed, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var holdings = folder.ReadHoldings();
        foreach (var identity in hosts)
        {
            var host = new FleetHost(identity, scenario.Groups.FirstOrDefault(group => group.Name == identity.Group) ?? scenario.Groups[0], parts);
            if (holdings.TryGetValue(identity.HostId, out var remains))
                host.GoOn(remains);
            fleet.Add(host);
        }
        await fleet.Open();
        control.Open();
        await fleet.Start(stop);
        await Connected(platform, place, fleet.Count, stop);
        var mishaps = new Mishaps(TimeProvider.System, stop);
        foreach (var host in fleet.Hosts)
            mishaps.Begin(host);
        if (options.VirtualMachines > 0)
        {
            var image = await place.EnsureImage(platform, hosts[0].HostId.ToString(), stop);
            await new Filling(platform, place, image, progress).Fill(options.VirtualMachines, options.Together, stop);
        }
        progress.Finish($"Serving {fleet.Count:#,0} hosts. {(options.Keep ? "Ctrl-C ends; everything stays, and the next run goes on with it." : "Ctrl-C ends, and removes what was made.")}");
    }

    /// <summary>Until every host is connected and has its data storage: before that no machine can be placed on it.</summary>
    private async Task Connected(Platform platform, Place place, int all, CancellationToken stop)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (await platform.Count("hosts", "state = \"connected\"", stop) is var connected && connected < all)
        {
            progress.Say($"{connected:#,0} of {all:#,0} hosts connected");
            await Task.Delay(500, stop);
        }
        while (await platform.Count("host-data-storages", $"dataStorageId = \"{place.DataStorage}\" AND state = \"connected\"", stop) is var ready && ready < all)
        {
            progress.Say($"{ready:#,0} of {all:#,0} hosts have their data storage");
            await Task.Delay(500, stop);
        }
        progress.Finish($"{all:#,0} hosts connected in {clock.Elapsed.TotalSeconds:0} s");
    }

    /// <summary>Now and then what the hosts hold is written down: should this process be killed, they go on from there.</summary>
    private static async Task Keep(FleetFolder folder, HostFleet fleet, CancellationToken stop)
    {
        while (true)
        {
            folder.WriteHoldings(fleet.Hosts.Select(host => host.Remains));
            await Task.Delay(KeepEvery, stop);
        }
    }

    private async Task End(Platform platform, FleetFolder folder, HostFleet fleet, CancellationToken giveUp)
    {
        if (options.Keep)
        {
            await fleet.Stop();
            folder.WriteHoldings(fleet.Hosts.Select(host => host.Remains));
            progress.Finish($"Stopped. {fleet.Count:#,0} hosts are kept.");
            return;
        }
        foreach (var host in fleet.Hosts)
        {
            host.SpeakAgain();
            if (!host.IsRunning)
                await host.Start();
        }
        try
        {
            await new Clearing(platform, progress).Clear(giveUp);
            folder.Clear();
            progress.Finish($"What was simulated is removed.");
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            folder.WriteHoldings(fleet.Hosts.Select(host => host.Remains));
            progress.Finish($"Given up: what is left goes on with the next run.");
        }
    }

    /// <summary>Below the ports that connections take by themselves, free on every address.</summary>
    private static int FreePort()
    {
        for (var port = 24_000; port < 30_000; port++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Another program has it.
            }
        }
        throw new SimulatorException("No TCP port from 24000 to 29999 is free.", "Stop a program that has one.");
    }
}
