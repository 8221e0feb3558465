using System.Text.Json.Nodes;
using Nssv.Client.Problems;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    private const int CandidatesShown = 20;

    // The one collection that is called by what it is, not by what is in it.
    private const string RecycleBin = "recycle-bin";

    /// <summary>Finds a resource by its id or by a name that only one has. A name that several have is a problem that lists them; one that none has is a problem of status 404.</summary>
    public async Task<JsonObject> Resolve(string collection, string idOrName, CancellationToken cancellation = default) =>
        await Find(collection, idOrName, cancellation) ?? throw new ApiProblemException(new ApiProblem
        {
            Status = 404,
            Code = "not-found",
            Title = "There is no such resource",
            Detail = $"{(collection == RecycleBin ? "Nothing in the recycle bin" : $"None of the {collection.Replace('-', ' ')}")} has the id or name \"{idOrName}\".",
            Advice = $"'nssv api GET {Root}/{collection}' lists what there is.",
        });

    /// <summary>As <see cref="Resolve"/>, but null when there is none.</summary>
    public async Task<JsonObject?> Find(string collection, string idOrName, CancellationToken cancellation = default)
    {
        if (Guid.TryParseExact(idOrName, "D", out _))
        {
            try
            {
                return await Get(collection, idOrName, cancellation);
            }
            catch (ApiProblemException none) when (none.Problem.Status == 404)
            {
                // A resource may be named like an id.
            }
        }

        var found = new List<JsonObject>();
        await foreach (var item in List(collection, new ListQuery($"name = {ListQuery.Quote(idOrName)}", Limit: CandidatesShown + 1), cancellation))
        {
            found.Add(item);
        }

        return found.Count switch
        {
            0 => null,
            1 => found[0],
            _ => throw new ApiProblemException(Ambiguous(collection, idOrName, found)),
        };
    }

    private static ApiProblem Ambiguous(string collection, string name, List<JsonObject> found) => new()
    {
        Status = 409,
        Code = "ambiguous-name",
        Title = "The name is not unique",
        Detail = $"{(found.Count > CandidatesShown ? $"More than {CandidatesShown}" : found.Count)} {(collection == RecycleBin ? "things in the recycle bin" : collection.Replace('-', ' '))} are named \"{name}\".",
        Advice = "Give the id of the one that you mean.",
        Candidates = [.. found.Take(CandidatesShown).Select(item => new Candidate(item["id"].AsText() ?? "", item["name"].AsText(), Describe(item)))],
    };

    private static string Describe(JsonObject item) =>
        string.Join(", ", new[] { item["state"].AsText(), item["createdAt"].AsTime() is { } at ? $"created {at:yyyy-MM-dd HH:mm}" : null }.Where(part => part is not null));
}
