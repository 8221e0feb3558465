using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Events;
using Nssv.Services.Platform.Settings;
using Nssv.Services.Platform.Tags;

namespace Nssv.Services.Platform;

public static class SettingsRegistration
{
    /// <summary>Beside the turns: the settings' rows, and their names in paths; the rows of tags that are declared.</summary>
    public static IServiceCollection AddSettings(this IServiceCollection services)
    {
        services.AddSingleton<SettingRows>();
        services.AddSingleton<TagTypeRows>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<SettingRows>());
        return services.AddSingleton<INamedIds, SettingNames>();
    }
}
