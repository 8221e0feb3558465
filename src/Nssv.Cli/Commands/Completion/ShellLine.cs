using System.Text;

namespace Nssv.Cli.Commands.Completion;

/// <summary>A line as a POSIX shell would read it, as far as its cursor: words without their quotes. The last one may be empty, or its quotes still open.</summary>
internal static class ShellLine
{
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        for (var i = 0; i < line.Length; i++)
        {
            switch (line[i])
            {
                case ' ' or '\t':
                    if (word is not null)
                    {
                        words.Add(word.ToString());
                        word = null;
                    }

                    break;
                case '\'':
                    word ??= new();
                    for (i++; i < line.Length && line[i] != '\''; i++)
                    {
                        word.Append(line[i]);
                    }

                    break;
                case '"':
                    word ??= new();
                    for (i++; i < line.Length && line[i] != '"'; i++)
                    {
                        if (line[i] == '\\' && i + 1 < line.Length && line[i + 1] is '"' or '\\' or '$' or '`')
                        {
                            i++;
                        }

                        word.Append(line[i]);
                    }

                    break;
                case '\\' when i + 1 < line.Length:
                    (word ??= new()).Append(line[++i]);
                    break;
                default:
                    (word ??= new()).Append(line[i]);
                    break;
            }
        }

        words.Add(word?.ToString() ?? "");
        return words;
    }
}
