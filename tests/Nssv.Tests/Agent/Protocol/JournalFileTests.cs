using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

/// <summary>The journal as a file, with the writer's own thread.</summary>
[Trait("group", "agent")]
public sealed class JournalFileTests : IDisposable
{
    private const string CallbackUrl = "https://nowhere/agent-api/v1/results";
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-journal-").FullName;
    private readonly SimulatedMachine _machine = new(DeskBed.HostId);

    private string Path => System.IO.Path.Combine(_folder, "journal.db");

    [Fact]
    public async Task What_was_accepted_asked_and_recorded_is_there_after_the_process_is_gone()
    {
        var (done, left, taken) = (NewOperation(1), NewOperation(2), NewOperation(3));
        _machine.Change(state => state.DataStorages.TryAdd(DeskBed.Storage, "/data"));
        var hold = new Hold();
        await InOneLife(new() { BeforeEffect = (_, scope) => scope.OperationId == done ? Task.CompletedTask : hold.Wait() }, async desk =>
        {
            await desk.Accept(new([Create(done), Create(left), Create(taken)]), CallbackUrl);
            (await desk.Ask(new(taken, 9))).RecordedEpoch.ShouldBe(9);
            await Ended(desk, done);
        });

        await InOneLife(new(), async desk =>
        {
            desk.Incarnation.ShouldBe(2);
            await Ended(desk, left);
            (await desk.Ask(new(done, 1))).Commands.Single().State.ShouldBe(CommandState.Succeeded);
            (await desk.Ask(new(taken, 9))).Commands.Single().State.ShouldBe(CommandState.Accepted);
            (await desk.Accept(new([Create(taken)]), CallbackUrl)).Refused.Single().RecordedEpoch.ShouldBe(9);
        });
        _machine.Effects.Select(effect => effect.OperationId).ShouldBe([done, left]);
        hold.Open();
    }

    [Fact]
    public async Task Of_what_has_ended_or_will_never_begin_the_journal_keeps_no_body()
    {
        var (done, forgotten, waiting) = (NewOperation(5), NewOperation(6), NewOperation(7));
        _machine.Change(state => state.ImageStorages.TryAdd(DeskBed.Storage, "/images"));
        var hold = new Hold();
        await InOneLife(new() { BeforeEffect = (_, scope) => scope.OperationId == done ? Task.CompletedTask : hold.Wait() }, async desk =>
        {
            await desk.Accept(new([Import(done), Import(forgotten), Import(waiting)]), CallbackUrl);
            await Ended(desk, done);
            await desk.Forget(new([forgotten]));
        });

        var bodies = await Bodies();
        bodies[done].ShouldBeEmpty();
        bodies[forgotten].ShouldBeEmpty();
        bodies[waiting].ShouldContain("X-Amz-Signature", Case.Sensitive, "it runs again at the next start");
        await InOneLife(new(), async desk =>
        {
            await Ended(desk, waiting);
            (await desk.Ask(new(done, 1))).Commands.Single().Result!.Succeeded.ShouldBeTrue();
            (await desk.Accept(new([Import(done)]), CallbackUrl)).Accepted.Count.ShouldBe(1);
        });
        (await Bodies()).Values.ShouldAllBe(body => body.Length == 0);
        _machine.Effects.Select(effect => effect.OperationId).ShouldBe([done, waiting]);
        hold.Open();
    }

    [Fact]
    public async Task The_journal_and_what_lies_beside_it_are_closed_to_others_also_when_an_earlier_agent_left_them_open()
    {
        File.WriteAllText(Path + ".lock", "");
        await InOneLife(new(), async desk =>
        {
            await desk.Forget(new([NewOperation(8)]));
            foreach (var file in Directory.EnumerateFiles(_folder))
                File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
            Directory.EnumerateFiles(_folder).Count().ShouldBeGreaterThan(2, "journal, lock and write-ahead log");
        });
    }

    [Fact]
    public async Task A_second_agent_cannot_open_the_journal()
    {
        await using var first = JournalDatabase.Open(Path, TimeProvider.System);

        Should.Throw<InstanceLockedException>(() => JournalDatabase.Open(Path, TimeProvider.System));
    }

    [Fact]
    public async Task An_earlier_start_that_still_writes_is_fenced_and_says_so()
    {
        await using var database = JournalDatabase.Open(Path, TimeProvider.System);
        var (journal, writer) = JournalDatabase.Attach(database, TimeProvider.System, new());
        await using var old = writer;
        using var desk = await Open(journal, new());
        desk.Start();
        var (_, newer) = JournalDatabase.Attach(database, TimeProvider.System, new());
        await using var next = newer;

        await Should.ThrowAsync<ProblemException>(() => desk.Accept(new([Create(NewOperation(4))]), CallbackUrl));

        (await desk.Faulted.WaitAsync(TimeSpan.FromSeconds(20))).ShouldNotBeNull();
        _machine.Effects.ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task InOneLife(EngineBehaviour behaviour, Func<CommandDesk, Task> life)
    {
        await using var database = JournalDatabase.Open(Path, TimeProvider.System);
        var (journal, writer) = JournalDatabase.Attach(database, TimeProvider.System, new());
        await using var writing = writer;
        using var desk = await Open(journal, behaviour);
        desk.Start();
        await life(desk);
    }

    private Task<CommandDesk> Open(CommandJournal journal, EngineBehaviour behaviour) => CommandDesk.Open(new(
        DeskBed.HostId, journal, CommandCatalog.Contracts, new SimulatedEngine(_machine, TimeProvider.System, behaviour), new NoManager(), TimeProvider.System, new Even(), new(), NullLogger.Instance));

    private static async Task Ended(CommandDesk desk, Id operation)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while ((await desk.Ask(new(operation, 1))).Commands.Single().State is not CommandState.Succeeded)
        {
            if (TimeProvider.System.GetElapsedTime(deadline) > TimeSpan.FromSeconds(20))
                throw new TimeoutException($"20 s passed without an end of {operation}");
            await Task.Delay(5);
        }
    }

    private async Task<Dictionary<Id, string>> Bodies()
    {
        await using var database = JournalDatabase.Open(Path, TimeProvider.System);
        return (await new Store(database).List<JournaledCommand>()).ToDictionary(row => row.OperationId, row => row.Body);
    }

    private static CommandEnvelope Import(Id operation) => DeskBed.Envelope(operation, new ImportImage(
        DeskBed.Storage, operation, ImageFormat.Qcow2, ImageKind.System, Architecture.X86_64, new ImageSource(Url: "https://example.org/a?X-Amz-Signature=abc"), null));

    private static CommandEnvelope Create(Id operation) => DeskBed.Envelope(operation, DeskBed.Layer(operation));

    private static Id NewOperation(int number) => Id.Parse($"0190c000-0000-7000-8000-{number:x12}");

    private sealed class NoManager : IManagerLink
    {
        public bool IsAllowed(string callbackUrl) => true;

        public Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel) => throw new HttpRequestException("nobody answers");

        public Task<Contracts.Agent.HeartbeatReply> Beat(Contracts.Agent.Heartbeat heartbeat, CancellationToken cancel) => throw new HttpRequestException("nobody answers");

        public Task<Contracts.Agent.ReportReceipt> Report(Contracts.Agent.HostReport report, CancellationToken cancel) => throw new HttpRequestException("nobody answers");
    }

    private sealed class Even : IChance
    {
        public double Next() => 0.5;
    }
}
