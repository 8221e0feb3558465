namespace Nssv.Kernel.Calls;

/// <summary>A wish addressed to one resource, whose turn decides on it. Declared in Contracts, decided in a service.</summary>
public abstract record Request
{
    /// <summary>The resource whose mailbox runs the turn. A request that creates something is given the new id when it is accepted.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public abstract Id Target { get; }
}

/// <summary>A request whose turn answers with <typeparamref name="TResult"/>.</summary>
public abstract record Request<TResult> : Request;

/// <summary>A request that makes a named resource: labels and system tags may come with it, under the rules of a patch.</summary>
public abstract record CreateRequest : Request
{
    /// <summary>User's own key/value pairs, at most 64.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>System tags; the tag types say which the kind carries. The turn gets each value in the one form in which it is stored.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>Marks a request that people may send through the API, and how.</summary>
/// <param name="method">POST, PATCH or DELETE.</param>
/// <param name="route">Below /api/v1, such as "virtual-machines" or "virtual-machines/{id}:start".</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ApiRequestAttribute(string method, string route) : Attribute
{
    public string Method { get; } = method;
    public string Route { get; } = route;

    /// <summary>The permission that is needed; the matrix test fails without one. Such as "virtual-machine.start".</summary>
    public required string Permission { get; init; }

    /// <summary>One line for the API's documentation.</summary>
    public string? Summary { get; init; }
}

/// <summary>A request made by the kernel for many kinds, which says its permission itself ("cluster.update").</summary>
public interface IPermissioned
{
    string Permission { get; }
}

/// <summary>The property is taken from the route ({id}), not from the body.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FromRouteAttribute : Attribute;

/// <summary>The property is the id of the resource to be made: the accepting node fills it in, never the caller.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NewIdAttribute : Attribute;

/// <summary>Implemented by requests that can tell by themselves what is wrong with them; runs before the turn, pure.</summary>
public interface IValidated
{
    IEnumerable<FieldError> Validate();
}

/// <summary>Who asks. The system itself asks with role system.</summary>
public sealed record Caller(Id AccountId, Id ProjectId, string Name, CallerRole Role)
{
    /// <summary>Where the request came from; null for the system.</summary>
    public string? ClientAddress { get; init; }

    public static Caller System(Id projectId) => new(Id.None, projectId, "system", CallerRole.System);
}

public enum CallerRole { Admin, System }
