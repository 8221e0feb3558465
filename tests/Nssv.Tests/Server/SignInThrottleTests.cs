using Nssv.Server.Composition;
using Nssv.Services.Identity;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class SignInThrottleTests
{
    private ManualTime Time { get; } = new(DateTimeOffset.UtcNow);

    [Fact]
    public void Counting_is_exponential_bounded_and_forgets()
    {
        var throttle = new SignInThrottle(Time);
        var waits = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            while (throttle.Begin("admin", $"192.0.2.{i}") is { } wait)
            {
                waits.Add(wait.TotalSeconds);
                Time.Advance(wait);
            }
        }
        waits.ShouldBe([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300]);
        Time.Advance(TimeSpan.FromHours(1));
        throttle.Begin("admin", "192.0.2.1").ShouldBeNull();
    }

    [Fact]
    public void An_address_is_slowed_down_whatever_names_it_tries()
    {
        var throttle = new SignInThrottle(Time);
        for (var i = 0; i < 20; i++)
            throttle.Begin($"name-{i}", "192.0.2.1").ShouldBeNull();
        throttle.Begin("another", "192.0.2.1").ShouldBe(TimeSpan.FromSeconds(1));
        throttle.Begin("another", "192.0.2.2").ShouldBeNull();
    }

    [Fact]
    public void Passwords_match_only_themselves()
    {
        var hash = PasswordHash.Of("päss word", new RandomSecrets());
        PasswordHash.TryParse(hash.ToString(), out var read).ShouldBeTrue();
        read.Matches("päss word").ShouldBeTrue();
        read.Matches("pass word").ShouldBeFalse();
        foreach (var bad in new[] { "", "pbkdf2-sha512$0$AAAA$AAAA", "pbkdf2-sha1$210000$a$b", "pbkdf2-sha512$210000$!!$??", "x$y" })
            PasswordHash.TryParse(bad, out _).ShouldBeFalse();
    }
}
