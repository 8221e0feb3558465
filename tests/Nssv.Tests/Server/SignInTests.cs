using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Identity;
using Nssv.Kernel.Data;
using Nssv.Services.Identity;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

/// <summary>Each test moves the clock or spends attempts, so each has a server of its own.</summary>
public sealed class SignInTests : RunningServer
{
    [Fact]
    public async Task The_first_password_is_readable_and_kept_only_as_a_hash()
    {
        Password.Length.ShouldBe(24);
        Password.ShouldAllBe(c => char.IsAsciiLetterOrDigit(c) && !"0O1lIi".Contains(c));
        var account = (await Services.GetRequiredService<IStore>().List<Account>()).ShouldHaveSingleItem();
        account.PasswordHash.ShouldStartWith("pbkdf2-sha512$210000$");
        account.PasswordHash.ShouldNotContain(Password);
        (await Services.GetRequiredService<IStore>().List<Session>()).ShouldAllBe(session => session.TokenHash.Length == 64 && session.TokenHash != Token);

        using var client = SignedIn();
        var shown = await client.GetStringAsync($"/api/v1/accounts/{account.Id}");
        shown.ShouldNotContain("assword");
        shown.ShouldContain("admin");
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_and_when_signed_out()
    {
        using var client = SignedIn();
        (await client.GetAsync("/api/v1/clusters")).StatusCode.ShouldBe(HttpStatusCode.OK);
        Time.Advance(TimeSpan.FromHours(11.9));
        (await client.GetAsync("/api/v1/clusters")).StatusCode.ShouldBe(HttpStatusCode.OK);
        Time.Advance(TimeSpan.FromHours(0.2));
        await Problem(await client.GetAsync("/api/v1/clusters"), HttpStatusCode.Unauthorized, "session-needed");

        using var again = SignedIn(await SignIn("admin", Password));
        (await again.DeleteAsync("/api/v1/sessions/current")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Problem(await again.GetAsync("/api/v1/clusters"), HttpStatusCode.Unauthorized, "session-needed");
    }

    [Fact]
    public async Task Guessing_becomes_slow_for_the_right_name_and_for_an_unknown_one_alike()
    {
        using var client = Client();
        foreach (var name in new[] { "admin", "nobody" })
        {
            for (var i = 0; i < 5; i++)
            {
                var refused = await Problem(await Try(client, name, "wrong"), HttpStatusCode.Unauthorized, "sign-in-refused");
                refused["detail"]!.GetValue<string>().ShouldBe("The account's name or its password is wrong.");
            }
            using var throttled = await Try(client, name, name == "admin" ? Password : "wrong");
            await Problem(throttled, HttpStatusCode.TooManyRequests, "too-many-attempts");
            throttled.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        }
        Time.Advance(TimeSpan.FromSeconds(1));
        await Problem(await Try(client, "admin", "wrong"), HttpStatusCode.Unauthorized, "sign-in-refused");
        (await Try(client, "admin", Password)).Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
        Time.Advance(TimeSpan.FromSeconds(2));
        (await Try(client, "admin", Password)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await Try(client, "admin", "wrong")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "what was right forgets the failures");
    }

    [Fact]
    public async Task Another_password_ends_all_other_sessions()
    {
        const string next = "correct horse battery";
        var account = (await Services.GetRequiredService<IStore>().List<Account>()).Single();
        using var mine = SignedIn();
        using var other = SignedIn(await SignIn("admin", Password));
        var url = $"/api/v1/accounts/{account.Id}:changePassword";

        await Problem(await mine.PostAsJsonAsync(url, new { currentPassword = "wrong", newPassword = next }), HttpStatusCode.Forbidden, "password-wrong");
        await Problem(await mine.PostAsJsonAsync(url, new { currentPassword = Password, newPassword = "short" }), HttpStatusCode.BadRequest, "password-too-short");
        (await mine.PostAsJsonAsync(url, new { currentPassword = Password, newPassword = next })).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await mine.GetAsync("/api/v1/clusters")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Problem(await other.GetAsync("/api/v1/clusters"), HttpStatusCode.Unauthorized, "session-needed");
        using var client = Client();
        await Problem(await Try(client, "admin", Password), HttpStatusCode.Unauthorized, "sign-in-refused");
        await SignIn("admin", next);
    }

    private static Task<HttpResponseMessage> Try(HttpClient client, string name, string password) =>
        client.PostAsJsonAsync("/api/v1/sessions", new JsonObject { ["accountName"] = name, ["password"] = password });
}
