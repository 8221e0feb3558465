using System.Reflection;
using Nssv.Kernel.Ownership;

namespace Nssv.Server.Composition;

/// <summary>What this software is, as its peers are told.</summary>
internal static class Product
{
    /// <summary>The product's version without what the build adds.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static MemberAddresses Addresses(ServerSettings settings) =>
        new(Environment.MachineName, Version, PlatformLevel.Current, settings.PeerUrl.ToString(), settings.PeerUrl.ToString(), settings.ApiUrl.ToString());
}
