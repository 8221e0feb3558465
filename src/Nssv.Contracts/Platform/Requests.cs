using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Calls;

namespace Nssv.Contracts.Platform;

/// <summary>Sets a setting's value; it holds on all managers at once, without a restart.</summary>
/// <param name="Value">A text, number, or true or false, of the setting's kind and in its range.</param>
[ApiRequest("PATCH", "settings/{id}", Permission = "setting.update", Summary = "Change a setting")]
public sealed record SetSetting([property: FromRoute] Id Id, JsonElement Value) : Request
{
    public override Id Target => Id;
}

/// <summary>Gives a setting its default back.</summary>
[ApiRequest("POST", "settings/{id}:reset", Permission = "setting.reset", Summary = "Give a setting its default back")]
public sealed record ResetSetting([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}
