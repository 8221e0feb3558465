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

    private string Name => ((PostgresTestDatabase)Place).Name;

    private async Task<(int Number, string Transaction)> Ask(string sql) =>
        (await Database.Read(sql, [], row => (row.GetInt32(0), row.GetString(1)))).First();

    private async Task<long> Asking() => (long)(await server.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Name}' AND wait_event = 'PgSleep'"))!;
}
