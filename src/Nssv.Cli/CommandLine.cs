using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Output;
using Nssv.Cli.Platform;
using Nssv.Client.Problems;

namespace Nssv.Cli;

/// <summary>Runs one command line.</summary>
internal static class CommandLine
{
    public static async Task<int> Run(IReadOnlyList<string> arguments, CliEnvironment environment)
    {
        if (Suggestions.AreAskedFor(arguments))
        {
            await Suggestions.Write(arguments, environment);
            return ExitCode.Success;
        }

        var help = arguments.Count == 0 || arguments[0] == "help";
        if (help)
        {
            arguments = [.. arguments.Skip(1), "--help"];
        }

        var parse = CommandTree.Parse(CommandTree.Build(environment, arguments), arguments);
        if (parse.Errors.Count > 0 && parse.Action is ParseErrorAction || MistakenForName(parse) is not null || help && parse.UnmatchedTokens.Count > 0)
        {
            return Refuse(parse, arguments, environment);
        }

        var invocation = new InvocationConfiguration { Output = environment.Out, Error = environment.Error, EnableDefaultExceptionHandler = false };
        if (parse.CommandResult.Command.Name == SimulateCommand.Name)
        {
            // After Ctrl-C it removes what it made, which takes its time; a second Ctrl-C makes it give up.
            invocation.ProcessTerminationTimeout = Timeout.InfiniteTimeSpan;
        }

        return await parse.InvokeAsync(invocation);
    }

    private static int Refuse(ParseResult parse, IReadOnlyList<string> arguments, CliEnvironment environment)
    {
        var command = Path(parse.CommandResult);
        var problem = new ApiProblem
        {
            Title = "The command cannot be understood",
            Code = "usage",
            Detail = string.Join('\n', Messages(parse)),
            Advice = $"{Alternatives(parse)}'{command} --help' shows what there is.",
        };
        new ResultWriter(environment, Format(arguments)).Problem(problem);
        return ExitCode.Usage;
    }

    // A word that is no command is the whole trouble; that a command is missing then too says nothing.
    // After an option that is none, the words behind it look wrong too: the option is named.
    private static IEnumerable<string> Messages(ParseResult parse)
    {
        var unknown = parse.UnmatchedTokens.Count > 0 && parse.CommandResult.Command.Subcommands.Count > 0;
        return (UnknownOption(parse) ?? MistakenForName(parse)) is { } option ? [$"'{Path(parse.CommandResult)}' has no option '{Printable.Of(option)}'."]
            : unknown ? [$"'{Path(parse.CommandResult)}' has no command '{Printable.Of(parse.UnmatchedTokens[0])}'."] : parse.Errors.Select(error => error.Message).Distinct();
    }

    private static string? UnknownOption(ParseResult parse)
    {
        if (parse.UnmatchedTokens.Count == 0)
        {
            return null;
        }

        var taken = parse.RootCommandResult.Command.Options.Concat(parse.CommandResult.Command.Options).SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet(StringComparer.Ordinal);
        return parse.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Select(token => token.Value).FirstOrDefault(word => word.StartsWith("--", StringComparison.Ordinal) && !taken.Contains(word));
    }

    /// <summary>A mistyped option stands where a name may stand. A name that begins so comes after "--".</summary>
    private static string? MistakenForName(ParseResult parse) => parse.Tokens.Any(token => token.Type == TokenType.DoubleDash) ? null
        : parse.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).FirstOrDefault(word => word.Length > 1 && word[0] == '-');

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : result.Command.Name;

    /// <summary>The nearest commands or options to a word that is none.</summary>
    private static string Alternatives(ParseResult parse)
    {
        var words = parse.CommandResult.Command.Subcommands.Select(command => command.Name).Concat(parse.CommandResult.Command.Options.Select(option => option.Name)).ToArray();
        IEnumerable<string> strange = (UnknownOption(parse) ?? MistakenForName(parse)) is { } option ? [option] : parse.UnmatchedTokens;
        var near = strange.SelectMany(token => words.Where(word => IsNear(token, word) || IsCalled(token, word))).Distinct().ToArray();
        return near.Length == 0 ? "" : $"Did you mean {string.Join(" or ", near)}? ";
    }

    /// <summary>A third of its letters at most are others, or it is begun: of "xx" nobody meant "vm".</summary>
    private static bool IsNear(string typed, string word) =>
        EditDistance.Between(typed, word) <= Math.Clamp((word.TrimStart('-').Length + 1) / 3, 1, 3) && typed.TrimStart('-').Length > 1 || typed.Length > 2 && word.StartsWith(typed, StringComparison.Ordinal) && typed != "--";

    /// <summary>Other tools call it so.</summary>
    private static bool IsCalled(string typed, string word) => word switch
    {
        "delete" or "unset" => typed is "remove" or "rm" or "del",
        "create" or "add" => typed is "new" or "add" or "create",
        "list" => typed is "ls",
        "show" => typed is "get" or "info" or "describe",
        "set" => typed is "edit" or "update" or "change",
        _ => false,
    };

    // The line is broken, so its options cannot be read the usual way; yet a program that asked for JSON still gets it.
    private static OutputFormat Format(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var value = arguments[i] is "--output" or "-o" && i + 1 < arguments.Count ? arguments[i + 1]
                : arguments[i].StartsWith("--output=", StringComparison.Ordinal) ? arguments[i]["--output=".Length..]
                : null;
            if (Enum.TryParse<OutputFormat>(value, ignoreCase: true, out var format) && Enum.IsDefined(format))
            {
                return format;
            }
        }

        return OutputFormat.Table;
    }
}
