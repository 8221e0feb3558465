namespace Nssv.Server.Watching;

internal enum RowNews { Nothing, Added, Changed, Removed }

/// <summary>
/// What a watcher has been told of: decides what a row that changed is to it. Bounded; what it has forgotten, or never knew since the watcher came back from elsewhere,
/// is told as if the watcher might have it: added where it has it already, removed where it never had it.
/// </summary>
/// <param name="most">How many rows are remembered.</param>
internal sealed class ToldRows(int most)
{
    private readonly Dictionary<Id, bool> _told = [];

    /// <summary>Rows that are not remembered are not with the watcher.</summary>
    private bool _isWhole;

    /// <summary>From now on everything that the watcher has is told through here.</summary>
    public void BeginWhole() => _isWhole = true;

    /// <param name="meets">The row is there, may be seen and meets the filter.</param>
    public RowNews Tell(Id id, bool meets)
    {
        var isKnown = _told.TryGetValue(id, out var has);
        if (meets)
        {
            Remember(id, true);
            return isKnown && has ? RowNews.Changed : RowNews.Added;
        }
        if (isKnown ? !has : _isWhole)
            return RowNews.Nothing;
        if (_isWhole)
            _told.Remove(id);
        else
            Remember(id, false);
        return RowNews.Removed;
    }

    private void Remember(Id id, bool has)
    {
        if (_told.Count >= most && !_told.ContainsKey(id))
        {
            _told.Clear();
            _isWhole = false;
        }
        _told[id] = has;
    }
}
