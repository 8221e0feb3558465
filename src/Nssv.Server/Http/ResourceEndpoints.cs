using System.Buffers;
using System.Text.Json;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Query;

namespace Nssv.Server.Http;

/// <summary>List and get of every declared resource: a new one comes with both for nothing.</summary>
internal sealed class ResourceEndpoints(Collections collections, IStore store, IAuthoriser authoriser, OperationEngine running)
{
    public static readonly string[] ListParameters = ["filter", "sort", "limit", "cursor", "count", "fields", "expand", "aggregate", "groupBy"];
    public static readonly string[] GetParameters = ["fields", "expand"];

    public static string ReadPermission(TableModel table) => $"{table.Singular}.read";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var table in collections.Models.Resources)
        {
            var access = Access.Permitted(ReadPermission(table));
            endpoints.MapGet($"{ApiPaths.Root}/{table.Collection}", http => List(http, table)).Allow(access).WithMetadata(new ReadEndpoint(table, ReadKind.List));
            endpoints.MapPost($"{ApiPaths.Root}/{table.Collection}:query", http => Query(http, table)).Allow(access).WithMetadata(new ReadEndpoint(table, ReadKind.Query));
            endpoints.MapGet($"{ApiPaths.Root}/{table.Collection}/{{id}}", http => Get(http, table)).Allow(access).WithMetadata(new ReadEndpoint(table, ReadKind.Get));
        }
    }

    private Task List(HttpContext http, TableModel table)
    {
        var query = http.Request.Query;
        QueryParameters.Check(query, ListParameters);
        return Answer(http, table, new ListQuery
        {
            Filter = QueryParameters.Text(query, "filter"),
            Sort = QueryParameters.Text(query, "sort"),
            Limit = (int?)QueryParameters.Number(query, "limit", 0, ListQuery.MostLimit),
            Cursor = QueryParameters.Text(query, "cursor"),
            Count = QueryParameters.Flag(query, "count"),
            Fields = QueryParameters.Names(query, "fields"),
            Expand = QueryParameters.Names(query, "expand"),
            Aggregate = QueryParameters.Names(query, "aggregate"),
            GroupBy = QueryParameters.Names(query, "groupBy"),
        });
    }

    /// <summary>The same with a body, for what a URL cannot hold. It changes nothing: there is no operation, and no key is needed to repeat it.</summary>
    private async Task Query(HttpContext http, TableModel table)
    {
        QueryParameters.Check(http.Request.Query);
        var body = await RequestBody.Read(http.Request, QueryDocument.LongestBody, RequestBody.Json);
        await Answer(http, table, body.IsEmpty ? new() : StrictJson.Read<QueryDocument>(StrictJson.ParseObject(body)).AsQuery());
    }

    private async Task Answer(HttpContext http, TableModel table, ListQuery query)
    {
        var page = await collections.List(table, query, Visible(authoriser, http.Caller()), http.RequestAborted);
        var operations = page.Items is [Operation, ..] ? await OperationDocument.Of([.. page.Items.Cast<Operation>()], store, running) : null;
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            for (var i = 0; i < page.Items.Count; i++)
            {
                if (operations is null)
                    ResourceView.Write(writer, table, page.Items[i]);
                else
                    operations[i].WriteTo(writer);
            }
            writer.WriteEndArray();
            if (page.Groups is { } groups)
            {
                writer.WriteStartArray("groups");
                foreach (var group in groups)
                    group.Write(writer);
                writer.WriteEndArray();
            }
            if (page.NextCursor is not null)
                writer.WriteString("nextCursor", page.NextCursor);
            if (page.Count is { } count)
                writer.WriteNumber("count", count);
            writer.WriteEndObject();
        });
    }

    private async Task Get(HttpContext http, TableModel table)
    {
        var parameters = http.Request.Query;
        QueryParameters.Check(parameters, GetParameters);
        var query = new ListQuery { Fields = QueryParameters.Names(parameters, "fields"), Expand = QueryParameters.Names(parameters, "expand") };
        var row = await collections.Get(table, http.RouteId()!.Value, Visible(authoriser, http.Caller()), query, http.RequestAborted);
        var operation = row is Operation found ? await OperationDocument.Of(found, store, running) : null;
        // A part of a resource, or one with others put into it, is no version of it.
        if (row is Resource { Version: var version })
        {
            http.Response.Headers.ETag = RequestHeaders.ETag(version);
            // What is only observed changes without a new version: an operation, or a running machine, is always sent anew.
            if (operation is null && !HasObserved(table) && !RequestHeaders.NoneMatches(http.Request.Headers, version))
            {
                http.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, writer =>
        {
            if (operation is null)
                ResourceView.Write(writer, table, row);
            else
                operation.WriteTo(writer);
        });
    }

    private static bool HasObserved(TableModel table) => table.Columns.Any(column => column.Observed);

    /// <summary>Each kind of resource that a query touches is asked for on its own.</summary>
    public static AccessPredicate Visible(IAuthoriser authoriser, Caller caller) =>
        AccessPredicate.ByTable(table => authoriser.Scope(caller, ReadPermission(table)).ProjectIds is { } projects ? AccessPredicate.InProjects(projects) : AccessPredicate.All);
}

/// <summary>Says of an endpoint that it reads this resource.</summary>
internal sealed record ReadEndpoint(TableModel Table, ReadKind Kind);

internal enum ReadKind { List, Query, Get, Watch }
