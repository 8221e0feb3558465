using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Libvirt;

namespace Nssv.Agent.Domains;

/// <summary>
/// The domain commands. Each looks at what is there and does what is missing, so that a repeat after any crash ends the same. A domain that does not
/// carry this platform's mark is refused, whatever its UUID.
/// </summary>
#pragma warning disable CA1001 // The semaphore is waited on without a handle: there is nothing to dispose of.
internal sealed class DomainCommands(EngineOptions options, LibvirtLink link, DomainReader reader, DomainWatch watch, StorageRegistry storages, Lanes lanes, ILogger logger, TimeProvider time)
#pragma warning restore CA1001
{
    /// <summary>A guest that is still booting misses the power button, so it is pressed again.</summary>
    private static readonly TimeSpan PressAgain = TimeSpan.FromSeconds(5);

    /// <summary>How soon a stop that nobody wants any more is given up, for a forced one waits for that.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    private readonly SemaphoreSlim _profiling = new(1);
    private HostProfile? _profile;

    public async Task<DefinedDomain> Define(DefineDomain command, CancellationToken cancel)
    {
        var spec = command.Domain;
        var host = await Profile(cancel).ConfigureAwait(false);
        if (spec.Architecture != host.Architecture)
            throw DomainProblems.Architecture(spec.Architecture.ToString().ToLowerInvariant(), host.Architecture.ToString().ToLowerInvariant()).AsException();
        var disks = new Dictionary<Id, LayerAttachment>();
        foreach (var disk in spec.Disks)
            disks[disk.VolumeId] = await storages.Data(disk.DataStorageId).Prepare(disk.LayerId, LayerAccess.Exclusive, cancel).ConfigureAwait(false);
        var id = spec.VirtualMachineId;
        var plan = new DomainPlan(options.PlatformId, spec, host, disks, options.ConsoleSocket(id), options.VncSocket(id), options.NvramFile(id));
        var xml = DomainXml.Build(plan).ToString();
        return await lanes.Run(id, () => Call(connection =>
        {
            using (var existing = reader.Open(connection, id, out var mark))
            {
                if (mark?.RunGeneration > spec.RunGeneration)
                    throw DomainProblems.NewerDefined(id, spec.RunGeneration, mark.RunGeneration).AsException();
            }

            try
            {
                using var domain = connection.Define(xml);
                return new DefinedDomain(DomainAddresses.Read(domain.Xml(inactive: true), spec));
            }
            catch (LibvirtException e) when (!e.ConnectionLost)
            {
                throw new ProblemException(DomainProblems.DefineFailed(e), e);
            }
        }, cancel), cancel).ConfigureAwait(false);
    }

    public Task<DomainStatus> Start(StartDomain command, CancellationToken cancel) => lanes.Run(command.VirtualMachineId, async () =>
    {
        var id = command.VirtualMachineId;
        var begun = await Call(connection => Inspect(connection, command), cancel).ConfigureAwait(false);
        if (begun.Done is { } done)
            return done;
        foreach (var (volume, storage, _) in begun.Mark.Disks)
            await storages.Data(storage).AcquireLease(new VolumeLease(volume, id, command.RunGeneration), cancel).ConfigureAwait(false);
        // Paused first: no frame may pass before its card is isolated. Should this agent die in between, the repeat finds it paused and goes on.
        if (!begun.Running)
            await Call(connection => With(connection, id, domain => StartPaused(domain)), cancel).ConfigureAwait(false);
        try
        {
            foreach (var tap in begun.Taps)
                await TapDevice.TakeDown(tap, cancel).ConfigureAwait(false);
        }
        catch (ProblemException)
        {
            await Call(connection => With(connection, id, domain => Quietly(domain.Destroy)), CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return await Call(connection => With(connection, id, domain =>
        {
            if (domain.State is (LibvirtState.Paused, _))
                Failing(domain.Resume, DomainProblems.StartFailed);
        }), cancel).ConfigureAwait(false);
    }, cancel);

    public async Task<StoppedDomain> Stop(StopDomain command, Func<bool> stillWanted, CancellationToken cancel)
    {
        var id = command.VirtualMachineId;
        var first = await Call(connection => StatusOf(connection, id), cancel).ConfigureAwait(false);
        if (IsOff(first))
            return StoppedDomain.Of(await Destroy(id, first.RunGeneration, cancel).ConfigureAwait(false), forced: null);
        if (command.GraceSeconds <= 0)
            return Ended(first, await Destroy(id, first.RunGeneration, cancel).ConfigureAwait(false), cut: true);
        // Waits outside the lane: a forced stop passes one that is patient.
        var end = time.GetUtcNow() + TimeSpan.FromSeconds(command.GraceSeconds);
        while (time.GetUtcNow() < end)
        {
            var next = watch.Next(id);
            var status = await lanes.Run(id, () => Call(connection => PressPowerButton(connection, id, first.RunGeneration), cancel), cancel).ConfigureAwait(false);
            if (IsOff(status) || status.RunGeneration != first.RunGeneration)
                return Ended(first, status, cut: false);
            var again = time.GetUtcNow() + PressAgain;
            while (!next.IsCompleted && time.GetUtcNow() is var now && now < end && now < again)
            {
                await Task.WhenAny(next, Task.Delay(LookAgain, time, cancel)).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                if (!stillWanted())
                    throw DomainProblems.StopGivenUp(id).AsException();
            }
        }

        logger.GraceOver(id, command.GraceSeconds);
        return Ended(first, await Destroy(id, first.RunGeneration, cancel).ConfigureAwait(false), cut: true);
    }

    /// <summary>Says how it came about only where that is known: QEMU may have died, somebody else may have turned it off, and another run may be there by now.</summary>
    /// <param name="cut">This stop has cut its power, if it still ran then.</param>
    internal static StoppedDomain Ended(DomainStatus first, DomainStatus now, bool cut) => StoppedDomain.Of(now, now switch
    {
        _ when now.RunGeneration != first.RunGeneration => null,
        { State: DomainState.Defined, Reason: DomainReader.GuestShutdown } => false,
        { State: DomainState.Defined, Reason: DomainReader.Destroyed } when cut => true,
        _ => null,
    });

    public async Task<DomainStatus> Kill(KillDomain command, CancellationToken cancel)
    {
        var status = await Call(connection => StatusOf(connection, command.VirtualMachineId), cancel).ConfigureAwait(false);
        return await Destroy(command.VirtualMachineId, status.RunGeneration, cancel).ConfigureAwait(false);
    }

    public Task<DomainStatus> Reboot(RebootDomain command, CancellationToken cancel) => OnRunning(command.VirtualMachineId, (domain, _) =>
    {
        if (command.Force)
            Failing(domain.Reset, e => DomainProblems.Failed("Reset", e));
        else
            Failing(domain.Reboot, e => DomainProblems.Failed("Reboot", e));
    }, cancel);

    public Task<DomainStatus> Pause(PauseDomain command, CancellationToken cancel) => OnRunning(command.VirtualMachineId, (domain, state) =>
    {
        if (state is not LibvirtState.Paused)
            Failing(domain.Suspend, e => DomainProblems.Failed("Pause", e));
    }, cancel);

    public Task<DomainStatus> Resume(ResumeDomain command, CancellationToken cancel) => OnRunning(command.VirtualMachineId, (domain, state) =>
    {
        if (state is LibvirtState.Paused)
            Failing(domain.Resume, e => DomainProblems.Failed("Resume", e));
    }, cancel);

    public Task<Done> Remove(RemoveDomain command, CancellationToken cancel) => lanes.Run(command.VirtualMachineId, async () =>
    {
        var id = command.VirtualMachineId;
        var mark = await Call(connection =>
        {
            using var domain = reader.Open(connection, id, out var found);
            if (domain is null)
                return null;
            if (domain.State.State is not LibvirtState.ShutOff)
                Unless(LibvirtError.OperationInvalid, domain.Destroy);
            Unless(LibvirtError.NoDomain, domain.Undefine);
            return found;
        }, cancel).ConfigureAwait(false);
        foreach (var (volume, storage, layer) in mark?.Disks ?? [])
        {
            await storages.Data(storage).ReleaseLease(new VolumeLease(volume, id, mark!.RunGeneration), cancel).ConfigureAwait(false);
            await storages.Data(storage).Release(layer, cancel).ConfigureAwait(false);
        }

        foreach (var file in (string[])[options.ConsoleSocket(id), options.VncSocket(id), options.NvramFile(id)])
            File.Delete(file);
        DomainLogs.Remove(options.PlatformId, id);
        return new Done();
    }, cancel);

    private static bool IsOff(DomainStatus status) => status.State is DomainState.Absent or DomainState.Defined;

    /// <summary>What a start finds: done already, to be finished, or to be begun.</summary>
    private (DomainStatus? Done, DomainMark Mark, bool Running, IReadOnlyList<string> Taps) Inspect(LibvirtConnection connection, StartDomain command)
    {
        using var domain = reader.Open(connection, command.VirtualMachineId, out var mark) ?? throw DomainProblems.NotDefined(command.VirtualMachineId).AsException();
        var (state, _) = domain.State;
        var runs = state is not LibvirtState.ShutOff;
        if (mark!.RunGeneration != command.RunGeneration)
        {
            throw (runs
                ? DomainProblems.OtherGenerationRuns(command.VirtualMachineId, command.RunGeneration, mark.RunGeneration)
                : DomainProblems.NewerDefined(command.VirtualMachineId, command.RunGeneration, mark.RunGeneration)).AsException();
        }

        return (runs && state is not LibvirtState.Paused ? reader.Status(domain) : null, mark, runs, DomainTaps.Names(domain.Xml(inactive: false)));
    }

    private static void StartPaused(LibvirtDomain domain)
    {
        try
        {
            domain.Start(paused: true);
        }
        catch (LibvirtException e) when (!e.ConnectionLost)
        {
            // "already running" is what a repeat after a lost answer hears.
            if (domain.State.State is LibvirtState.ShutOff)
                throw new ProblemException(DomainProblems.StartFailed(e), e);
        }
    }

    private DomainStatus PressPowerButton(LibvirtConnection connection, Id id, long generation)
    {
        using var domain = reader.Open(connection, id, out _);
        if (domain is null)
            return new DomainStatus(id, generation, DomainState.Absent, null);
        var status = reader.Status(domain)!;
        if (status.RunGeneration == generation && status.State is DomainState.Running)
            Unless(LibvirtError.OperationInvalid, domain.Shutdown);
        else if (status.RunGeneration == generation && status.State is DomainState.Paused)
            Unless(LibvirtError.OperationInvalid, () => ResumeAndShutDown(domain));
        return reader.Status(domain) ?? status;
    }

    // A paused guest hears nothing.
    private static void ResumeAndShutDown(LibvirtDomain domain)
    {
        domain.Resume();
        domain.Shutdown();
    }

    private Task<DomainStatus> Destroy(Id id, long generation, CancellationToken cancel) => lanes.Run(id, () => Call(connection =>
    {
        using var domain = reader.Open(connection, id, out var mark);
        if (domain is null)
            return new DomainStatus(id, generation, DomainState.Absent, null);
        if (mark!.RunGeneration == generation && domain.State.State is not LibvirtState.ShutOff)
        {
            try
            {
                Unless(LibvirtError.OperationInvalid, domain.Destroy);
            }
            catch (LibvirtException e) when (!e.ConnectionLost && e.Code is not LibvirtError.NoDomain)
            {
                throw new ProblemException(DomainProblems.Failed("Stop", e), e);
            }
        }

        return reader.Status(domain) ?? new DomainStatus(id, generation, DomainState.Absent, null);
    }, cancel), cancel);

    private Task<DomainStatus> OnRunning(Id id, Action<LibvirtDomain, LibvirtState> act, CancellationToken cancel) => lanes.Run(id, () => Call(connection => With(connection, id, domain =>
    {
        var state = domain.State.State;
        if (state is LibvirtState.ShutOff)
            throw DomainProblems.NotRunning(id).AsException();
        act(domain, state);
    }), cancel), cancel);

    /// <summary>Opens the domain, does something with it, and reads how it is then.</summary>
    private DomainStatus With(LibvirtConnection connection, Id id, Action<LibvirtDomain> act)
    {
        using var domain = reader.Open(connection, id, out var mark) ?? throw DomainProblems.NotDefined(id).AsException();
        act(domain);
        return reader.Status(domain) ?? new DomainStatus(id, mark!.RunGeneration, DomainState.Absent, null);
    }

    private DomainStatus StatusOf(LibvirtConnection connection, Id id)
    {
        using var domain = reader.Open(connection, id, out _);
        return domain is null ? new DomainStatus(id, 0, DomainState.Absent, null) : reader.Status(domain)!;
    }

    private Task<T> Call<T>(Func<LibvirtConnection, T> call, CancellationToken cancel) => link.Call(call, cancel);

    private static void Failing(Action act, Func<LibvirtException, Problem> problem)
    {
        try
        {
            act();
        }
        catch (LibvirtException e) when (!e.ConnectionLost)
        {
            throw new ProblemException(problem(e), e);
        }
    }

    private static void Quietly(Action act) => Unless(LibvirtError.OperationInvalid, act);

    /// <summary>For acts whose aim may be reached already: "not running", "no such domain".</summary>
    private static void Unless(LibvirtError harmless, Action act)
    {
        try
        {
            act();
        }
        catch (LibvirtException e) when (e.Code == harmless)
        {
            // It is so already.
        }
    }

    private async Task<HostProfile> Profile(CancellationToken cancel)
    {
        await _profiling.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var architecture = RuntimeInformation.OSArchitecture is Architecture.Arm64 ? Contracts.Inventory.Architecture.Aarch64 : Contracts.Inventory.Architecture.X86_64;
            if (_profile is not null)
                return _profile;
            var kvm = await KvmDevice.IsUsable(cancel).ConfigureAwait(false);
            return _profile = await Call(connection => HostProfile.Read(architecture, kvm, type =>
                connection.DomainCapabilities(null, architecture is Contracts.Inventory.Architecture.Aarch64 ? "aarch64" : "x86_64", architecture is Contracts.Inventory.Architecture.Aarch64 ? "virt" : "q35", type)), cancel).ConfigureAwait(false);
        }
        finally
        {
            _profiling.Release();
        }
    }

    /// <summary>"kvm" or "qemu", once libvirt was seen.</summary>
    public string? VirtualizationType => _profile?.VirtualizationType;

    /// <summary>Reads the host's profile ahead of the first command.</summary>
    public Task Prepare(CancellationToken cancel) => Profile(cancel);
}
