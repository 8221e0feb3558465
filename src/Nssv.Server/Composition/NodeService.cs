using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Admission;
using Nssv.Server.Http;
using Nssv.Services.Platform.Settings;
using Nssv.Services.Platform.Tags;

namespace Nssv.Server.Composition;

/// <summary>
/// Begins and ends the node beside its ports. A node that is alone takes up what was left before anybody can ask it for something; one of several listens first,
/// since its peers, which wait until it answers, forward to it from the moment at which it claims. It gives its shards away before its ports close.
/// </summary>
internal sealed class NodeService(NodeLife life, IOwnership ownership, IStore store, UnfinishedOperations operations, SettingRows settings, TagTypeRows tags, Readiness readiness) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await settings.Load();
        if (ownership is SoleOwnership)
            await Start();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => ownership is SoleOwnership ? Task.CompletedTask : Start();

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await life.Stop().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The database does not answer: the others take over when the lease has run out.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task Start()
    {
        await life.Start();
        await settings.Describe();
        await tags.Describe();
        await operations.Load(store);
        readiness.Recovered();
    }
}
