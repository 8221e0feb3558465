using Nssv.Contracts.Identity;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Enrolments;

/// <summary>Makes a token; whoever holds it may become this host's agent. One at a time for a host.</summary>
internal sealed class IssueEnrolmentTurn(ISecretSource secrets) : CallTurn<IssueEnrolment, EnrolmentToken>
{
    /// <summary>The answer holds a secret, so it is never recorded; a repeat makes a new token and the first one is void.</summary>
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<EnrolmentToken>> Decide(IssueEnrolment request, TurnContext turn)
    {
        var host = await turn.Store.Get<Host>(request.Id);
        if (host.State is HostState.Connected or HostState.Reconciling)
        {
            throw new Problem(409, "host-connected", "The host's agent is connected.",
                $"Host '{host.Name}' has an agent that answers; another one would take its place.", "Stop the agent first, and wait until the host is shown as disconnected.").AsException();
        }

        var token = EnrolmentTokens.New(secrets);
        var expires = turn.Now + EnrolmentTokens.Lifetime;
        return Answer(new EnrolmentToken(token, expires), new UnitOfWork()
            .Execute("enrolments", "DELETE FROM enrolments WHERE host_id = @p0 OR expires_at < @p1", null, host.Id, turn.Now)
            .Insert(new Enrolment { TokenHash = EnrolmentTokens.Hash(token), HostId = host.Id, ExpiresAt = expires }));
    }
}

/// <summary>Spends the token: it is gone in the same unit in which the host gets its agent, so nobody spends it twice.</summary>
internal sealed class SpendEnrolmentTurn : CallTurn<SpendEnrolment, Id>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<Id>> Decide(SpendEnrolment request, TurnContext turn)
    {
        var enrolment = await turn.Store.First<Enrolment>(Condition.Equal(nameof(Enrolment.TokenHash), request.TokenHash));
        var host = await turn.Store.Find<Host>(request.HostId);
        if (enrolment is null || host is null || enrolment.HostId != host.Id || enrolment.ExpiresAt <= turn.Now)
            throw EnrolmentTokens.Refused.AsException();
        return Answer(host.Id, new UnitOfWork()
            .Delete(enrolment)
            .Update(host, host with { AgentUrl = request.AgentUrl, CertificateFingerprint = request.CertificateFingerprint, NextCertificateFingerprint = null, UpdatedAt = turn.Now }));
    }
}
