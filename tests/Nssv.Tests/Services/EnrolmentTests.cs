using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Identity;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Services.Inventory.Enrolments;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class EnrolmentTests
{
    private const string Fingerprint = "f1";
    private const string Url = "https://node-1.example:7443";

    [Fact]
    public async Task A_token_is_kept_as_its_hash_alone_and_works_once()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        var token = await bed.Bus.Call(new IssueEnrolment(host));
        (token.ExpiresAt - DateTimeOffset.UtcNow).ShouldBeInRange(TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));
        token.ToString().ShouldNotContain(token.Token);
        var row = (await bed.Store.List<Enrolment>()).ShouldHaveSingleItem();
        row.TokenHash.ShouldNotContain(token.Token);
        (await bed.Store.Count<CallResult>()).ShouldBe(0);

        (await bed.Bus.Call(new SpendEnrolment(host, row.TokenHash, Url, Fingerprint))).ShouldBe(host);
        var enrolled = await bed.Store.Get<Host>(host);
        (enrolled.AgentUrl, enrolled.CertificateFingerprint).ShouldBe((Url, Fingerprint));
        await Refused(bed, new SpendEnrolment(host, row.TokenHash, "https://evil:1", "f2"));
        (await bed.Store.Get<Host>(host)).CertificateFingerprint.ShouldBe(Fingerprint);
    }

    [Fact]
    public async Task A_new_token_takes_the_place_of_the_one_before()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        await bed.Bus.Call(new IssueEnrolment(host));
        var first = (await bed.Store.List<Enrolment>()).ShouldHaveSingleItem();
        await bed.Bus.Call(new IssueEnrolment(host));
        (await bed.Store.List<Enrolment>()).ShouldHaveSingleItem().TokenHash.ShouldNotBe(first.TokenHash);
        await Refused(bed, new SpendEnrolment(host, first.TokenHash, Url, Fingerprint));
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        await bed.Insert(new Enrolment { TokenHash = "old", HostId = host, ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) });
        await Refused(bed, new SpendEnrolment(host, "old", Url, Fingerprint));
    }

    [Fact]
    public async Task A_token_of_another_host_is_refused()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        await bed.Bus.Call(new IssueEnrolment(host));
        var row = (await bed.Store.List<Enrolment>()).ShouldHaveSingleItem();
        var other = await EnrollingHost(bed);
        await Refused(bed, new SpendEnrolment(other, row.TokenHash, Url, Fingerprint));
    }

    [Fact]
    public async Task Two_who_spend_one_token_at_once_are_not_both_let_in()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        await bed.Bus.Call(new IssueEnrolment(host));
        var hash = (await bed.Store.List<Enrolment>()).ShouldHaveSingleItem().TokenHash;
        var both = Enumerable.Range(1, 2).Select(i => bed.Bus.Call(new SpendEnrolment(host, hash, Url, $"f{i}"))).ToList();
        await Should.ThrowAsync<ProblemException>(() => Task.WhenAll(both));
        both.Count(one => one.IsCompletedSuccessfully).ShouldBe(1);
    }

    [Fact]
    public async Task A_host_whose_agent_answers_gets_no_token()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        (await Should.ThrowAsync<ProblemException>(() => bed.Bus.Call(new IssueEnrolment(host.HostId)))).Problem.Code.ShouldBe("host-connected");
    }

    [Fact]
    public async Task An_agent_with_the_token_is_let_in_and_known_by_its_certificate()
    {
        await using var bed = new ServiceBed();
        var host = await EnrollingHost(bed);
        var token = (await bed.Bus.Call(new IssueEnrolment(host))).Token;
        var enrolment = bed.Services.GetRequiredService<HostEnrolment>();

        (await Should.ThrowAsync<ProblemException>(() => enrolment.Enrol(new(token, "", Url)))).Problem.Code.ShouldBe("invalid-certificate-request");
        (await Should.ThrowAsync<ProblemException>(() => enrolment.Enrol(new(token, "csr", "http://plain:1")))).Problem.Code.ShouldBe("agent-url-invalid");
        (await Should.ThrowAsync<ProblemException>(() => enrolment.Enrol(new(token + "x", "csr", Url)))).Problem.Code.ShouldBe("enrolment-refused");

        var reply = await enrolment.Enrol(new(token, "csr", Url));
        (reply.HostId, reply.PlatformId).ShouldBe((host, ServiceBed.Platform));
        (await bed.Store.Get<Host>(host)).CertificateFingerprint.ShouldBe("fingerprint of csr");
        (await Should.ThrowAsync<ProblemException>(() => enrolment.Enrol(new(token, "csr", Url)))).Problem.Code.ShouldBe("enrolment-refused");
    }

    [Theory]
    [InlineData("https://node:7443", true)]
    [InlineData("https://[2001:db8::1]:7443", true)]
    [InlineData("http://node:7443", false)]
    [InlineData("https://user@node:7443", false)]
    [InlineData("https://node:7443/path", false)]
    [InlineData("https://node:7443?x=1", false)]
    [InlineData("node:7443", false)]
    public void An_agents_url_is_https_with_a_host_and_nothing_else(string url, bool valid) => HostRules.IsAgentUrl(url).ShouldBe(valid);

    private static async Task Refused(ServiceBed bed, SpendEnrolment request) =>
        (await Should.ThrowAsync<ProblemException>(() => bed.Bus.Call(request))).Problem.Code.ShouldBe("enrolment-refused");

    private static async Task<Id> EnrollingHost(ServiceBed bed)
    {
        var (_, cluster) = await bed.Cluster();
        var id = ServiceBed.NewId();
        await bed.Do(new CreateHost { Id = id, Name = "h", ClusterId = cluster, Address = "h" });
        return id;
    }
}
