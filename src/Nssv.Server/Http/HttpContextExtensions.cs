using System.Net;
using Nssv.Kernel.Calls;
using Nssv.Services.Identity;

namespace Nssv.Server.Http;

internal static class HttpContextExtensions
{
    /// <summary>The id in the route, or that of a name which stands for it; null when the route has none.</summary>
    /// <exception cref="ProblemException">400 invalid-id; 404 when there is none of the name.</exception>
    public static Id? RouteId(this HttpContext http) => http.Request.RouteValues.TryGetValue("id", out var value)
        ? Id.TryParse(value as string, null, out var id) ? id : http.NamedId(value as string ?? "")
        : null;

    private static Id NamedId(this HttpContext http, string name)
    {
        var collection = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.Split('/').ElementAtOrDefault(3);
        var names = http.RequestServices.GetServices<INamedIds>().FirstOrDefault(known => known.Collection == collection);
        return names?.IdOf(name) ?? throw HttpProblems.NotAnId("id", name).AsException();
    }

    /// <summary>The session that the request came with; set before any endpoint that needs one runs.</summary>
    public static ActiveSession Session(this HttpContext http) => http.Features.Get<ActiveSession>() ?? throw new InvalidOperationException("The endpoint asks for a session but does not say so.");

    public static Caller Caller(this HttpContext http) => http.Session().Caller;

    /// <summary>The client's address as far as it counts failures: an IPv6 client has its whole /64.</summary>
    public static string ClientAddress(this HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.GetAddressBytes() is not { Length: 16 } bytes)
            return address.ToString();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes) + "/64";
    }
}
