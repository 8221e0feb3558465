namespace Nssv.Simulator;

/// <summary>The simulator cannot do what was asked until a person changes something.</summary>
internal sealed class SimulatorException(string message, string advice, Exception? inner = null) : Exception(message, inner)
{
    public string Advice { get; } = advice;
}
