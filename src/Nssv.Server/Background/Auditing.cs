using Nssv.Kernel.Audit;

namespace Nssv.Server.Background;

/// <summary>Lets the audit be written while the manager runs.</summary>
internal sealed class Auditing(AuditWriter writer) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await writer.Run(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops; whoever comes next goes on.
        }
    }
}
