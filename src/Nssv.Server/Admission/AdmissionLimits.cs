namespace Nssv.Server.Admission;

/// <summary>How much is taken in. The defaults let 20,000 operations of one account be under way.</summary>
internal sealed record AdmissionLimits
{
    /// <summary>Requests for a change that are being accepted at one time. More would only wait for the database.</summary>
    public int Inside { get; init; } = 256;

    /// <summary>Requests that wait to be accepted, shared by their callers.</summary>
    public int Waiting { get; init; } = 1_024;

    /// <summary>Operations that were accepted and have not ended, shared by their callers.</summary>
    public int Operations { get; init; } = 50_000;

    /// <summary>Units of work that wait for the database's writer.</summary>
    public int WriterQueue { get; init; } = 10_000;

    /// <summary>Streams of changes that are open at one time, shared by their callers.</summary>
    public int Watchers { get; init; } = 1_000;

    /// <summary>So many waiting requests, or watchers, a caller may always have, however many callers there are.</summary>
    public int LeastShare { get; init; } = 16;
}
