using System.Reflection;
using Nssv.Kernel.Ownership;

namespace Nssv.Server.Composition;

/// <summary>What this software is, as its peers are told.</summary>
internal static class ProductLevel
{
    /// <summary>The features that it knows. Grows when a release can do something that its peers must know too before anybody uses it.</summary>
    public const long Current = 1;

    /// <summary>The product's version without what the build adds.</summary>
    public static string Version { get; } =
        typeof(ProductLevel).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static MemberAddresses Addresses(ServerSettings settings) =>
        new(Environment.MachineName, Version, Current, settings.PeerUrl.ToString(), settings.PeerUrl.ToString(), settings.ApiUrl.ToString());
}
