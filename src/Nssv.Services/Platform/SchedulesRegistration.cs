using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Services.Platform.Schedules;

namespace Nssv.Services.Platform;

public static class SchedulesRegistration
{
    /// <summary>Beside turns, steps and flows: schedules and their clock.</summary>
    public static IServiceCollection AddSchedules(this IServiceCollection services)
    {
        services.AddSingleton<ScheduleActions>();
        services.AddSingleton<BuiltInSchedules>();
        services.AddSingleton(provider => new ScheduleClock(
            provider.GetRequiredService<IBus>(), provider.GetRequiredService<IStore>(), provider.GetRequiredService<IOwnership>(), provider.GetRequiredService<BuiltInSchedules>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ScheduleClock>>()));
        return services;
    }
}
