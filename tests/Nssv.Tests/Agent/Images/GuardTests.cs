using System.Net;
using Nssv.Agent.Images;
using Nssv.Agent.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Images;

public sealed class GuardTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nssv-guard-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:7f00:1::")]
    public void Addresses_inside_are_refused(string address) => new UrlGuard([]).Allows(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::101:101")]
    public void Addresses_outside_are_not(string address) => new UrlGuard([]).Allows(IPAddress.Parse(address)).ShouldBeTrue();

    [Fact]
    public void An_administrator_may_allow_a_network()
    {
        var guard = new UrlGuard(["10.1.0.0/16", "127.0.0.1"]);
        guard.Allows(IPAddress.Parse("10.1.2.3")).ShouldBeTrue();
        guard.Allows(IPAddress.Parse("10.2.2.3")).ShouldBeFalse();
        guard.Allows(IPAddress.Parse("127.0.0.1")).ShouldBeTrue();
        guard.Allows(IPAddress.Parse("127.0.0.2")).ShouldBeFalse();
        guard.Allows(IPAddress.Parse("::ffff:10.1.2.3")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.org/a")]
    [InlineData("gopher://example.org/a")]
    [InlineData("/etc/passwd")]
    [InlineData("http://user:secret@example.org/a")]
    [InlineData("http://user@example.org/a")]
    [InlineData("http://exa\nmple.org/a")]
    [InlineData("")]
    public void Urls_of_another_kind_are_refused(string url) => Should.Throw<ProblemException>(() => UrlGuard.Check(url)).Problem.Code.ShouldBe("image-url-refused");

    [Theory]
    [InlineData("http://127.0.0.1/x")]
    [InlineData("http://localhost/x")]
    [InlineData("http://[::1]/x")]
    [InlineData("http://2130706433/x")]
    [InlineData("http://0x7f.1/x")]
    public async Task Ways_to_say_loopback_are_refused(string url) =>
        (await Should.ThrowAsync<ProblemException>(() => new UrlSource(new UrlGuard([]), TimeSpan.FromSeconds(60)).Open(url, CancellationToken.None))).Problem.Code.ShouldBe("image-url-refused");

    [Fact]
    public void Only_regular_files_below_the_folder_are_opened()
    {
        var folder = Directory.CreateDirectory($"{_root}/import").FullName;
        Directory.CreateDirectory($"{_root}/import-not");
        File.WriteAllText($"{folder}/good", "good");
        File.WriteAllText($"{_root}/secret", "secret");
        File.WriteAllText($"{_root}/import-not/secret", "secret");
        File.CreateSymbolicLink($"{folder}/link", $"{_root}/secret");
        Directory.CreateSymbolicLink($"{folder}/up", _root);
        Directory.CreateDirectory($"{folder}/sub");
        Directory.CreateSymbolicLink($"{_root}/alias", folder);
        var source = new FileSource([$"{_root}/alias"]);
        using (var file = source.Open($"{folder}/good"))
            file.Length.ShouldBe(4);
        using (var file = source.Open($"{_root}/alias/good"))
            file.Length.ShouldBe(4);
        foreach (var bad in (string[])[$"{folder}/link", $"{folder}/up/secret", $"{_root}/secret", $"{_root}/import-not/secret", $"{folder}/../secret", $"{folder}/sub", $"{folder}/absent", "/dev/zero", "/etc/passwd", "good", "", $"{folder}/a\nb"])
            Should.Throw<ProblemException>(() => source.Open(bad), bad).Problem.Code.ShouldBe("image-file-refused");
    }

    [Fact]
    public void Outside_the_folder_nothing_is_told()
    {
        var source = new FileSource([_root]);
        var there = Should.Throw<ProblemException>(() => source.Open("/etc/passwd")).Problem.Detail!.Replace("/etc/passwd", "X", StringComparison.Ordinal);
        var absent = Should.Throw<ProblemException>(() => source.Open("/etc/no-such-file")).Problem.Detail!.Replace("/etc/no-such-file", "X", StringComparison.Ordinal);
        absent.ShouldBe(there);
        there.ShouldEndWith($"import folder of this host: {_root}.", Case.Sensitive, "it says where to put it");
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/etc/nssv")]
    [InlineData("/dev/shm")]
    [InlineData("/var/lib/../../etc")]
    [InlineData("/var/lib/\nx")]
    [InlineData("")]
    public void Paths_that_are_no_storage_are_refused(string path) => Should.Throw<ProblemException>(() => StoragePath.Check(path)).Problem.Code.ShouldBe("storage-path-invalid");

    [Theory]
    [InlineData("sha256:zz")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("")]
    public void A_checksum_has_one_form(string text) => Should.Throw<ProblemException>(() => ImageImport.Checksum(text)).Problem.Field.ShouldBe("checksum");
}
