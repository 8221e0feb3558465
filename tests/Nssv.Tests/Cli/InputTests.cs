using Nssv.Cli;
using Nssv.Cli.Commands.Api;
using Nssv.Cli.Commands.Image;
using Nssv.Client.Units;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class InputTests
{
    [Theory]
    [InlineData("256MiB", 268_435_456)]
    [InlineData("1GiB", 1_073_741_824)]
    [InlineData("1G", 1_073_741_824)]
    [InlineData("1gb", 1_073_741_824)]
    [InlineData("1.5 T", 1_649_267_441_664)]
    [InlineData("0.5KiB", 512)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("8191PiB", 9_222_246_136_947_933_184)]
    public void Sizes_are_read(string text, long bytes)
    {
        SizeText.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1G")]
    [InlineData("G")]
    [InlineData("1X")]
    [InlineData("1.2.3G")]
    [InlineData("0.3")]
    [InlineData("8192PiB")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("1e3")]
    [InlineData("1GiB;rm")]
    public void What_is_no_size_is_refused(string text) => SizeText.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1_610_612_736, "1.5 GiB")]
    [InlineData(268_435_456, "256 MiB")]
    public void Sizes_are_written(long bytes, string text) => SizeText.Format(bytes).ShouldBe(text);

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("30", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("5m", 300_000)]
    [InlineData("5min", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("2d", 172_800_000)]
    public void Durations_are_read(string text, long milliseconds)
    {
        DurationText.TryParse(text, out var read).ShouldBeTrue();
        read.TotalMilliseconds.ShouldBe(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("-5s")]
    [InlineData("5s5")]
    [InlineData("99999999999d")]
    public void What_is_no_duration_is_refused(string text) => DurationText.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(3.21, "3.2 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(12_000, "3 h 20 min")]
    [InlineData(180_000, "2 d 2 h")]
    public void Durations_are_written(double seconds, string text) => DurationText.Format(TimeSpan.FromSeconds(seconds)).ShouldBe(text);

    [Theory]
    [InlineData("/tmp/debian-12.qcow2", "debian-12", "qcow2")]
    [InlineData("https://example.org/a%20b/disk.RAW?x=1.iso", "disk", "raw")]
    [InlineData("install.iso", "install", "iso")]
    [InlineData("disk.img", "disk.img", null)]
    public void A_file_s_name_tells_the_image_s(string origin, string name, string? format) => (ImageOrigin.Name(origin), ImageOrigin.Format(origin)).ShouldBe((name, format));

    [Theory]
    [InlineData("hosts", "/api/v1/hosts")]
    [InlineData("/health/ready", "/health/ready")]
    [InlineData("hosts?filter=name = \"a\"", "/api/v1/hosts?filter=name%20=%20\"a\"")]
    public void A_path_is_below_the_server(string given, string path) => RequestPath.Of(given).ShouldBe(path);

    [Theory]
    [InlineData("https://evil.example/api")]
    [InlineData("//evil.example/api")]
    [InlineData("/a\r\nHost: b")]
    [InlineData("")]
    public void A_path_never_leads_to_another_server(string given) => Should.Throw<UsageException>(() => RequestPath.Of(given));
}
