using Nssv.Contracts.Identity;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Identity;

/// <summary>The administrator's account, made once when the platform is.</summary>
public static class FirstAccount
{
    public const string Name = "admin";

    /// <summary>Makes the account unless there is one.</summary>
    /// <param name="keep">Puts the password where only root can read it: done before the account is there, so that no account is without a known password.</param>
    public static async Task Create(IStore store, IWriter writer, IIdSource ids, TimeProvider time, ISecretSource secrets, Id projectId, Action<string> keep)
    {
        if (await store.Count<Account>() > 0)
            return;
        var password = PasswordRules.NewPassword(secrets);
        keep(password);
        var (id, now) = (ids.Next(), time.GetUtcNow());
        await writer.Commit(new UnitOfWork().Insert(new Account
        {
            Id = id,
            ProjectId = projectId,
            CreatedBy = id,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Name = Name,
            PasswordHash = PasswordHash.Of(password, secrets).ToString(),
            Role = AccountRole.Admin,
        }));
    }
}
