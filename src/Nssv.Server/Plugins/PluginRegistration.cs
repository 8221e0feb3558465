using Nssv.Kernel.Cascade;
using Nssv.Kernel.Events;
using Nssv.Kernel.Tags;
using Nssv.Plugins.Runner;
using Nssv.Server.Composition;
using Nssv.Services.Compute.Placement;
using InsertedStep = Nssv.Kernel.Flows.InsertedStep;

namespace Nssv.Server.Plugins;

/// <summary>Puts what plugins bring where the platform looks for it; after the platform's own.</summary>
internal static class PluginRegistration
{
    public static IServiceCollection AddPlugins(this IServiceCollection services, PluginSet plugins)
    {
        services.AddSingleton(plugins);
        services.AddSingleton<ResourceDocuments>();
        var own = services.Where(service => service.ServiceType == typeof(TagDeclaration)).Select(service => ((TagDeclaration)service.ImplementationInstance!).Name).ToList();
        foreach (var tag in PluginTags.Declared(plugins, DataServices.Models, own))
            services.AddSingleton(tag);
        foreach (var (plugin, rule) in plugins.Extensions(Described.Rule))
            services.AddSingleton<IPlacementRule>(provider => new PluginRule(plugin, rule, provider.GetRequiredService<ResourceDocuments>()));
        foreach (var (plugin, step) in plugins.Extensions(Described.Step))
            services.AddSingleton<InsertedStep>(provider => new PluginStep(plugin, step, plugins.Limits, provider.GetRequiredService<ResourceDocuments>()));
        foreach (var (plugin, guard) in plugins.Extensions(Described.Guard))
            services.AddSingleton<IDeletionGuard>(provider => new PluginGuard(plugin, guard, provider.GetRequiredService<ResourceDocuments>()));
        services.AddSingleton<PluginObservers>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<PluginObservers>());
        services.AddHostedService(provider => provider.GetRequiredService<PluginObservers>());
        return services;
    }
}
