using Nssv.Client.Operations;

namespace Nssv.Cli.Operations;

/// <summary>Shows how an operation gets on.</summary>
internal interface IProgressDisplay
{
    /// <summary>Runs <paramref name="follow"/> and shows what it reports.</summary>
    Task<OperationSnapshot> Show(string title, Func<Action<OperationSnapshot>, Task<OperationSnapshot>> follow);
}
