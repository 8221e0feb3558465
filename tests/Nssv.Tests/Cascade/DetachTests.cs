using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cascade;

/// <summary>References that are set to null, with a model whose machines have a spare rack beside their own.</summary>
public abstract class DetachTests : DatabaseTest
{
    [Fact]
    public async Task A_spare_reference_is_cleared_and_its_row_stays()
    {
        var (gone, kept) = (await AddRack("gone"), await AddRack("kept"));
        var machine = Sample.Machine(kept) with { SpareRackId = gone.Id };
        await Writer.Commit(new UnitOfWork().Insert(machine));
        var reader = new CascadeReader(Sample.Models, Store, new CascadeHooks([], [], TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<CascadeHooks>.Instance),
            new CascadeCatalog(Sample.Models, new TurnCatalog([], null!), []));

        var alone = await reader.Read(Sample.Models.Table<Rack>(), gone, cascade: false);
        alone.Hindrances.ShouldHaveSingleItem().Id.ShouldBe(machine.Id);
        var plan = CascadePlanner.Plan(await reader.Read(Sample.Models.Table<Rack>(), gone, cascade: true), kind => new(kind, 1, CascadeAction.Delete));
        var step = plan.Steps.ShouldHaveSingleItem();
        (plan.Refused, step.Action, step.Property, step.Rows.Single().Id).ShouldBe((false, CascadeAction.Detach, nameof(Machine.SpareRackId), machine.Id));

        await Clear(machine.Id, gone.Id);
        await Clear(machine.Id, gone.Id);
        var after = await Store.Get<Machine>(machine.Id);
        (after.SpareRackId, after.RackId, after.Version).ShouldBe((null, kept.Id, machine.Version + 1));
        await Writer.Commit(new UnitOfWork().Delete(gone));
    }

    [Fact]
    public async Task One_that_refers_elsewhere_by_now_is_left_as_it_is()
    {
        var (gone, kept) = (await AddRack("gone"), await AddRack("kept"));
        var machine = Sample.Machine(kept) with { SpareRackId = kept.Id };
        await Writer.Commit(new UnitOfWork().Insert(machine));
        await Clear(machine.Id, gone.Id);
        (await Store.Get<Machine>(machine.Id)).SpareRackId.ShouldBe(kept.Id);
    }

    private async Task Clear(Id machine, Id rack)
    {
        var turn = new ClearReferenceTurn(Sample.Models);
        var answer = await turn.Decide(new ClearReference(machine, "machine", nameof(Machine.SpareRackId), rack), new TurnContext(Store, TimeProvider.System, null!));
        if (!answer.Unit.IsEmpty)
            await Writer.Commit(answer.Unit);
    }
}

[Trait("group", "data")]
public sealed class SqliteDetachTests : DetachTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresDetachTests(PostgresServer server) : DetachTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
