using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

[Trait("group", "data")]
public sealed class InMemoryTests
{
    [Fact]
    public async Task A_record_comes_back_as_it_was_written()
    {
        await using var database = SqliteDatabase.InMemory(Sample.Models);
        Schema.CreateFromModel(database);
        var fence = MemberFence.Acquire(database, Sample.Manager, TimeProvider.System);
        await using var writer = new Writer(database, fence, new() { Thread = new ContextThread() });
        var store = new Store(database);
        var rack = Sample.Rack();
        var machine = Sample.Machine(rack);
        (await writer.Commit(new UnitOfWork().Insert(rack).Insert(machine))).ShouldBe(2);
        var found = await store.Get<Machine>(machine.Id);
        found.ShouldBe(machine with { Labels = found.Labels, Slots = found.Slots });
        await writer.Commit(new UnitOfWork().Update(found, found with { CpuCount = 8 }).Observe(found, found with { State = MachineState.Running, ObservedSequence = 3 }));
        found = await store.Get<Machine>(machine.Id);
        found.Version.ShouldBe(2);
        found.State.ShouldBe(MachineState.Running);
    }
}
