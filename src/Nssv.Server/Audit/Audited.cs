namespace Nssv.Server.Audit;

/// <summary>Says of an endpoint that changes something without an operation what the audit calls that. Those that make an operation need none.</summary>
/// <param name="Action">As a permission: "operation.cancel".</param>
/// <param name="Success">The endpoint's success is noted when it has answered; else its code notes it with what it writes.</param>
internal sealed record Audited(string Action, bool Success = true);
