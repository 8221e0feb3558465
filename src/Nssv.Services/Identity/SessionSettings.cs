using Nssv.Kernel.Settings;

namespace Nssv.Services.Identity;

[SettingGroup]
public static class SessionSettings
{
    public static DurationSetting Lifetime { get; } = new("session.lifetime", "Lifetime of a session",
        "How long after signing in a session ends, whether it is used or not. It holds for sessions that begin from now on.",
        TimeSpan.FromHours(12), TimeSpan.FromMinutes(5), TimeSpan.FromDays(30));
}
