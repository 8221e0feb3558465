using System.CommandLine;
using Nssv.Cli.Output;

namespace Nssv.Cli;

/// <summary>The options that every command takes.</summary>
internal static class GlobalOptions
{
    public static readonly Option<OutputFormat> Output = new("--output", "-o")
    {
        Description = "How results are written: table, json or yaml",
        HelpName = "table|json|yaml",
        Recursive = true,
        CustomParser = static result =>
        {
            if (Enum.TryParse<OutputFormat>(result.Tokens[0].Value, ignoreCase: true, out var format) && Enum.IsDefined(format))
            {
                return format;
            }

            result.AddError($"\"{Printable.Of(result.Tokens[0].Value)}\" is no output format. Give table, json or yaml.");
            return default;
        },
    };

    public static readonly Option<string> Server = new("--server")
    {
        Description = "The manager's address; else NSSV_SERVER, else the instance in NSSV_HOME",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string> Token = new("--token")
    {
        Description = "The session token; visible to other users of this machine: prefer NSSV_TOKEN or --token-file",
        HelpName = "TOKEN",
        Recursive = true,
    };

    public static readonly Option<string> TokenFile = new("--token-file")
    {
        Description = "A file that holds the session token",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string> Authority = new("--ca")
    {
        Description = "The certificate authority (PEM) that the server's certificate comes from; else NSSV_CA, the instance's own, the system's",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<bool> Insecure = new("--insecure")
    {
        Description = "Do not check the server's certificate (anybody on the way can read and change everything)",
        Recursive = true,
    };

    public static readonly Option<string> Home = new("--home")
    {
        Description = "The folder of the local instance; else NSSV_HOME, else /var/lib/nssv",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly IReadOnlyList<Option> All = [Output, Server, Token, TokenFile, Authority, Insecure, Home];
}
