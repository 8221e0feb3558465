using Nssv.Contracts.Network;
using Nssv.Kernel;

namespace Nssv.Services.Network.PortGroups;

/// <summary>What the manager knows of one kind of port group; how a host plugs cards in is in its agent.</summary>
public interface IPortGroupKind
{
    /// <summary>As resources name it, such as "isolated".</summary>
    string Name { get; }

    /// <summary>What is wrong with the fields that only this kind has. Pure.</summary>
    IEnumerable<FieldError> Check(CreatePortGroup request);
}

/// <summary>A link with no peer: the guest sees a card with a cable that leads nowhere.</summary>
internal sealed class IsolatedPortGroup : IPortGroupKind
{
    public string Name => "isolated";

    public IEnumerable<FieldError> Check(CreatePortGroup request) => [];
}

/// <summary>The kinds that this version has drivers for.</summary>
public sealed class PortGroupKinds(IEnumerable<IPortGroupKind> kinds)
{
    private readonly SortedDictionary<string, IPortGroupKind> _kinds = new(kinds.ToDictionary(kind => kind.Name), StringComparer.Ordinal);

    /// <exception cref="ProblemException">400 kind-unknown, naming those that there are.</exception>
    public IPortGroupKind Get(string name) =>
        _kinds.TryGetValue(name, out var kind) ? kind
        : throw (Problems.Invalid("kind", "There is no port group of this kind.", $"Use one of: {string.Join(", ", _kinds.Keys)}.", "kind-unknown") with { Candidates = [.. _kinds.Keys] }).AsException();
}
