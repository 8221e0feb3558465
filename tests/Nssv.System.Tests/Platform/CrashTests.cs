using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>
/// A part of the platform is killed (SIGKILL) at chosen points of a machine's life and started again. The points are the commits between an operation's steps: the step
/// before has been confirmed, the next one is under way. Afterwards the operation has ended and the machine is as asked, or nothing of it is left.
/// </summary>
[Collection(FaultyInstanceCollection.Name)]
public sealed class CrashTests(FaultyInstance faulty)
{
    /// <summary>Not a progress: killed as soon as the operation is accepted, or not at all.</summary>
    private const int Accepted = -1, Never = -2;

    private readonly Instance _instance = faulty.Instance;

    public enum Part { Manager, Agent }

    /// <summary>At which progress (per cent of the steps) of create, stop, start and delete the part is killed.</summary>
    public static TheoryData<Part, int, int, int, int> Lives
    {
        get
        {
            var lives = new TheoryData<Part, int, int, int, int>();
            foreach (var part in Enum.GetValues<Part>())
            {
                lives.Add(part, Accepted, Accepted, Accepted, Accepted);
                lives.Add(part, 0, 0, 0, 0);
                lives.Add(part, 16, 33, 25, 25);
                lives.Add(part, 33, 66, 50, 50);
            }

            lives.Add(Part.Manager, 50, Never, Never, 75);
            lives.Add(Part.Manager, 66, 66, 75, Never);
            lives.Add(Part.Manager, 83, Never, Never, Never);
            lives.Add(Part.Agent, 66, Never, Never, Never);
            return lives;
        }
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public async Task A_machine_is_as_asked_or_gone(Part part, int create, int stop, int start, int delete)
    {
        await PrepareCache();
        var before = await _instance.Footprint();
        var made = await Interrupted(part, create, Instance.Post("virtual-machines", await _instance.NewVm($"crash {part} {create}")));
        var id = made.TargetId.ShouldNotBeNull();
        if (!made.Succeeded)
        {
            await Gone(id, before);
            return;
        }

        await Is(id, "running");
        var starts = 1;
        _instance.Starts(id).ShouldBe(starts);
        if (stop != Never)
        {
            (await Interrupted(part, stop, Instance.Post($"virtual-machines/{id}:stop", new JsonObject { ["graceSeconds"] = 2 }))).Succeeded.ShouldBeTrue();
            await Is(id, "stopped");
        }

        if (start != Never)
        {
            if ((await Interrupted(part, start, Instance.Post($"virtual-machines/{id}:start"))).Succeeded)
            {
                await Is(id, "running");
                _instance.Starts(id).ShouldBe(++starts, "QEMU was started more often than the machine");
            }
            else
            {
                await Is(id, "stopped");
            }
        }

        var deleted = await Interrupted(part, delete, Instance.Delete($"virtual-machines/{id}?expunge=true"));
        deleted.Succeeded.ShouldBeTrue($"{deleted.Document.ToJsonString()}\n{_instance.Logs()}");
        await Gone(id, before);
        _instance.Starts(id).ShouldBeLessThanOrEqualTo(starts);
    }

    /// <summary>Asks, kills the part when the operation has come that far, starts it again, and waits for the end.</summary>
    private async Task<OperationSnapshot> Interrupted(Part part, int progress, ApiRequest request)
    {
        using var events = await _instance.Api.OpenEvents(null);
        var operation = await _instance.Api.Mutate(request);
        if (progress == Never)
            return await _instance.Ended(operation);
        if (progress != Accepted)
            await Reached(events, operation, progress);
        var pid = part == Part.Manager ? _instance.ManagerPid : _instance.AgentPid;
        Shell.Signal(pid, Shell.Kill);
        await Instance.Until(() => Task.FromResult(!Shell.Runs(pid)), $"the end of the killed {part}");
        await _instance.Up();
        var ended = await _instance.Ended(operation);
        ended.State.ShouldNotBe(OperationStates.NeedsAttention, ended.Document.ToJsonString());
        await Instance.Until(async () => !(await _instance.Api.GetOperation(operation.Id)).CleanupPending, $"the clean-up after {ended.Kind}", () => Task.FromResult(_instance.Logs()));
        return ended;
    }

    private static async Task Reached(Client.Events.EventStream events, OperationSnapshot operation, int progress)
    {
        using var deadline = new CancellationTokenSource(Instance.Patience);
        try
        {
            await foreach (var item in events.Read(deadline.Token))
            {
                var data = item.Document["data"];
                if (item.ResourceId == operation.Id && (data.At("progress").AsInt32() is { } now ? now >= progress : progress == 0 && data.At("state").AsText() == "running"))
                    return;
                if (item.ResourceId == operation.Id && data.At("state").AsText() is { } state && OperationStates.IsEnd(state))
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // Said below.
        }

        throw new TimeoutException($"{operation.Kind} did not come to {progress} % within {Instance.Patience.TotalSeconds} s.");
    }

    private async Task Is(string id, string state)
    {
        await _instance.AwaitVmState(id, state, "as asked");
        Shell.Virsh("domstate", _instance.DomainOf(id)).Trim().ShouldBe(state == "running" ? "running" : "shut off");
    }

    private async Task Gone(string id, string before)
    {
        (await _instance.Api.Send(new ApiRequest(HttpMethod.Get, $"{ApiClient.Root}/virtual-machines/{id}"))).Status.ShouldBe(global::System.Net.HttpStatusCode.NotFound);
        (await _instance.Footprint()).ShouldBe(before);
    }

    /// <summary>The host's copy of the image outlives the machine that it was made for; made beforehand, nothing at all may differ.</summary>
    private async Task PrepareCache()
    {
        if (!_instance.Files().Any(file => file.StartsWith("storage/data/layers/", StringComparison.Ordinal)))
            await _instance.DeleteVm(await _instance.CreateVm("cache", start: false));
    }
}
