using Nssv.Kernel;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>The server ends the writer's session at a chosen point.</summary>
[Trait("group", "data")]
public sealed class PostgresLostConnectionTests(PostgresServer server) : DatabaseTest
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());

    private string Name => ((PostgresTestDatabase)Place).Name;

    [Fact]
    public async Task Lost_while_committing_the_outcome_is_unknown_and_is_said_so()
    {
        // A check that sleeps when the transaction commits holds the session inside COMMIT.
        await server.Execute("""
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
            """, Name);
        var machine = await AddMachine();
        var commit = Writer.Commit(new UnitOfWork().Insert(new Note { MachineId = machine.Id, Number = 1, Text = "in doubt" }));
        await Terminate("wait_event = 'PgSleep'");
        await Should.ThrowAsync<OutcomeUnknownException>(() => commit);
        (await Store.Count<Note>()).ShouldBe(0);
        await Works();
    }

    [Fact]
    public async Task A_commit_in_doubt_is_decided_before_the_doubt_is_told()
    {
        await HoldCommitsOfNotes();
        await using var gate = await Gate();
        using var relay = new Relay(new Uri(((PostgresTestDatabase)Place).Url).Port);
        var far = Opened(Kernel.Data.Postgres.PostgresDatabase.Open($"postgresql://postgres@127.0.0.1:{relay.Port}/{Name}?sslmode=disable", Sample.Models));
        var machine = await AddMachine();
        await using var writer = new Writer(far, Kernel.Ownership.MemberFence.Acquire(far, Sample.Manager, TimeProvider.System));
        var commit = writer.Commit(new UnitOfWork().Insert(new Note { MachineId = machine.Id, Number = 1, Text = "in doubt" }));
        await Poll.Until("the commit to wait", async () => await Sessions("wait_event = 'advisory'") == 1);
        relay.Cut();
        // The server still commits; the writer's question waits for it.
        await Poll.Until("the writer to ask", async () => await Sessions("wait_event_type = 'Lock' AND wait_event <> 'advisory'") == 1);
        commit.IsCompleted.ShouldBeFalse();
        await Open(gate);
        await Should.ThrowAsync<OutcomeUnknownException>(() => commit);
        (await Store.Count<Note>()).ShouldBe(1);
        await writer.Commit(new UnitOfWork().Insert(Sample.Rack("after")));
        await DenseEvents();
    }

    [Fact]
    public async Task Lost_before_committing_nothing_is_there_and_the_writer_connects_anew()
    {
        var rack = await AddRack();
        await using var blocker = new Npgsql.NpgsqlConnection($"{Kernel.Data.Postgres.PostgresUrl.Parse(((PostgresTestDatabase)Place).Url)}");
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand("UPDATE racks SET units = 1", blocker))
            await command.ExecuteNonQueryAsync();
        var commit = Writer.Commit(new UnitOfWork().Insert(Sample.Rack("second")).Update(rack, rack with { Units = 2 }));
        await Terminate("wait_event_type = 'Lock'");
        (await Should.ThrowAsync<ProblemException>(() => commit)).Problem.Code.ShouldBe("unavailable");
        await transaction.RollbackAsync();
        (await Store.Count<Rack>()).ShouldBe(1);
        await Works();
    }

    [Fact]
    public async Task A_takeover_waits_for_the_commit_in_flight()
    {
        await HoldCommitsOfNotes();
        await using var gate = await Gate();
        var machine = await AddMachine();
        var commit = Writer.Commit(new UnitOfWork().Insert(new Note { MachineId = machine.Id, Number = 1, Text = "in flight" }));
        await Poll.Until("the commit to wait", async () => await Sessions("wait_event = 'advisory'") == 1);
        var takeOver = Task.Run(() => NewWriter());
        await Poll.Until("the take-over to wait", async () => await Sessions("wait_event_type = 'Lock' AND wait_event <> 'advisory'") == 1);
        takeOver.IsCompleted.ShouldBeFalse();
        await Open(gate);
        await commit;
        await using var newer = await takeOver;
        await Should.ThrowAsync<FencedException>(() => Writer.Commit(new UnitOfWork().Insert(Sample.Rack())));
        (await Store.Count<Note>()).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        await using var nowhere = Kernel.Data.Postgres.PostgresDatabase.Open("postgresql://nobody:secret-word@127.0.0.1:1/none?sslmode=disable", Sample.Models);
        var error = await Should.ThrowAsync<ProblemException>(async () => await new Store(nowhere).Count<Rack>());
        error.Problem.Status.ShouldBe(503);
        error.ToString().ShouldNotContain("secret-word");
        Should.Throw<FormatException>(() => Kernel.Data.Postgres.PostgresDatabase.Open("postgresql://a:secret-word@h/d?no-such-setting=1", Sample.Models)).ToString().ShouldNotContain("secret-word");
    }

    /// <summary>COMMIT waits while <see cref="Gate"/> is closed.</summary>
    private Task HoldCommitsOfNotes() => server.Execute("""
        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()
        """, Name);

    private async Task<Npgsql.NpgsqlConnection> Gate()
    {
        var gate = new Npgsql.NpgsqlConnection($"{Kernel.Data.Postgres.PostgresUrl.Parse(((PostgresTestDatabase)Place).Url)}");
        await gate.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand("SELECT pg_advisory_lock(7)", gate);
        await command.ExecuteNonQueryAsync();
        return gate;
    }

    private static async Task Open(Npgsql.NpgsqlConnection gate)
    {
        await using var command = new Npgsql.NpgsqlCommand("SELECT pg_advisory_unlock(7)", gate);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> Sessions(string condition) => (long)(await server.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Name}' AND {condition}"))!;

    private async Task Terminate(string condition)
    {
        await Poll.Until($"a session with {condition}", async () => await Sessions(condition) == 1);
        await server.Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}' AND {condition}");
    }

    private async Task Works()
    {
        await Writer.Commit(new UnitOfWork().Insert(Sample.Rack("after")));
        await DenseEvents();
    }
}
