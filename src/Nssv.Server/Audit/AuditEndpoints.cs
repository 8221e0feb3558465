using Nssv.Kernel.Audit;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Audit;

/// <summary>Verifying and exporting the audit; it is listed like any other resource.</summary>
internal sealed class AuditEndpoints(Collections collections, ResourceModels models, AuditVerification verification, IAuthoriser authoriser)
{
    private const string VerifyPermission = "audit-entry.verify";
    private const string ExportPermission = "audit-entry.export";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost($"{ApiPaths.Root}/audit-entries:verify", Verify).Allow(Access.Permitted(VerifyPermission))
            .WithMetadata(new Answers("Read the whole audit and find the first entry that was changed, removed or inserted", ("200", typeof(AuditReport))));
        endpoints.MapGet($"{ApiPaths.Root}/audit-entries:export", Export).Allow(Access.Permitted(ExportPermission))
            .WithMetadata(new Answers("The audit, or what of it a filter meets, as lines of JSON (application/x-ndjson), oldest first", ("200", typeof(AuditEntry))));
    }

    private async Task Verify(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, await verification.Run(http.RequestAborted));
    }

    private async Task Export(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query, "filter");
        var table = models.Table<AuditEntry>();
        var access = authoriser.Scope(http.Caller(), ResourceEndpoints.ReadPermission(table)).ProjectIds is { } projects ? AccessPredicate.InProjects(projects) : AccessPredicate.All;
        var query = new ListQuery { Filter = http.Request.Query["filter"].FirstOrDefault(), Sort = "sequence", Limit = ListQuery.MostLimit };
        var line = new AuditLine();
        do
        {
            // The first page is read before the answer begins, so that a wrong filter is a problem like any other.
            var page = await collections.List<AuditEntry>(query, access);
            http.Response.ContentType = "application/x-ndjson; charset=utf-8";
            foreach (var entry in page.Items)
            {
                await http.Response.BodyWriter.WriteAsync(line.Of(entry), http.RequestAborted);
                await http.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), http.RequestAborted);
            }
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
