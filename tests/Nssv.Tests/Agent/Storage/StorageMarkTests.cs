using Nssv.Agent.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Storage;

public sealed class StorageMarkTests : IDisposable
{
    private static readonly Id Platform = new(Guid.CreateVersion7()), Storage = new(Guid.CreateVersion7()), Other = new(Guid.CreateVersion7());

    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-mark-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_directory_is_one_storage_s_of_one_platform_until_that_leaves_it()
    {
        var mark = new StorageMark(_folder, Platform, Storage);
        mark.IsThere.ShouldBeFalse();
        mark.Claim();
        mark.Claim();
        mark.IsThere.ShouldBeTrue();
        Refused(new(_folder, Platform, Other));
        Refused(new(_folder, Other, Storage));

        mark.Remove();
        mark.Remove();
        mark.IsThere.ShouldBeFalse();
        new StorageMark(_folder, Platform, Other).Claim();
        Refused(mark);
    }

    [Theory]
    [InlineData("PlatformId", "StorageId")]
    [InlineData("platformId", "storageId")]
    public void Marks_of_older_agents_are_known(string platform, string storage)
    {
        File.WriteAllText(Path.Combine(_folder, StorageMark.Name), $$"""{"{{platform}}":"{{Platform}}","{{storage}}":"{{Storage}}"}""");
        new StorageMark(_folder, Platform, Storage).Claim();
        Refused(new(_folder, Platform, Other));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"platformId\":7}")]
    public void What_is_no_mark_is_another_s(string text)
    {
        File.WriteAllText(Path.Combine(_folder, StorageMark.Name), text);
        Refused(new(_folder, Platform, Storage));
    }

    [Fact]
    public void A_directory_that_is_gone_is_left_already() => new StorageMark(Path.Combine(_folder, "gone"), Platform, Storage).Remove();

    private static void Refused(StorageMark mark) => Should.Throw<ProblemException>(mark.Claim).Problem.Code.ShouldBe(StorageProblems.Foreign("/").Code);
}
