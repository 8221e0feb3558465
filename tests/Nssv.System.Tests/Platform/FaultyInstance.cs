using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>The instance of the tests that kill and stop parts of it.</summary>
public sealed class FaultyInstance : IAsyncLifetime
{
    public Instance Instance { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Instance = await Instance.Start();

    public ValueTask DisposeAsync() => Instance.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class FaultyInstanceCollection : ICollectionFixture<FaultyInstance>
{
    public const string Name = "an instance with faults";
}
