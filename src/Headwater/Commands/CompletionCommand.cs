using System.CommandLine;

namespace Headwater.Commands;

/// <summary>
/// Scripts that make a shell complete commands, options and their values. They ask the program itself (<c>headwater "[suggest:POSITION]" "LINE"</c>, of
/// System.CommandLine), so that they need not be made anew for a new version.
/// </summary>
static class CompletionCommand
{
    const string Bash = """
        # headwater completion bash, for ~/.bashrc: source <(headwater completion bash)
        _headwater() {
          local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
          COMPREPLY=($(compgen -W "$("$1" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _headwater headwater

        """;

    const string Zsh = """
        #compdef headwater
        # headwater completion zsh, for ~/.zshrc, behind compinit: source <(headwater completion zsh)
        _headwater() {
          local line=${BUFFER[1,CURSOR]}
          local -a found
          found=("${(@f)$(headwater "[suggest:${#line}]" "$line" 2>/dev/null)}")
          if (( ${#found} )) && [[ -n ${found[1]} ]]; then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _headwater headwater

        """;

    const string Fish = """
        # headwater completion fish > ~/.config/fish/completions/headwater.fish
        function __headwater_complete
            set -l line (commandline -cp)
            headwater "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c headwater -a '(__headwater_complete)'

        """;

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Prints a script by which a shell completes commands, options and their values.") { shell };
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.Write(parsed.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCode.Ok;
        });
        return command;
    }
}
