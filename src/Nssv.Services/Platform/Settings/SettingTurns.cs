using System.Text.Json;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Platform.Settings;

/// <summary>Sets a value that the declaration allows.</summary>
internal sealed class SetSettingTurn(SettingCatalog catalog) : AcceptTurn<SetSetting, Setting>
{
    private const int LongestShown = 60;

    public override ValueTask<Decision> Decide(SetSetting request, Setting setting, AcceptContext turn)
    {
        var declaration = SettingChange.Known(catalog, setting);
        var text = request.Value.ValueKind switch
        {
            JsonValueKind.String => request.Value.GetString()!,
            JsonValueKind.Number => request.Value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => throw Problems.Invalid("value", "It must be a text, a number, or true or false.", code: "wrong-type").AsException(),
        };
        var value = declaration.Canonical(text) ?? throw Problems.Invalid(
            "value",
            $"'{(text.Length <= LongestShown ? text : text[..LongestShown] + "…")}' does not suit {setting.Name}: it must be {declaration.Allowed}.",
            $"Give {declaration.Allowed}; the default is {declaration.DefaultText}.", "setting-value").AsException();
        return ValueTask.FromResult(SettingChange.Changed(setting, value, overridden: true, turn));
    }
}

/// <summary>Gives a setting its default back, which it follows from now on.</summary>
internal sealed class ResetSettingTurn(SettingCatalog catalog) : AcceptTurn<ResetSetting, Setting>
{
    public override ValueTask<Decision> Decide(ResetSetting request, Setting setting, AcceptContext turn) =>
        ValueTask.FromResult(SettingChange.Changed(setting, SettingChange.Known(catalog, setting).DefaultText, overridden: false, turn));
}
