using Nssv.Kernel.Ownership;

namespace Nssv.Server.Http;

/// <summary>Ids for new resources, on a shard of this node where it has one: such a request is done here and need not be forwarded.</summary>
internal sealed class OwnIds(IIdSource ids, IOwnership ownership) : IIdSource
{
    /// <summary>A node with one shard in a hundred finds one of its own by then in every other case; what does not is forwarded.</summary>
    private const int Tries = 64;

    public Id Next()
    {
        var id = ids.Next();
        for (var tried = 1; tried < Tries && ownership.Hold(id) is not { IsValid: true }; tried++)
            id = ids.Next();
        return id;
    }
}
