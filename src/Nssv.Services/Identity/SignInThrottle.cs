namespace Nssv.Services.Identity;

/// <summary>
/// Slows guessing down: after some free failures each further one doubles the wait, counted for the account's name (whether there is such an account or not)
/// and for the client's address. An attempt counts as failed from its beginning, so that many at once gain nothing. In memory only.
/// </summary>
public sealed class SignInThrottle(TimeProvider time)
{
    private static readonly Limit Account = new(FreeFailures: 5, LongestWait: TimeSpan.FromMinutes(5));
    private static readonly Limit Address = new(FreeFailures: 20, LongestWait: TimeSpan.FromMinutes(15));
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromHours(1);

    /// <summary>Names and addresses remembered at most: a flood of invented names must not fill the memory.</summary>
    private const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Failures> _failures = new(StringComparer.Ordinal);

    /// <summary>Counts an attempt.</summary>
    /// <returns>Null when it may go on; else how long to wait first.</returns>
    public TimeSpan? Begin(string accountName, string clientAddress)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var (account, address) = (Find(AccountKey(accountName), now), Find(AddressKey(clientAddress), now));
            var wait = Longer(account.BlockedUntil - now, address.BlockedUntil - now);
            if (wait > TimeSpan.Zero)
                return wait;
            Keep(AccountKey(accountName), account.OneMore(Account, now));
            Keep(AddressKey(clientAddress), address.OneMore(Address, now));
            return null;
        }
    }

    /// <summary>The attempt was right: the account's failures are forgotten, the address gets its attempt back.</summary>
    public void Succeeded(string accountName, string clientAddress)
    {
        lock (_lock)
        {
            _failures.Remove(AccountKey(accountName));
            if (_failures.TryGetValue(AddressKey(clientAddress), out var address))
                _failures[AddressKey(clientAddress)] = address with { Count = Math.Max(0, address.Count - 1), BlockedUntil = DateTimeOffset.MinValue };
        }
    }

    private Failures Find(string key, DateTimeOffset now) =>
        _failures.TryGetValue(key, out var failures) && now - failures.LastAt < ForgottenAfter ? failures : default;

    private void Keep(string key, Failures failures)
    {
        if (_failures.Count >= Capacity && !_failures.ContainsKey(key))
        {
            foreach (var old in _failures.Where(pair => failures.LastAt - pair.Value.LastAt >= ForgottenAfter).Select(pair => pair.Key).ToList())
                _failures.Remove(old);
            if (_failures.Count >= Capacity)
                _failures.Remove(_failures.MinBy(pair => pair.Value.LastAt).Key);
        }
        _failures[key] = failures;
    }

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;
    private static string AccountKey(string name) => "account " + name.ToLowerInvariant();
    private static string AddressKey(string address) => "address " + address;

    private sealed record Limit(int FreeFailures, TimeSpan LongestWait);

    private readonly record struct Failures(int Count, DateTimeOffset LastAt, DateTimeOffset BlockedUntil)
    {
        public Failures OneMore(Limit limit, DateTimeOffset now)
        {
            var beyond = Count + 1 - limit.FreeFailures;
            var wait = beyond < 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(beyond, 30)), limit.LongestWait.TotalSeconds));
            return new(Count + 1, now, beyond < 0 ? default : now + wait);
        }
    }
}
