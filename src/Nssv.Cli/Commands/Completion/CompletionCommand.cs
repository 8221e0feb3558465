using System.CommandLine;

namespace Nssv.Cli.Commands.Completion;

/// <summary>Prints the script that lets a shell complete commands, options and their values.</summary>
internal static class CompletionCommand
{
    public static Command Build(CliEnvironment environment)
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new Command("completion", "Print a completion script: source <(nssv completion bash)") { shell }
            .Runs(environment, (invocation, _) => environment.Out.WriteLineAsync(Script(invocation.Value(shell))));
    }

    // The program itself answers "[suggest:POSITION] LINE" with one word a line, so the scripts need no knowledge of commands.
    private static string Script(string shell) => shell switch
    {
        "bash" => """
            _nssv_complete() {
                local word="${COMP_WORDS[COMP_CWORD]}"
                mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" "$word" 2>/dev/null)
                # Files only where a path is begun: where a name belongs they would be wrong.
                if [ ${#COMPREPLY[@]} -eq 0 ] && [[ $word == */* || $word == .* ]]; then
                    mapfile -t COMPREPLY < <(compgen -f -- "$word")
                fi
            }
            complete -o filenames -F _nssv_complete nssv ./nssv
            """,
        "zsh" => """
            #compdef nssv
            _nssv_complete() {
                local -a replies
                replies=("${(@f)$("${words[1]}" "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
                if (( ${#replies} )) && [[ -n "${replies[1]}" ]]; then
                    compadd -- "${replies[@]}"
                else
                    _files
                fi
            }
            compdef _nssv_complete nssv
            """,
        _ => """
            complete -c nssv -a '(nssv "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'
            """,
    };
}
