using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Nssv.Contracts.Identity;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Identity;

/// <summary>
/// Who is signed in. A session's token is 32 random bytes that only its holder has (the database keeps the SHA-256); it ends some hours after signing in (a setting),
/// when it is signed out, or when the account's password is changed. Other management nodes hear of both by the account's event, and read their rows again.
/// </summary>
public sealed class Sessions(IStore store, IWriter writer, TimeProvider time, ISecretSource secrets, SignInThrottle throttle, SettingValues settings) : IEventObserver
{
    /// <summary>A session of the account was signed out.</summary>
    public const string SignedOut = "account.signed-out";

    /// <summary>How long an answer from memory is good before the row is read again.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(60);

    private const int TokenBytes = 32;
    private const int CachedSessions = 10_000;
    private const int LongestName = 128;
    private const int LongestPassword = 1_024;

    private readonly ConcurrentDictionary<string, Cached> _cache = new(StringComparer.Ordinal);
    private readonly Lazy<PasswordHash> _nobody = new(() => PasswordHash.Of("", secrets));
    private int _cacheCount;
    private long _revocations;

    /// <summary>Checks name and password. A wrong password and an account that does not exist take the same time and get the same answer.</summary>
    /// <exception cref="ProblemException">401 sign-in-refused; 429 too-many-attempts.</exception>
    public async Task<SignedIn> SignIn(string accountName, string password, string clientAddress)
    {
        if (accountName.Length > LongestName || password.Length > LongestPassword)
            throw IdentityProblems.Refused.AsException();
        if (throttle.Begin(accountName, clientAddress) is { } wait)
            throw IdentityProblems.TooMany(wait).AsException();
        var account = await store.First<Account>(Condition.Equal(nameof(Account.Name), accountName));
        if (!Matches(account, password))
            throw IdentityProblems.Refused.AsException();
        throttle.Succeeded(accountName, clientAddress);

        var now = time.GetUtcNow();
        var token = NewToken();
        var session = new Session { TokenHash = HashOf(token), AccountId = account!.Id, CreatedAt = now, ExpiresAt = now + settings.Get(SessionSettings.Lifetime) };
        // The account must still have the password that was checked: else a session made beside a change of password would outlive it.
        var unit = new UnitOfWork()
            .Execute("accounts", "UPDATE accounts SET version = version WHERE id = @p0 AND version = @p1", 1, account.Id, account.Version)
            .Insert(session);
        foreach (var ended in await store.List<Session>(Condition.Equal(nameof(Session.AccountId), account.Id), Condition.Less(nameof(Session.ExpiresAt), now)))
            unit.Execute("sessions", "DELETE FROM sessions WHERE token_hash = @p0", null, ended.TokenHash);
        try
        {
            await writer.Commit(unit);
        }
        catch (ConcurrencyException)
        {
            throw IdentityProblems.Refused.AsException();
        }
        return new SignedIn(token, session.ExpiresAt, account);
    }

    /// <summary>Whose token this is; null when it is no session's, or the session has ended.</summary>
    public async ValueTask<ActiveSession?> Find(string token)
    {
        var hash = HashOf(token);
        var now = time.GetUtcNow();
        if (_cache.TryGetValue(hash, out var cached) && now < cached.FreshUntil)
            return now < cached.Session.ExpiresAt ? cached.Session : null;
        var revocations = Volatile.Read(ref _revocations);
        var session = await store.First<Session>(Condition.Equal(nameof(Session.TokenHash), hash));
        if (session is null || session.ExpiresAt <= now || await store.Find<Account>(session.AccountId) is not { } account)
        {
            Forget(hash);
            return null;
        }
        var active = new ActiveSession(new Caller(account.Id, account.ProjectId, account.Name, RoleOf(account)), hash, session.ExpiresAt);
        Remember(hash, new Cached(active, now + Freshness));
        if (revocations != Volatile.Read(ref _revocations))
            Forget(hash); // what was read may have ended meanwhile
        return active;
    }

    public async Task SignOut(ActiveSession session)
    {
        var caller = session.Caller;
        await writer.Commit(new UnitOfWork()
            .Execute("sessions", "DELETE FROM sessions WHERE token_hash = @p0", null, session.TokenHash)
            .Publish(new EventDraft(SignedOut, "account", caller.AccountId, caller.ProjectId, null, Clock.Now(time), [])));
        Forget(session.TokenHash);
    }

    /// <summary>Whatever happened to an account, on whichever node: its sessions are read again when they are next used.</summary>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
        {
            if (change.ResourceType != "account")
                continue;
            Interlocked.Increment(ref _revocations); // what is being read at this moment is not kept
            foreach (var (hash, cached) in _cache)
            {
                if (cached.Session.Caller.AccountId == change.ResourceId)
                    Forget(hash);
            }
        }
    }

    /// <summary>Sets another password and ends every session of the account but the one that asked. The passwords are kept nowhere, so this is no operation.</summary>
    /// <exception cref="ProblemException">404; 403 password-wrong; 400; 429; 409.</exception>
    public async Task ChangePassword(ActiveSession session, Id accountId, string currentPassword, string newPassword, string clientAddress)
    {
        if (PasswordRules.Check("newPassword", newPassword).FirstOrDefault() is { } error)
            throw Problems.Invalid(error.Field, error.Detail, code: error.Code).AsException();
        var account = await store.Get<Account>(accountId);
        if (throttle.Begin(account.Name, clientAddress) is { } wait)
            throw IdentityProblems.TooMany(wait).AsException();
        if (currentPassword.Length > LongestPassword || !Matches(account, currentPassword))
            throw IdentityProblems.PasswordWrong.AsException();
        throttle.Succeeded(account.Name, clientAddress);

        var others = (await store.List<Session>(Condition.Equal(nameof(Session.AccountId), accountId))).Where(other => other.TokenHash != session.TokenHash).ToList();
        var unit = new UnitOfWork()
            .Update(account, account with { PasswordHash = PasswordHash.Of(newPassword, secrets).ToString(), UpdatedAt = time.GetUtcNow() })
            .Execute("sessions", "DELETE FROM sessions WHERE account_id = @p0 AND token_hash <> @p1", null, accountId, session.TokenHash);
        try
        {
            await writer.Commit(unit);
        }
        catch (ConcurrencyException)
        {
            throw Problems.Conflict($"The account {account.Name} was changed by something else.").AsException();
        }
        foreach (var other in others)
            Forget(other.TokenHash);
    }

    private bool Matches(Account? account, string password)
    {
        var known = PasswordHash.TryParse(account?.PasswordHash ?? "", out var hash);
        return (hash ?? _nobody.Value).Matches(password) && known;
    }

    private string NewToken()
    {
        Span<byte> bytes = stackalloc byte[TokenBytes];
        secrets.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static CallerRole RoleOf(Account account) => account.Role switch
    {
        AccountRole.Admin => CallerRole.Admin,
        _ => throw new InvalidOperationException($"The role {account.Role} of account {account.Id} is unknown."),
    };

    private void Remember(string hash, Cached cached)
    {
        if (_cache.TryAdd(hash, cached))
        {
            if (Interlocked.Increment(ref _cacheCount) > CachedSessions)
            {
                _cache.Clear();
                Interlocked.Exchange(ref _cacheCount, 0);
            }
        }
        else
        {
            _cache[hash] = cached;
        }
    }

    private void Forget(string hash)
    {
        Interlocked.Increment(ref _revocations);
        if (_cache.TryRemove(hash, out _))
            Interlocked.Decrement(ref _cacheCount);
    }

    private sealed record Cached(ActiveSession Session, DateTimeOffset FreshUntil);
}

/// <summary>A session as its holder gets it, once.</summary>
public sealed record SignedIn(string Token, DateTimeOffset ExpiresAt, Account Account);

/// <summary>A session that is good at this moment.</summary>
public sealed record ActiveSession(Caller Caller, string TokenHash, DateTimeOffset ExpiresAt);
