using Nssv.Cli.Output;
using Spectre.Console;

namespace Nssv.Cli.Platform.Start;

/// <summary>Shows steps as they are done: with a moving sign on a terminal, a line each without one.</summary>
internal sealed class Checklist(CliEnvironment environment)
{
    /// <summary>Does one step; what it returns is shown behind its title.</summary>
    public async Task Step(string title, Func<Task<string?>> work)
    {
        string? remark;
        try
        {
            remark = environment.Lively ? await Live(title, work) : await work();
        }
        catch
        {
            Line(environment.Lively ? "✗" : "failed", title, null);
            throw;
        }

        Line(environment.Lively ? "✓" : "ok", title, remark);
    }

    public void Warn(string text) => Line(environment.Lively ? "!" : "note", text, null);

    private Task<string?> Live(string title, Func<Task<string?>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(environment.Error) });
        return console.Status().Spinner(Spinner.Known.Dots).StartAsync(Markup.Escape(title), _ => work());
    }

    private void Line(string sign, string title, string? remark) =>
        environment.Error.WriteLine($"{(environment.Lively ? sign : $"[{sign}]")} {title}{(string.IsNullOrEmpty(remark) ? "" : $": {Printable.Of(remark)}")}");
}
