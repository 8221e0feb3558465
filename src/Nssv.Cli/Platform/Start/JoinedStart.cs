using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Version;
using Nssv.Client;

namespace Nssv.Cli.Platform.Start;

/// <summary>
/// Brings a further manager of a platform up: folders → ports → identity and certificates → manager. It has no host, agent or storage of its own.
/// Each step looks first and acts only on what is missing, so that a repeat mends.
/// </summary>
internal sealed class JoinedStart(Invocation invocation, Checklist steps)
{
    private const string FromAdvice = "Give with --from the NSSV_HOME of a manager of the platform, or a copy of its manager/manager.json, manager/ca.pfx and admin-password.";

    private readonly InstanceHome home = invocation.Home;
    private readonly Programs programs = new(invocation.Home);

    public async Task<InstanceFile> Run(string from, string? database, CancellationToken cancellation)
    {
        ManagerStart.EnsureRoot();
        var known = InstanceFile.Load(home);
        if (known is { Joined: false })
        {
            throw new PlatformException($"{home.Root} is the home of a platform's first manager; a further one needs another.", "Choose one with NSSV_HOME, and a port with NSSV_PORT.");
        }

        from = Path.GetFullPath(from);
        var platformId = known?.PlatformId ?? PlatformOf(from);
        await steps.Step("Folders", () =>
        {
            HomeFolders.MakeForManager(home);
            return Task.FromResult<string?>(home.Root);
        });
        using var alone = StartLock.Take(home);
        InstanceFile instance = null!;
        await steps.Step("Ports", () =>
        {
            instance = known is null ? New(platformId) : Known(known);
            return Task.FromResult<string?>($"HTTPS {instance.Ports.Https}, agents' and managers' {instance.Ports.AgentApi}");
        });
        await steps.Step("Identity and certificates", () => Join(instance, known is null, from, database, cancellation));
        await steps.Step("Manager", () => ManagerStart.Ensure(invocation, programs, cancellation));
        return instance;
    }

    private InstanceFile New(string platformId)
    {
        var ports = PortChoice.Choose(PortChoice.AskedFor(invocation.Environment.Given("NSSV_PORT")), Guid.NewGuid());
        return new()
        {
            PlatformId = platformId,
            Version = VersionCommand.Current,
            Url = new Uri($"https://localhost:{ports.Https}"),
            Ports = ports with { Agent = 0 },
            Joined = true,
        };
    }

    private InstanceFile Known(InstanceFile known)
    {
        if (invocation.Environment.Given("NSSV_PORT") is { } given && PortChoice.AskedFor(given) != known.Ports.Https)
        {
            throw new PlatformException($"The manager in {home.Root} uses port {known.Ports.Https}, but NSSV_PORT says {given}.", "Unset NSSV_PORT, or choose another NSSV_HOME for a further manager.");
        }

        if (programs.Manager.Find() is null)
        {
            PortChoice.EnsureFree(known.Ports.Https);
            PortChoice.EnsureFree(known.Ports.AgentApi);
        }

        return known;
    }

    /// <summary>The home counts as the platform's once it has been joined, not before.</summary>
    private async Task<string?> Join(InstanceFile instance, bool isNew, string from, string? database, CancellationToken cancellation)
    {
        if (programs.Manager.Find() is not null)
        {
            return "in use";
        }

        var outcome = isNew ? await programs.Join(instance, from, database, cancellation) : await programs.Init(instance, database, cancellation);
        if (outcome.ExitCode != 0)
        {
            throw new PlatformException("The manager's files could not be prepared.", "Mend what is said below, then repeat the command.", outcome.Complaint.Split('\n'));
        }

        if (isNew)
        {
            instance.Save(home);
        }

        return null;
    }

    private static string PlatformOf(string from)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(from, "manager", "manager.json"))).At("platformId").AsText()
                ?? throw new PlatformException($"{from}/manager/manager.json names no platform.", FromAdvice);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new PlatformException($"{from} is not the home of a manager: {unusable.Message}", FromAdvice);
        }
    }
}
