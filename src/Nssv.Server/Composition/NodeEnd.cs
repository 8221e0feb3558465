namespace Nssv.Server.Composition;

/// <summary>Why this node ends: because it was asked to, or because another node, or a newer start of this one, has taken its place.</summary>
internal sealed class NodeEnd(IHostApplicationLifetime lifetime)
{
    private volatile bool _wasTakenOver;

    /// <summary>Nothing of this start counts any more.</summary>
    public bool WasTakenOver => _wasTakenOver;

    public void TakenOver()
    {
        _wasTakenOver = true;
        lifetime.StopApplication();
    }
}
