using System.Text.Json.Nodes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Calls.Patching;

/// <summary>Changes the [Editable] fields of any resource: a JSON merge patch (RFC 7396) whose other fields are refused.</summary>
/// <param name="Patch">Fields by their names in the API, of the right kinds; null takes a value away.</param>
/// <param name="Permission">"&lt;resource&gt;.update".</param>
public sealed record PatchResource<T>(Id ResourceId, JsonObject Patch, string Permission) : Request, IPermissioned where T : Resource
{
    public override Id Target => ResourceId;
}
