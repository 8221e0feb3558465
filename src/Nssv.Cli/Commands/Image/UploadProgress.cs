using Nssv.Cli.Output;
using Nssv.Client.Units;
using Spectre.Console;

namespace Nssv.Cli.Commands.Image;

/// <summary>Shows how far an upload is: a bar on a terminal, a line for each tenth without one.</summary>
internal static class UploadProgress
{
    public static Task<T> Show<T>(CliEnvironment environment, OutputFormat format, string title, long total, Func<Action<long>, Task<T>> upload) =>
        environment.Lively ? Live(environment.Error, title, total, upload)
        : format == OutputFormat.Table ? upload(Lines(environment.Error, title, total))
        : upload(static _ => { });

    private static Action<long> Lines(TextWriter output, string title, long total)
    {
        var shown = -1L;
        return sent =>
        {
            var tenth = total == 0 ? 10 : sent * 10 / total;
            if (tenth > shown)
            {
                shown = tenth;
                output.WriteLine($"{title}: {tenth * 10} % of {SizeText.Format(total)} sent");
            }
        };
    }

    private static Task<T> Live<T>(TextWriter output, string title, long total, Func<Action<long>, Task<T>> upload)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask(Markup.Escape(title), maxValue: Math.Max(total, 1));
                return upload(sent => bar.Value = sent);
            });
    }
}
