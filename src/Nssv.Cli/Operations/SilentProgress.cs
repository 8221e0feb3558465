using Nssv.Client.Operations;

namespace Nssv.Cli.Operations;

/// <summary>Shows nothing: a program reads the result.</summary>
internal sealed class SilentProgress : IProgressDisplay
{
    public Task<OperationSnapshot> Show(string title, Func<Action<OperationSnapshot>, Task<OperationSnapshot>> follow) => follow(static _ => { });
}
