using Nssv.Kernel;
using Nssv.Kernel.Data.Postgres;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>Reads that PostgreSQL is asked for together: each gets its own answer, whatever becomes of its neighbours.</summary>
[Trait("group", "data")]
public sealed class ReadGroupTests(PostgresServer server) : DatabaseTest
{
    /// <summary>More than the connections take at once, so that most wait and go together.</summary>
    private const int Many = 20 * ReadGroups.Lanes;

    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());

    [Fact]
    public async Task What_is_asked_for_together_goes_in_few_trips_and_each_gets_its_own()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(number => Ask($"SELECT {number}, pg_current_xact_id()::text")));
        answers.Select(answer => answer.Number).ShouldBe(Enumerable.Range(0, Many));
        // A group is one transaction, and one connection asks for it.
        answers.Select(answer => answer.Transaction).Distinct().Count().ShouldBeLessThan(Many / 2);
    }

    [Fact]
    public async Task One_that_the_server_refuses_harms_no_other()
    {
        var asked = Enumerable.Range(0, Many).Select(number => Ask($"SELECT 1 / {number % 5}, 'x'")).ToList();
        for (var number = 0; number < Many; number++)
        {
            if (number % 5 == 0)
                (await Should.ThrowAsync<Npgsql.PostgresException>(() => asked[number])).SqlState.ShouldBe(Npgsql.PostgresErrorCodes.DivisionByZero);
            else
                (await asked[number]).Number.ShouldBe(1 / (number % 5));
        }
    }

    [Fact]
    public async Task Rows_that_cannot_be_understood_are_told_to_who_asked_for_them()
    {
        var asked = Enumerable.Range(0, Many).Select(number => Ask($"SELECT {(number % 5 == 0 ? "'no number'" : $"{number}")}, 'x' FROM generate_series(1, 3)")).ToList();
        for (var number = 0; number < Many; number++)
        {
            if (number % 5 == 0)
                await Should.ThrowAsync<InvalidCastException>(() => asked[number]);
            else
                (await asked[number]).Number.ShouldBe(number);
        }
    }

    [Fact]
    public async Task Sessions_that_end_fail_what_was_asked_and_nothing_after()
    {
        var asked = Enumerable.Range(0, Many).Select(_ => Ask("SELECT 1, pg_sleep(0.2)::text")).ToList();
        await Poll.Until("all connections to ask", async () => await Asking() == ReadGroups.Lanes);
        await server.Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}' AND wait_event = 'PgSleep'");
        (await Task.WhenAll(asked.Select(async read => await Record.ExceptionAsync(() => read)))).OfType<ProblemException>().ShouldNotBeEmpty();
        (await Ask("SELECT 7, 'x'")).Number.ShouldBe(7);
    }

    [Fact]
    public async Task One_that_takes_too_long_harms_no_other()
    {
        await using var source = Source("Command Timeout=1");
        await using var groups = new ReadGroups(source, TimeSpan.FromMinutes(1));
        var asked = Enumerable.Range(0, Many).Select(number => groups.Read($"SELECT {number}{(number % 20 == 7 ? " FROM pg_sleep(5)" : "")}", [], row => row.GetInt32(0))).ToList();
        for (var number = 0; number < Many; number++)
        {
            if (number % 20 == 7)
                (await Should.ThrowAsync<ProblemException>(() => asked[number])).Problem.Code.ShouldBe("unavailable");
            else
                (await asked[number]).ShouldBe([number]);
        }
    }

    [Fact]
    public async Task A_value_that_cannot_be_sent_is_told_to_who_gave_it()
    {
        var good = Enumerable.Range(0, Many).Select(number => Ask($"SELECT {number}, 'x'")).ToList();
        await Should.ThrowAsync<ArgumentException>(async () => await Database.Read("SELECT @p0", [new object()], row => row.GetInt32(0)));
        (await Task.WhenAll(good)).Select(answer => answer.Number).ShouldBe(Enumerable.Range(0, Many));
    }

    [Fact]
    public async Task Who_has_waited_too_long_to_be_asked_for_is_told_so()
    {
        await using var source = Source("");
        await using var groups = new ReadGroups(source, TimeSpan.FromSeconds(1));
        var busy = Enumerable.Range(0, ReadGroups.Lanes).Select(_ => groups.Read("SELECT 1 FROM pg_sleep(4)", [], row => row.GetInt32(0))).ToList();
        await Poll.Until("all connections to ask", async () => await Asking() == ReadGroups.Lanes);
        (await Should.ThrowAsync<ProblemException>(() => groups.Read("SELECT 2", [], row => row.GetInt32(0)))).Problem.Code.ShouldBe("unavailable");
        await Task.WhenAll(busy);
    }

    [Fact]
    public async Task Closing_waits_for_nobody()
    {
        await using var source = Source("Command Timeout=0");
        var groups = new ReadGroups(source, TimeSpan.FromMinutes(1));
        var asked = Enumerable.Range(0, Many).Select(_ => groups.Read("SELECT 1 FROM pg_sleep(86400)", [], row => row.GetInt32(0))).ToList();
        await Poll.Until("all connections to ask", async () => await Asking() == ReadGroups.Lanes);
        await groups.DisposeAsync();
        foreach (var read in asked)
            (await Record.ExceptionAsync(() => read)).ShouldBeAssignableTo<Exception>();
        await Should.ThrowAsync<ObjectDisposedException>(() => groups.Read("SELECT 1", [], row => row.GetInt32(0)));
    }

    private Npgsql.NpgsqlDataSource Source(string more) => Npgsql.NpgsqlDataSource.Create($"{PostgresDatabase.Settings(((PostgresTestDatabase)Place).Url)};{more}");

    private string Name => ((PostgresTestDatabase)Place).Name;

    private async Task<(int Number, string Transaction)> Ask(string sql) =>
        (await Database.Read(sql, [], row => (row.GetInt32(0), row.GetString(1)))).First();

    private async Task<long> Asking() => (long)(await server.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Name}' AND wait_event = 'PgSleep'"))!;
}
