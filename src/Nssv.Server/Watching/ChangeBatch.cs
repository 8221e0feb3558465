using System.Collections.Concurrent;

namespace Nssv.Server.Watching;

/// <summary>What a stretch of the event stream changed in one kind of resource: read once, whoever watches.</summary>
/// <param name="to">Number of the last event of the stretch.</param>
/// <param name="changes">In the order of their numbers, each resource once.</param>
internal sealed class ChangeBatch(long to, IReadOnlyList<RowChange> changes)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyDictionary<Id, object>>>> _picked = new(StringComparer.Ordinal);

    public long To { get; } = to;

    public IReadOnlyList<RowChange> Changes { get; } = changes;

    /// <summary>About what it holds of memory: the document, and the row, whose texts have two bytes a letter.</summary>
    public int Bytes { get; } = changes.Sum(change => 512 + 3 * change.Document.Length);

    /// <summary>The resources that are there.</summary>
    public IReadOnlyList<Id> Present { get; } = [.. changes.Where(change => change.Row is not null).Select(change => change.Id)];

    /// <summary>What the database was asked about these changes; once for all who ask the same.</summary>
    public async Task<IReadOnlyDictionary<Id, object>> Picked(string question, Func<Task<IReadOnlyDictionary<Id, object>>> ask)
    {
        var asked = _picked.GetOrAdd(question, _ => new(ask));
        try
        {
            return await asked.Value;
        }
        catch
        {
            // The next one asks again.
            _picked.TryRemove(new(question, asked));
            throw;
        }
    }
}
