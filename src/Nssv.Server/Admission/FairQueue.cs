namespace Nssv.Server.Admission;

/// <summary>Lets a bounded number in at one time; the others wait, each caller in a line of its own, and the lines take turns.</summary>
/// <param name="places">How many may be inside.</param>
internal sealed class FairQueue<T>(int places) where T : class
{
    private readonly Dictionary<Id, LinkedList<T>> _lines = [];
    private readonly LinkedList<Id> _turns = new();

    public int Inside { get; private set; }

    public int Waiting { get; private set; }

    public int Callers => _lines.Count;

    public int WaitingOf(Id caller) => _lines.TryGetValue(caller, out var line) ? line.Count : 0;

    /// <returns>True when it is inside at once; else it stands at the end of its caller's line.</returns>
    public bool Enter(Id caller, T who)
    {
        if (Inside < places && Waiting == 0)
        {
            Inside++;
            return true;
        }
        if (!_lines.TryGetValue(caller, out var line))
        {
            _lines[caller] = line = new();
            _turns.AddLast(caller);
        }
        line.AddLast(who);
        Waiting++;
        return false;
    }

    /// <summary>Someone inside is done.</summary>
    /// <returns>Who goes in instead; null when nobody waits.</returns>
    public T? Leave()
    {
        if (_turns.First is not { Value: var caller })
        {
            Inside--;
            return null;
        }
        var line = _lines[caller];
        var next = line.First!.Value;
        line.RemoveFirst();
        Waiting--;
        _turns.RemoveFirst();
        if (line.Count > 0)
            _turns.AddLast(caller);
        else
            _lines.Remove(caller);
        return next;
    }

    /// <summary>Whoever waits goes away.</summary>
    /// <returns>False when it does not wait: it has been let in.</returns>
    public bool GiveUp(Id caller, T who)
    {
        if (!_lines.TryGetValue(caller, out var line) || !line.Remove(who))
            return false;
        Waiting--;
        if (line.Count == 0)
        {
            _lines.Remove(caller);
            _turns.Remove(caller);
        }
        return true;
    }
}
