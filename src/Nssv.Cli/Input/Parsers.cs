using System.CommandLine;
using System.CommandLine.Parsing;
using Nssv.Client.Units;

namespace Nssv.Cli.Input;

/// <summary>Options of the platform's own value types; a value that does not fit is a usage error that says what would.</summary>
internal static class Parsers
{
    /// <summary>A size such as <c>10GiB</c>, in bytes.</summary>
    public static Option<long?> Size(string name, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = static result => ReadSize(result) is { } size ? size : null,
    };

    /// <summary>Several sizes, one for each time that the option is given.</summary>
    public static Option<long[]> Sizes(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = static result => [.. result.Tokens.Select(token => SizeOf(token.Value, result) ?? 0)],
    };

    /// <summary>A duration such as <c>30s</c>.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = static result =>
        {
            if (DurationText.TryParse(result.Tokens[0].Value, out var duration))
            {
                return duration;
            }

            result.AddError($"\"{result.Tokens[0].Value}\" is not a duration. Write it like 30s, 5m or 1h30m.");
            return null;
        },
    };

    /// <summary>A count of at least <paramref name="least"/>.</summary>
    public static Option<int?> Count(string name, string description, int least = 1)
    {
        return new(name) { Description = description, HelpName = "N", CustomParser = Read };

        int? Read(ArgumentResult result)
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= least)
            {
                return number;
            }

            result.AddError($"\"{text}\" is not a whole number of at least {least}.");
            return null;
        }
    }

    /// <summary>Labels <c>key=value</c>; <c>key-</c> takes one away where a resource is changed.</summary>
    public static Option<string[]> Labels(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "KEY=VALUE",
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = static result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.IndexOf('=') <= 0 && !(token.Value.Length > 1 && token.Value.EndsWith('-')))
                {
                    result.AddError($"\"{token.Value}\" is not a label. Write it like site=berlin.");
                }
            }

            RefuseTwice(result);
            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    /// <summary>System tags <c>key=value</c>.</summary>
    public static Option<string[]> Tags(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "KEY=VALUE",
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = static result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
            {
                result.AddError($"\"{token.Value}\" is not a tag. Write it like compute.pinnedToHost=host-3.");
            }

            RefuseTwice(result);
            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    /// <summary>One key can have one value only: which of two was meant nobody can tell.</summary>
    private static void RefuseTwice(ArgumentResult result)
    {
        if (Twice(result.Tokens.Select(token => token.Value)) is { } key)
        {
            result.AddError($"\"{Output.Printable.Of(key)}\" is given more than once; give it one value.");
        }
    }

    /// <summary>A key that several of these pairs (<c>key=value</c>, <c>key-</c>) have; null when each has its own.</summary>
    public static string? Twice(IEnumerable<string> pairs) =>
        pairs.Select(pair => pair.IndexOf('=') is > 0 and var at ? pair[..at] : pair.TrimEnd('-')).GroupBy(key => key, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1)?.Key;

    private static long? ReadSize(ArgumentResult result) => SizeOf(result.Tokens[0].Value, result);

    private static long? SizeOf(string text, ArgumentResult result)
    {
        if (SizeText.TryParse(text, out var bytes))
        {
            return bytes;
        }

        result.AddError($"\"{text}\" is not a size. Write it like 256MiB, 10GiB or 1T.");
        return null;
    }
}
