namespace Nssv.Kernel.Operations;

/// <summary>What a person does about an operation that needs attention.</summary>
public enum Resolution
{
    /// <summary>What was in the way is gone: it goes on where it stopped, the same way.</summary>
    Retry,

    /// <summary>It is taken back, from the step in doubt.</summary>
    Undo,

    /// <summary>The person has put right by hand what there was: it has failed, and nothing more is done about it.</summary>
    Dismiss,
}
