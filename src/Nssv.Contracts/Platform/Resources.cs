using Nssv.Kernel;
using Nssv.Kernel.Model;
using Nssv.Kernel.Settings;

namespace Nssv.Contracts.Platform;

/// <summary>
/// Something about the platform that may be changed while it runs. One row for each that is declared, made by the managers themselves: what can be changed is
/// its value. <see cref="Value"/> is what holds, on every manager.
/// </summary>
[Resource("settings", ShortName = "setting", Rank = 5)]
public sealed record Setting : Resource
{
    /// <summary>"area.camelCase"; may stand for the id in the path.</summary>
    [Index(Unique = true)] public required string Name { get; init; }

    /// <summary>As text in the kind's one form: "7", "true", "12h", "10GiB".</summary>
    public required string Value { get; init; }

    /// <summary>A person has set it; else it is the default, and follows the default of later releases.</summary>
    public required bool Overridden { get; init; }

    [Observed] public required SettingKind Kind { get; init; }

    /// <summary>What it is called.</summary>
    [Observed] public required string Title { get; init; }

    [Observed] public required string Description { get; init; }

    /// <summary>Of an integer: "days". Null where the value tells it.</summary>
    [Observed] public string? Unit { get; init; }

    [Observed] public required string DefaultValue { get; init; }

    /// <summary>The least that is allowed.</summary>
    [Observed] public string? Minimum { get; init; }

    /// <summary>The most that is allowed.</summary>
    [Observed] public string? Maximum { get; init; }

    /// <summary>Of a choice: what may be chosen from.</summary>
    [Observed, JsonColumn] public IReadOnlyList<string> Choices { get; init; } = [];
}
