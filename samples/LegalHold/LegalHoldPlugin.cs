using Nssv.Plugins;

namespace LegalHold;

/// <summary>
/// Keeps virtual machines that a court wants to see. One of each kind of extension: tags that say until when and for which case, a guard that refuses deletion until then, a step that
/// refuses to start such a machine, a rule that keeps it in the vault, and a ledger of what became of virtual machines.
/// </summary>
public sealed class LegalHoldPlugin : Plugin
{
    public override string Name => "legal-hold";

    public override IEnumerable<Extension> Begin(PluginEnvironment environment) =>
    [
        new SystemTag("until", "Legal hold", "The virtual machine is evidence and stays as it is until this day (UTC).", "virtual-machine") { Pattern = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" },
        new SystemTag("case", "Case of the legal hold", "Number of the case for which the virtual machine is kept; whoever wants to delete it is told.", "virtual-machine") { Value = TagValue.Integer, Minimum = 1, Maximum = 999_999 },
        new HoldGuard(TimeProvider.System),
        new SealedStart(TimeProvider.System),
        new VaultRule(TimeProvider.System),
        new Ledger(Path.Combine(environment.DataFolder, "ledger.csv")),
    ];
}
