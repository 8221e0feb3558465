using Nssv.Kernel.Agents;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Admission;
using Nssv.Server.Background;
using Nssv.Server.Certificates;
using Nssv.Server.Http;
using Nssv.Server.Memory;
using Nssv.Server.Metrics;
using Nssv.Server.Plugins;

namespace Nssv.Server.Composition;

/// <summary>Puts a manager together.</summary>
public static class ServerHost
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <param name="services">Registers the platform's services, and whatever a test wants to look at.</param>
    /// <param name="plugins">None if not given. Whoever opened them closes them.</param>
    /// <exception cref="ConfigurationException">A certificate cannot be used.</exception>
    internal static WebApplication Build(ServerSettings settings, TimeProvider time, Action<IServiceCollection> services, PluginSet? plugins = null)
    {
        var files = new CertificateFiles(settings.Folder);
        var authority = files.OpenAuthority(settings.PlatformId, time);
        files.Renew(authority, settings.ManagerId, CertificateFiles.NamesOfThisMachine(settings.Names), time);
        var manager = CertificateFiles.Open(files.Manager, null);
        // Here, not in the environment of the process: so it holds however the manager is started, in the bench too.
        TlsBuffers.ReleaseWhenIdle();
        Allocator.FewArenas();
        var people = settings.Certificate is { } own ? CertificateFiles.Open(own, Password(settings)) : CertificateFiles.Open(files.Server, Password(settings));

        // Without this the builder watches its folder for changes of appsettings.json, and is woken by every write to the database there.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = settings.Folder, Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        ConfigureLog(builder.Logging, settings.Logs);
        builder.WebHost.ConfigureKestrel(kestrel => Listeners.Configure(kestrel, settings, people, manager, authority));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(settings).AddSingleton(settings.Dispatch);
        builder.Services.AddSources(time).AddData(settings).AddMembership(settings, manager).AddKernel().AddIdentity()
            .AddAgents(authority, manager, new AgentApiAddress(settings.PeerUrl)).AddApi(settings).AddMetrics(settings);
        builder.Services.AddBackground();
        services(builder.Services);
        builder.Services.AddPlugins(plugins ?? PluginSet.None);

        var app = builder.Build();
        try
        {
            NodeMetrics.Add(app.Services);
            app.UseRedirect(settings.HttpsPort);
            app.Services.GetRequiredService<Pipeline>().Use(app);
            app.MapApi();
            app.Lifetime.ApplicationStopping.Register(() => app.Services.GetRequiredService<OperationEngine>().Stop());
            return app;
        }
        catch
        {
            // The database may be away: what has been opened for it so far is closed again.
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    public static void ConfigureLog(ILoggingBuilder logging, LogFormat format)
    {
        logging.AddLog(format);
        logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
    }

    /// <summary>Takes up what was left, and serves; in which order, <see cref="NodeService"/> knows.</summary>
    public static Task Start(WebApplication app) => app.StartAsync();

    private static string? Password(ServerSettings settings)
    {
        if (settings.CertificatePasswordFile is not { } file)
            return null;
        try
        {
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The password file {file} cannot be read: {e.Message}", "Correct https.passwordFile, or take it away if the certificate has no password.", e);
        }
    }
}
