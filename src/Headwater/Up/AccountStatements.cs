using System.Security.Cryptography;

namespace Headwater.Up;

/// <summary>The cluster's accounts, as the statements that make them. They are part of every server's first data, not of the log.</summary>
internal static class AccountStatements
{
    public static ClusterAccounts Fresh(string schema) => new()
    {
        Application = new AccountRecord("application", Password(), schema),
        Administrator = new AccountRecord("administrator", Password(), schema),
        Monitor = new AccountRecord("headwater_monitor", Password()),
        Replication = new AccountRecord("headwater_replication", Password()),
        Recovery = new AccountRecord("headwater_recovery", Password()),
    };

    /// <summary>One statement per line, as --bootstrap wants them.</summary>
    public static IEnumerable<string> Create(ClusterAccounts accounts)
    {
        // The grant tables are not loaded in bootstrap mode until this is said.
        yield return "FLUSH PRIVILEGES;";
        foreach (var account in accounts.All)
            yield return $"CREATE USER {Name(account)} IDENTIFIED BY '{account.Password}';";
        yield return $"CREATE DATABASE `{accounts.Application.Schema}`;";
        yield return $"GRANT ALL PRIVILEGES ON `{accounts.Application.Schema}`.* TO {Name(accounts.Application)};";
        yield return $"GRANT ALL PRIVILEGES ON *.* TO {Name(accounts.Administrator)} WITH GRANT OPTION;";
        yield return $"REVOKE READ_ONLY ADMIN ON *.* FROM {Name(accounts.Administrator)};";
        // SELECT on everything: information_schema shows a view's definition to nobody with less.
        yield return $"GRANT SELECT, PROCESS, SHOW DATABASES, SHOW VIEW, BINLOG MONITOR, REPLICA MONITOR, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION MASTER ADMIN, REPLICATION REPLICA ADMIN, REPLICATION REPLICA, BINLOG ADMIN, RELOAD ON *.* TO {Name(accounts.Monitor)};";
        // A witness asks where the log begins that is left.
        yield return $"GRANT REPLICATION REPLICA, BINLOG MONITOR ON *.* TO {Name(accounts.Replication)};";
        // Writes rows on the primary, and past the log on a server that is read_only; makes the ledger's tables; and makes a server anew, with everything that it
        // has, accounts and their rights included.
        if (accounts.Recovery is { } recovery)
            yield return $"GRANT ALL PRIVILEGES ON *.* TO {Name(recovery)} WITH GRANT OPTION;";
    }

    // Any host: the servers listen on the loopback address and on a socket in the owner's folder only, and '%' is both.
    static string Name(AccountRecord account) => $"'{account.User}'@'%'";

    // Hexadecimal, so that it needs no quoting anywhere: SQL, shell, URL.
    static string Password() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
