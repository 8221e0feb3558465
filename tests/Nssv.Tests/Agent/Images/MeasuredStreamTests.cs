using Nssv.Agent.Images;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Images;

public sealed class MeasuredStreamTests
{
    [Fact]
    public async Task Every_byte_is_passed_on_and_counted()
    {
        List<long> told = [];
        var bytes = Enumerable.Range(0, 1_000).Select(number => (byte)number).ToArray();
        await using var measured = new MeasuredStream(new MemoryStream(bytes), told.Add);
        using var copy = new MemoryStream();
        await measured.CopyToAsync(copy, 512, TestContext.Current.CancellationToken);
        copy.ToArray().ShouldBe(bytes);
        told.ShouldBe([512, 1_000, 1_000]);
    }
}
