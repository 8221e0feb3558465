using System.Text.Json;
using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class ProgressTests
{
    private static readonly DeskOptions Quick = new() { ProgressInterval = TimeSpan.FromMilliseconds(5) };

    [Fact]
    public async Task What_a_command_tells_of_its_progress_comes_to_the_manager_that_waits_for_it()
    {
        var (hold, further) = (new Hold(), new Hold());
        await using var bed = await DeskBed.Started(
            new() { BeforeEffect = async (_, scope) => { scope.Progress!.Report(40); await hold.Wait(); scope.Progress.Report(39); scope.Progress.Report(70); await further.Wait(); } }, Quick);
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()), attempt: 3);
        await bed.Send(envelope);
        await bed.Until("40 %", seen => seen.Progress.Contains(new(envelope.Id, 3, 40)));
        hold.Open();
        await bed.Until("70 %", seen => seen.Progress.Contains(new(envelope.Id, 3, 70)));
        further.Open();
        await bed.UntilResults(1);
        bed.Progress.Select(told => told.Percent).ShouldBe([40, 70]);
    }

    [Fact]
    public async Task Who_takes_a_running_command_over_is_told_how_far_it_is()
    {
        const string Next = "https://manager-2/agent-api/v1/results";
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, scope) => { scope.Progress!.Report(40); return hold.Wait(); } }, Quick);
        var successor = new Successor();
        bed.Network.Attach(Next, successor);
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Send(envelope);
        await bed.Until("40 %", seen => seen.Progress.Count == 1);

        await new InProcessTransport(bed.Network, Next).Send(DeskBed.HostId, new([envelope with { Epoch = 2 }]), CancellationToken.None);
        (await successor.Told.Task.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(new(envelope.Id, 1, 40));
        hold.Open();
    }

    [Fact]
    public async Task A_command_that_ends_soon_is_told_of_by_its_result_alone()
    {
        await using var bed = await DeskBed.Started(
            new() { BeforeEffect = (_, scope) => { scope.Progress!.Report(40); return Task.CompletedTask; } }, new() { ProgressInterval = TimeSpan.FromHours(1) });
        await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId())));
        await bed.UntilResults(1);
        await bed.Host.DisposeAsync();
        bed.Progress.ShouldBeEmpty();
    }

    /// <summary>A manager of the version before knows the field no more than this record does.</summary>
    [Fact]
    public void To_a_manager_that_does_not_know_it_it_is_a_batch_without_results()
    {
        var batch = new ResultBatch(DeskBed.HostId, 1, []) { Progress = [new("1", 1, 40)] };
        var older = JsonSerializer.Deserialize<OlderBatch>(JsonSerializer.SerializeToUtf8Bytes(batch, KernelJson.Options), KernelJson.Options)!;
        (older.HostId, older.AgentIncarnation, older.Results.Count).ShouldBe((DeskBed.HostId, 1, 0));
        JsonSerializer.Serialize(batch with { Progress = null }, KernelJson.Options).ShouldNotContain("progress", Case.Insensitive);
    }

    private sealed record OlderBatch(Id HostId, long AgentIncarnation, IReadOnlyList<CommandResult> Results);

    private sealed class Successor : IManagerPort
    {
        public TaskCompletionSource<CommandProgress> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ResultReceipt> TakeResults(ResultBatch batch)
        {
            if (batch.Progress is [var told, ..])
                Told.TrySetResult(told);
            return Task.FromResult(new ResultReceipt([.. batch.Results.Select(result => result.CommandId)]));
        }

        public Task<Nssv.Contracts.Agent.HeartbeatReply> TakeHeartbeat(Nssv.Contracts.Agent.Heartbeat heartbeat) => Task.FromResult(new Nssv.Contracts.Agent.HeartbeatReply(false, 1));

        public Task<Nssv.Contracts.Agent.ReportReceipt> TakeReport(Nssv.Contracts.Agent.HostReport report) => Task.FromResult(new Nssv.Contracts.Agent.ReportReceipt(report.Sequence));
    }
}
