using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nssv.Cli.Platform.Start;

/// <summary>Chooses the ports of an instance once, and says clearly when one of them is taken.</summary>
internal static class PortChoice
{
    public const int Standard = 443;

    // Below the ports that Linux gives to outgoing connections (32768 and up), which could take one while the manager is down.
    private const int First = 20_000;
    private const int Count = 10_000;

    /// <summary>The HTTPS port asked for by NSSV_PORT, else the standard one.</summary>
    public static int AskedFor(string? text) => text is null ? Standard
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536 ? port
        : throw new UsageException($"NSSV_PORT is \"{text}\", which is not a port.", "Give a number from 1 to 65535.");

    /// <summary>Ports for a new instance; where to look first depends on the platform's id, so that instances seldom meet.</summary>
    public static InstancePorts Choose(int https, Guid platformId)
    {
        EnsureFree(https, "NSSV_PORT");
        var start = (int)((uint)platformId.GetHashCode() % Count);
        var free = Enumerable.Range(0, Count).Select(i => First + ((start + i) % Count)).Where(port => port != https && IsFree(port)).Take(2).ToArray();
        return free.Length == 2 ? new(https, free[0], free[1]) : throw new PlatformException("No TCP port between 20000 and 29999 is free.");
    }

    /// <summary>Fails when another program listens on the port.</summary>
    public static void EnsureFree(int port, string? variable = null)
    {
        if (!IsFree(port))
        {
            throw new PlatformException(
                $"TCP port {port} is used by another program.",
                $"'ss -ltnp sport = :{port}' shows which. Stop it{(variable is null ? "" : $", or choose another port with {variable}, such as {variable}=8443, and start again as you did")}.");
        }
    }

    public static bool IsFree(int port)
    {
        foreach (var address in new[] { IPAddress.Any, IPAddress.IPv6Any })
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
            {
                continue;
            }

            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (address.AddressFamily == AddressFamily.InterNetworkV6)
                {
                    socket.DualMode = false;
                }

                socket.Bind(new IPEndPoint(address, port));
                socket.Listen(1);
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return false;
            }
            catch (SocketException refused) when (refused.SocketErrorCode == SocketError.AccessDenied)
            {
                throw new PlatformException($"TCP port {port} may only be used by root.", "Run this as root, or choose a port above 1023 with NSSV_PORT.");
            }
            catch (SocketException unavailable) when (unavailable.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
                // No such protocol on this machine.
            }
        }

        return true;
    }
}
