namespace Nssv.Kernel.Flows;

/// <summary>A record that a flow may name as its context.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FlowContextAttribute : Attribute;
