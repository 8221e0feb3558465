using Xunit;

// One libvirt, two processors: tests beside each other would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Nssv.System.Tests.Platform;

/// <summary>The instance of all tests that leave things as they found them.</summary>
public sealed class SharedInstance : IAsyncLifetime
{
    public Instance Instance { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Instance = await Instance.Start();

    public ValueTask DisposeAsync() => Instance.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class SharedInstanceCollection : ICollectionFixture<SharedInstance>
{
    public const string Name = "an instance";
}
