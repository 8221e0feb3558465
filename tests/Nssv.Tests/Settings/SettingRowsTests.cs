using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Retention;
using Nssv.Kernel.Settings;
using Nssv.Services.Identity;
using Nssv.Services.Platform.Settings;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Settings;

/// <summary>Two management nodes on one database, with the rows of their settings.</summary>
public abstract class SettingRowsTests : DatabaseTest
{
    private static readonly SettingCatalog Catalog = new([SessionSettings.Lifetime, RetentionSettings.Events, RetentionSettings.Operations]);

    protected override bool WithSchema => false;

    [Fact]
    public async Task Nodes_that_start_at_the_same_moment_make_one_row_for_each_setting()
    {
        var (first, second) = Nodes();

        await Task.WhenAll(first.Rows.Describe(), second.Rows.Describe());

        var rows = await first.Store.List<Setting>();
        rows.Select(row => row.Name).ShouldBe(["retention.events", "retention.operations", "session.lifetime"], ignoreOrder: true);
        rows.ShouldAllBe(row => row.Version == 1 && row.Value == row.DefaultValue && !row.Overridden);
        (await first.Store.List<Event>()).Count(change => change.Type == "setting.created").ShouldBe(3);
    }

    [Fact]
    public async Task A_change_made_on_one_node_holds_on_the_other()
    {
        var (first, second) = Nodes();
        await first.Rows.Describe();
        await second.Rows.Describe();

        var row = await first.Store.Get<Setting>(SessionSettings.Lifetime.Id);
        await first.Writer.Commit(new UnitOfWork().Update(row, row with { Value = "2h", Overridden = true }));

        first.Values.Get(SessionSettings.Lifetime).ShouldBe(TimeSpan.FromHours(2), "its own commits are heard before the answer");
        await Poll.Until("the other node heard", () => Task.FromResult(second.Values.Get(SessionSettings.Lifetime) == TimeSpan.FromHours(2)));
        second.Values.Get(RetentionSettings.Events).ShouldBe(KeepFor.Days(7));
    }

    [Fact]
    public async Task A_row_of_another_build_is_described_anew_and_what_a_person_set_stays()
    {
        var (first, second) = Nodes();
        await first.Rows.Describe();
        var (mine, theirs) = (await first.Store.Get<Setting>(RetentionSettings.Events.Id), await first.Store.Get<Setting>(RetentionSettings.Operations.Id));
        await first.Writer.Commit(new UnitOfWork()
            .Update(mine, mine with { Value = "9 days", Overridden = true, DefaultValue = "1 day" })
            .Update(theirs, theirs with { Value = "9 days", DefaultValue = "9 days" }));

        await second.Rows.Describe();

        (await second.Store.Get<Setting>(mine.Id)).ShouldSatisfyAllConditions(row => row.Value.ShouldBe("9 days"), row => row.DefaultValue.ShouldBe("7 days"));
        (await second.Store.Get<Setting>(theirs.Id)).Value.ShouldBe("30 days");
        second.Values.Get(RetentionSettings.Events).ShouldBe(KeepFor.Days(9));
        second.Values.Get(RetentionSettings.Operations).ShouldBe(KeepFor.Days(30));
    }

    [Fact]
    public async Task A_value_that_this_build_does_not_allow_is_not_used()
    {
        var (first, second) = Nodes();
        await first.Rows.Describe();
        var row = await first.Store.Get<Setting>(SessionSettings.Lifetime.Id);
        await first.Writer.Commit(new UnitOfWork().Update(row, row with { Value = "99d", Overridden = true }));

        await second.Rows.Load();

        first.Values.Get(SessionSettings.Lifetime).ShouldBe(TimeSpan.FromHours(12));
        second.Values.Get(SessionSettings.Lifetime).ShouldBe(TimeSpan.FromHours(12));
    }

    private (Node First, Node Second) Nodes()
    {
        var (first, second) = (Make(schema: true), Make(schema: false));
        (first.Events.Own, second.Events.Own) = (second.Events.Heard, first.Events.Heard);
        return (first, second);
    }

    private Node Make(bool schema)
    {
        var database = Opened(Place.Open(ProductSchemaTests.Manager));
        if (schema)
            Schema.CreateFromModel(database);
        var (store, values) = (new Store(database), new SettingValues());
        var events = new EventStream(store, TimeProvider.System);
        var writer = Opened(new Writer(database, MemberFence.Acquire(database, Sample.NewId(), TimeProvider.System, alone: false), new WriterOptions { Observers = [events] }));
        var rows = new SettingRows(Catalog, values, store, writer, new NodeIdentity(Sample.Project, 1), TimeProvider.System, NullLogger<SettingRows>.Instance);
        events.Listen(rows);
        events.Heard(0);
        return new Node(store, writer, values, rows, events);
    }

    private sealed record Node(IStore Store, IWriter Writer, SettingValues Values, SettingRows Rows, EventStream Events);
}

[Trait("group", "data")]
public sealed class SqliteSettingRowsTests : SettingRowsTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresSettingRowsTests(PostgresServer server) : SettingRowsTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
