using Nssv.Kernel;

namespace Nssv.Agent.Protocol;

/// <summary>
/// A line of commands for each resource: the first of a line runs, the others wait, and over all lines no more than a bound run at once.
/// Decides only; whoever calls starts what <see cref="TakeReady"/> names. Guarded by the desk's lock.
/// </summary>
internal sealed class ResourceLines(int limit)
{
    private readonly Dictionary<Id, Line> _lines = [];
    private readonly Queue<Line> _ready = [];

    public int Running { get; private set; }

    /// <summary>Waiting and running.</summary>
    public int Count { get; private set; }

    public void Append(CommandEntry entry)
    {
        if (!_lines.TryGetValue(entry.Resource, out var line))
            _lines.Add(entry.Resource, line = new(entry.Resource));
        line.Waiting.Enqueue(entry);
        Count++;
        Offer(line);
    }

    /// <summary>Something about a waiting command has changed: its line may move.</summary>
    public void Touch(CommandEntry entry)
    {
        if (_lines.TryGetValue(entry.Resource, out var line))
            Offer(line);
    }

    /// <summary>The running command of this resource has ended.</summary>
    public void Release(CommandEntry entry)
    {
        var line = _lines[entry.Resource];
        line.Busy = false;
        Running--;
        Count--;
        Offer(line);
    }

    /// <summary>Moves the next commands to Running, those of a superseded epoch aside.</summary>
    public IReadOnlyList<CommandEntry> TakeReady()
    {
        List<CommandEntry>? taken = null;
        while (Running < limit && _ready.TryDequeue(out var line))
        {
            line.Offered = false;
            if (Next(line) is not { } entry)
                continue;
            line.Busy = true;
            Running++;
            entry.Phase = CommandPhase.Running;
            (taken ??= []).Add(entry);
        }
        return taken ?? (IReadOnlyList<CommandEntry>)[];
    }

    private void Offer(Line line)
    {
        if (line.Busy || line.Offered)
            return;
        if (line.Waiting.Count == 0)
        {
            _lines.Remove(line.Resource);
            return;
        }
        line.Offered = true;
        _ready.Enqueue(line);
    }

    private CommandEntry? Next(Line line)
    {
        while (line.Waiting.TryPeek(out var entry))
        {
            if (entry.Phase == CommandPhase.Journaling)
                return null;
            line.Waiting.Dequeue();
            if (entry.Phase != CommandPhase.Waiting)
            {
                Count--;
                continue;
            }
            // The moment that decides: from here on the command counts as running, so an Ask either sees it run or keeps it from beginning.
            if (!entry.IsSuperseded)
                return entry;
            Count--;
            entry.Phase = CommandPhase.Parked;
        }
        _lines.Remove(line.Resource);
        return null;
    }

    private sealed class Line(Id resource)
    {
        public Id Resource { get; } = resource;
        public Queue<CommandEntry> Waiting { get; } = [];
        public bool Busy { get; set; }
        public bool Offered { get; set; }
    }
}
