namespace Nssv.Server.Http;

/// <summary>Who may call an endpoint. Every endpoint carries one as metadata; one without is refused, so nothing is open by omission.</summary>
public sealed class Access
{
    private Access(AccessKind kind, string? permission = null) => (Kind, Permission) = (kind, permission);

    public AccessKind Kind { get; }

    /// <summary>What a session's account needs; null when a session is enough.</summary>
    public string? Permission { get; }

    /// <summary>Without a session: signing in and health.</summary>
    public static Access Anyone { get; } = new(AccessKind.Anyone);

    /// <summary>Any session: signing out.</summary>
    public static Access SignedIn { get; } = new(AccessKind.Session);

    /// <summary>The scrape token, or a session with the permission.</summary>
    public static Access Scrape(string permission) => new(AccessKind.Scrape, permission);

    /// <summary>A host's agent with its certificate, on the agents' port.</summary>
    public static Access Agent { get; } = new(AccessKind.Agent);

    /// <summary>Another management node with its certificate, on the agents' port.</summary>
    public static Access Peer { get; } = new(AccessKind.Peer);

    /// <summary>On the agents' port without a certificate: enrolling with a token.</summary>
    public static Access EnrollingAgent { get; } = new(AccessKind.EnrollingAgent);

    public static Access Permitted(string permission) => new(AccessKind.Session, permission);

    /// <summary>Which of the two ports serves it.</summary>
    public Listener Listener => Kind is AccessKind.Agent or AccessKind.Peer or AccessKind.EnrollingAgent ? Listener.Agents : Listener.People;

    public override string ToString() => Permission ?? Kind.ToString();
}

public enum AccessKind { Anyone, Session, Scrape, Agent, Peer, EnrollingAgent }

/// <summary>The ports that the manager listens on; set on each connection by the port that took it, not by what the client says.</summary>
public enum Listener { People, Agents, Redirect }

internal sealed record ListenerFeature(Listener Listener);

internal static class AccessExtensions
{
    public static TBuilder Allow<TBuilder>(this TBuilder endpoint, Access access) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(access);
}
