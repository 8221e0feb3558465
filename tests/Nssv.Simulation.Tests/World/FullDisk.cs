using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Simulation.Tests.World;

/// <summary>Refuses every unit while the database's disk is full.</summary>
internal sealed class FullDisk(IWriter writer, Func<bool> isFull) : IWriter
{
    public Task<long> Commit(UnitOfWork unit) =>
        isFull() ? Task.FromException<long>(Problems.StorageFull("The simulated disk is full.").AsException()) : writer.Commit(unit);
}
