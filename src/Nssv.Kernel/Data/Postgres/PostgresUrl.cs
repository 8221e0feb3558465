using Npgsql;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>Connection URLs as libpq takes them (https://www.postgresql.org/docs/current/libpq-connect.html), which Npgsql itself does not read.</summary>
internal static class PostgresUrl
{
    public static NpgsqlConnectionStringBuilder Parse(string connection)
    {
        if (!connection.StartsWith("postgres://", StringComparison.Ordinal) && !connection.StartsWith("postgresql://", StringComparison.Ordinal))
            return Checked(() => new(connection));
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var url))
            throw new FormatException("The database URL is not valid; it is written postgresql://user:password@host:port/database");
        return Checked(() =>
        {
            var settings = new NpgsqlConnectionStringBuilder
            {
                Host = url.Host.Length > 0 ? Uri.UnescapeDataString(url.Host) : "localhost",
                Port = url.Port > 0 ? url.Port : 5432,
                Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')) is { Length: > 0 } name ? name : "nssv",
            };
            var (user, password) = url.UserInfo.Split(':', 2) is [var u, var p] ? (u, p) : (url.UserInfo, "");
            if (user.Length > 0)
                settings.Username = Uri.UnescapeDataString(user);
            if (password.Length > 0)
                settings.Password = Uri.UnescapeDataString(password);
            foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var (key, value) = pair.Split('=', 2) is [var k, var v] ? (Uri.UnescapeDataString(k), Uri.UnescapeDataString(v)) : (pair, "");
                settings[key switch { "sslmode" => "SSL Mode", "sslrootcert" => "Root Certificate", "connect_timeout" => "Timeout", "application_name" => "Application Name", _ => key }] =
                    key == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
            }
            return settings;
        });
    }

    /// <summary>Npgsql's own message could repeat the password.</summary>
    private static NpgsqlConnectionStringBuilder Checked(Func<NpgsqlConnectionStringBuilder> make)
    {
        try
        {
            return make();
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw new FormatException("The database's connection has an unknown or wrong setting; write postgresql://user:password@host:port/database?sslmode=require");
        }
    }
}
