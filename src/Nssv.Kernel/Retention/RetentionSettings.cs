using Nssv.Kernel.Settings;

namespace Nssv.Kernel.Retention;

/// <summary>How long what is over is kept.</summary>
[SettingGroup]
public static class RetentionSettings
{
    public static KeepForSetting Operations { get; } = new("retention.operations", "Operations kept",
        "How long operations are kept from their end on, with their steps: as a time, or as the newest so many. What waits for a host or a person is kept however old it is.",
        KeepFor.Days(30), RetentionPolicy.LeastAge);

    public static KeepForSetting Events { get; } = new("retention.events", "Events kept",
        "How long events are kept from their commit on: as a time, or as the newest so many. Who reads the stream of events after an older one must begin anew.",
        KeepFor.Days(7), TimeSpan.FromHours(1));

    public static KeepForSetting AuditEntries { get; } = new("retention.auditEntries", "Audit entries kept",
        "How long entries of the audit are kept: as a time, or as the newest so many. What goes is announced in the audit first, and the rest can still be verified.",
        KeepFor.Days(365), TimeSpan.FromHours(24));
}

/// <summary>"30 days", "36 hours" or "1000000 rows".</summary>
public sealed class KeepForSetting(string name, string title, string description, KeepFor defaultValue, TimeSpan least)
    : SettingDeclaration<KeepFor>(name, SettingKind.Text, title, description, defaultValue)
{
    public override string Minimum => $"{least.TotalHours:0} hour{(least.TotalHours == 1 ? "" : "s")}, or 1 row";
    public override string Maximum => "36500 days, or 1000000000000 rows";
    public override string Allowed => $"a time of at least {least.TotalHours:0} hour{(least.TotalHours == 1 ? "" : "s")} or a number of rows, such as '30 days', '36h' or '1000000 rows'";

    protected override bool TryRead(string text, out KeepFor value)
    {
        var read = KeepFor.TryParse(text, out var keep);
        value = keep ?? Default;
        return read && (keep!.Age ?? least) >= least;
    }

    protected override string Write(KeepFor value) => value.ToString();
}
