using Nssv.Cli.Output;
using Nssv.Client.Operations;

namespace Nssv.Cli.Operations;

/// <summary>One line for each thing that happened, for logs and pipes.</summary>
internal sealed class PlainProgress(TextWriter output) : IProgressDisplay
{
    private readonly StepChanges changes = new();

    public Task<OperationSnapshot> Show(string title, Func<Action<OperationSnapshot>, Task<OperationSnapshot>> follow)
    {
        output.WriteLine(title);
        return follow(operation =>
        {
            foreach (var line in changes.Since(operation))
            {
                output.WriteLine("  " + Printable.Of(line));
            }
        });
    }
}
