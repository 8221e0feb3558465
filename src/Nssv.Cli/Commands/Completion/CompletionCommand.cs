using System.CommandLine;

namespace Nssv.Cli.Commands.Completion;

/// <summary>Prints the script that lets a shell complete commands, options and their values.</summary>
internal static class CompletionCommand
{
    private const string Description = """
        Print a completion script: source <(nssv completion bash), the same with zsh, and nssv completion fish | source (./nssv where it is not on your PATH)
        Names of resources are asked of the platform, for 2 seconds at most or for as many as NSSV_COMPLETION_SECONDS says.
        """;

    public static Command Build(CliEnvironment environment)
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new Command("completion", Description) { shell }
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
            complete -o filenames -o nosort -F _nssv_complete nssv ./nssv
            """,
        "zsh" => """
            #compdef nssv
            _nssv_complete() {
                local -a replies
                # The words of this command only, and the last one as far as the cursor: the line may hold more.
                replies=("${(@f)$("${words[1]}" "[suggest]" "${(j: :)words[1,CURRENT-1]} ${QIPREFIX}${PREFIX}" 2>/dev/null)}")
                if [[ -n "${replies[1]}" ]]; then
                    compadd -V nssv -- "${replies[@]}"
                elif [[ $PREFIX == */* || $PREFIX == .* ]]; then
                    # Files only where a path is begun: where a name belongs they would be wrong.
                    _files
                fi
            }
            # Sourced, it names what completes; found in fpath as _nssv, it is what completes.
            if [[ "${funcstack[1]}" == _nssv ]]; then
                _nssv_complete "$@"
            else
                (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
                compdef _nssv_complete nssv
            fi
            """,
        _ => """
            function __nssv_complete
                set -l words (commandline -opc)
                $words[1] "[suggest]" (commandline -cp | string collect) 2>/dev/null
            end
            complete -c nssv -f -k -a '(__nssv_complete)'
            # Files only where a path is begun: where a name belongs they would be wrong.
            complete -c nssv -n 'string match -qr "/|^[.]" -- (commandline -ct)' -F
            """,
    };
}
