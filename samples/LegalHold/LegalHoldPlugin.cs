using Nssv.Plugins;

namespace LegalHold;

/// <summary>
/// Keeps virtual machines that a court wants to see. One of each kind of extension: a tag that says until when, a guard that refuses deletion until then, a step that
/// refuses to start such a machine, a rule that keeps it in the vault, and a ledger of what became of virtual machines.
/// </summary>
public sealed class LegalHoldPlugin : Plugin
{
    public override string Name => "legal-hold";

    public override IEnumerable<Extension> Begin(PluginEnvironment environment) =>
    [
        new SystemTag("until", "Legal hold", "The virtual machine is evidence and stays as it is until this day (UTC).", "virtual-machine") { Pattern = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" },
        new HoldGuard(TimeProvider.System),
        new SealedStart(TimeProvider.System),
        new VaultRule(TimeProvider.System),
        new Ledger(Path.Combine(environment.DataFolder, "ledger.csv")),
    ];
}
