using Nssv.Contracts.Storage;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class StoragePathTests
{
    [Theory]
    [InlineData("/srv/nssv")]
    [InlineData("/var/lib/nssv/storage/data")]
    [InlineData("/tmp/x")]
    [InlineData("/data")]
    [InlineData("/usrlocal")]
    [InlineData("/Größe/磁盘")]
    public void A_directory_of_its_own_is_well(string path) => StoragePath.Check("path", path).ShouldBeEmpty();

    [Theory]
    [InlineData("", "path-empty")]
    [InlineData("srv", "path-not-absolute")]
    [InlineData("/", "path-of-system")]
    [InlineData("/etc", "path-of-system")]
    [InlineData("/etc/nssv", "path-of-system")]
    [InlineData("/usr/share/x", "path-of-system")]
    [InlineData("/var/lib", "path-of-system")]
    [InlineData("/srv/../etc", "path-not-normal")]
    [InlineData("/srv/./x", "path-not-normal")]
    [InlineData("/srv//x", "path-not-normal")]
    [InlineData("/srv/x/", "path-not-normal")]
    [InlineData("/srv/a\nb", "path-not-printable")]
    [InlineData("/srv/a\0b", "path-not-printable")]
    public void Anything_else_says_why(string path, string code) => StoragePath.Check("path", path).ShouldHaveSingleItem().Code.ShouldBe(code);

    [Fact]
    public void Longer_than_any_path_is_refused() => StoragePath.Check("path", "/" + new string('x', 1000)).ShouldHaveSingleItem().Code.ShouldBe("path-too-long");

    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/a/b", true)]
    [InlineData("/a/b", "/a", true)]
    [InlineData("/a", "/ab", false)]
    public void Paths_overlap_when_one_holds_the_other(string a, string b, bool overlap) => StoragePath.Overlap(a, b).ShouldBe(overlap);
}
