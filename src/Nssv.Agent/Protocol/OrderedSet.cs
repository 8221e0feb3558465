namespace Nssv.Agent.Protocol;

/// <summary>Commands in the order in which they came, each once; removal from anywhere is cheap.</summary>
internal sealed class OrderedSet
{
    private readonly LinkedList<CommandEntry> _order = [];
    private readonly Dictionary<CommandEntry, LinkedListNode<CommandEntry>> _nodes = [];

    public int Count => _order.Count;

    /// <summary>False if it is there already.</summary>
    public bool Add(CommandEntry entry)
    {
        if (_nodes.ContainsKey(entry))
            return false;
        _nodes.Add(entry, _order.AddLast(entry));
        return true;
    }

    public void Remove(CommandEntry entry)
    {
        if (_nodes.Remove(entry, out var node))
            _order.Remove(node);
    }

    public IEnumerable<CommandEntry> Take(int count) => _order.Take(count);

    public void RemoveWhere(Predicate<CommandEntry> match)
    {
        for (var node = _order.First; node is not null;)
        {
            var next = node.Next;
            if (match(node.Value))
            {
                _nodes.Remove(node.Value);
                _order.Remove(node);
            }
            node = next;
        }
    }
}
