using System.Runtime.CompilerServices;
using Nssv.Client.Events;
using Nssv.Client.Problems;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    /// <summary>
    /// What meets a query, and from then on each change of that, without an end. A broken connection is opened again where it was; when the server does not keep
    /// what came between any more, it begins anew. Whoever applies it holds what a list would say.
    /// </summary>
    /// <param name="collection">For example <c>virtual-machines</c>.</param>
    /// <param name="query">Filter, fields and expand.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<ResourceChange> Watch(string collection, ListQuery query, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var path = $"{Root}/{collection}:watch{new ListQuery(query.Filter) { Fields = query.Fields, Expand = query.Expand }.ToQueryString(pageSize: null, cursor: null)}";
        string? place = null;
        var failures = 0;
        while (true)
        {
            EventStream? stream = null;
            try
            {
                stream = await OpenStream(path, place, cancellation);
            }
            catch (ApiProblemException gone) when (gone.Problem.Status == 410 && place is not null)
            {
                place = null;
                continue;
            }
            catch (Exception fault) when (IsOutage(fault) && ++failures < connection.Retry.Attempts * 4)
            {
                // The manager is away for a moment.
            }

            if (stream is not null)
            {
                using (stream)
                {
                    if (place is null)
                    {
                        yield return ResourceChange.Begun;
                    }

                    await foreach (var item in stream.Read(cancellation))
                    {
                        failures = 0;
                        if (ResourceChange.Of(item) is { } change)
                        {
                            yield return change;
                        }
                    }

                    place = stream.LastEventId ?? place;
                }
            }

            await Task.Delay(connection.Retry.DelayAfter(Math.Max(1, Math.Min(failures, 8))), connection.Time, cancellation);
        }
    }
}
