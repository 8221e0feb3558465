using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Enrolments;

internal sealed class ExpectCertificateTurn : CallTurn<ExpectCertificate, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ExpectCertificate request, TurnContext turn)
    {
        var host = await turn.Store.Get<Host>(request.HostId);
        return Answer(true, new UnitOfWork().Update(host, host with { NextCertificateFingerprint = request.Fingerprint, UpdatedAt = turn.Now }));
    }
}

internal sealed class AdoptCertificateTurn : CallTurn<AdoptCertificate, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(AdoptCertificate request, TurnContext turn)
    {
        var host = await turn.Store.Find<Host>(request.HostId);
        return host is null || host.NextCertificateFingerprint != request.Fingerprint
            ? Answer(host?.CertificateFingerprint == request.Fingerprint)
            : Answer(true, new UnitOfWork().Update(host, host with { CertificateFingerprint = request.Fingerprint, NextCertificateFingerprint = null, UpdatedAt = turn.Now }));
    }
}
