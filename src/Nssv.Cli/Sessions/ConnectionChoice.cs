using System.CommandLine;
using System.Security.Cryptography;
using Nssv.Cli.Platform;
using Nssv.Client.Transport;

namespace Nssv.Cli.Sessions;

/// <summary>Finds the manager to talk to: the one that was named, else the instance on this machine.</summary>
internal static class ConnectionChoice
{
    public static ApiConnection For(ParseResult parse, CliEnvironment environment)
    {
        var home = InstanceHome.Of(parse.GetValue(GlobalOptions.Home), environment);
        var named = parse.GetValue(GlobalOptions.Server) ?? environment.Given("NSSV_SERVER");
        var local = Local(home, named);
        if (named is null && local is null)
        {
            throw new PlatformException($"There is no instance in {home.Root}.", "Start one with './nssv up', or name a manager with --server (or NSSV_SERVER).");
        }

        var server = named is null ? local!.Url : ServerAddress(named);
        var trust = Trust(parse, environment, local is null ? null : home);
        return new ApiConnection
        {
            Server = server,
            Trust = trust,
            Time = environment.Time,
            Token = GivenToken(parse, environment) is { } token
                ? (_, _) => ValueTask.FromResult<string?>(token)
                : local is null ? NoToken : new LocalSignIn(home, server, trust, environment.Time).Token,
        };
    }

    /// <summary>The instance on this machine, when it is the one that is meant.</summary>
    private static InstanceFile? Local(InstanceHome home, string? named)
    {
        if (named is null)
        {
            return InstanceFile.Load(home);
        }

        try
        {
            var instance = InstanceFile.Load(home);
            return instance is not null && Uri.Compare(ServerAddress(named), instance.Url, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0 ? instance : null;
        }
        catch (Exception unreadable) when (unreadable is PlatformException or UnauthorizedAccessException or IOException)
        {
            return null;
        }
    }

    private static Uri ServerAddress(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        return Uri.TryCreate(full, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps && address.AbsolutePath == "/"
            ? address
            : throw new UsageException($"\"{text}\" is not a manager's address.", "Write it like https://nssv.example.org or https://10.0.0.5:8443.");
    }

    private static ServerTrust Trust(ParseResult parse, CliEnvironment environment, InstanceHome? local)
    {
        if (parse.GetValue(GlobalOptions.Insecure))
        {
            return ServerTrust.Insecure;
        }

        var file = parse.GetValue(GlobalOptions.Authority) ?? environment.Given("NSSV_CA");
        try
        {
            return file is not null ? ServerTrust.FromFile(file)
                : local is not null && File.Exists(local.Authority) ? ServerTrust.FromFile(local.Authority)
                : ServerTrust.SystemRoots;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"The certificate authority {file ?? local?.Authority} cannot be read: {unreadable.Message}");
        }
    }

    private static string? GivenToken(ParseResult parse, CliEnvironment environment)
    {
        if (parse.GetValue(GlobalOptions.TokenFile) is not { } file)
        {
            return parse.GetValue(GlobalOptions.Token) ?? environment.Given("NSSV_TOKEN");
        }

        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The token file {file} cannot be read: {unreadable.Message}");
        }
    }

    private static ValueTask<string?> NoToken(bool renew, CancellationToken cancellation) => ValueTask.FromResult<string?>(null);
}
