using System.Text;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>
/// Accounts, roles and their rights, as SHOW CREATE USER and SHOW GRANTS tell them. A replica needs the same ones: a statement about an account that it lacks, or
/// has besides, would end its replication. What is the same already is not touched. Passwords' hashes pass through here and reach no text.
/// Sources: https://mariadb.com/kb/en/show-grants/ , https://mariadb.com/kb/en/create-role/ .
/// </summary>
sealed class AccountsCopy
{
    /// <param name="Create">CREATE USER …; null for a role.</param>
    public sealed record Account(string User, string Host, string? Create, IReadOnlyList<string> Grants)
    {
        public bool IsRole => Create is null;

        /// <summary>By a host name, where the server looks none up (skip_name_resolve): it is there, nobody can log in to it, and nothing is told of it.</summary>
        public bool IsDormant { get; init; }
        public string Name => IsRole ? Quote(User) : $"{Quote(User)}@{Quote(Host)}";

        /// <summary>For people.</summary>
        public override string ToString() => IsRole ? $"role {User}" : $"{User}@{Host}";
        public bool IsSame(Account other) => Create == other.Create && Grants.SequenceEqual(other.Grants);
    }

    const string Public = "PUBLIC";
    const ushort Dormant = 1133;

    public static async Task<IReadOnlyList<Account>> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        await connection.QueryAsync("SET NAMES utf8mb4, sql_mode=''", ct);
        var accounts = new List<Account>();
        // The server's own account, which nobody logs in to, comes with its system tables.
        foreach (var row in (await connection.QueryAsync("SELECT user, host, is_role FROM mysql.user WHERE NOT (user='mariadb.sys' AND host='localhost') ORDER BY is_role DESC, user, host", ct)).Rows)
        {
            var bare = new Account(row[0]!, row[1]!, row[2] == "Y" ? null : "", []);
            try
            {
                var create = bare.IsRole ? null : (await connection.QueryAsync($"SHOW CREATE USER {bare.Name}", ct)).Scalar;
                var grants = (await connection.QueryAsync($"SHOW GRANTS FOR {bare.Name}", ct)).Rows.Select(static grant => grant[0]!).ToList();
                accounts.Add(bare with { Create = create, Grants = grants });
            }
            catch (ServerException e) when (e.Code == Dormant)
            {
                accounts.Add(bare with { IsDormant = true });
            }
        }
        return accounts;
    }

    /// <summary>What could not be made the same, a sentence each.</summary>
    public static async Task<IReadOnlyList<string>> WriteAsync(ServerConnection target, IReadOnlyList<Account> wanted, CancellationToken ct)
    {
        var there = (await ReadAsync(target, ct)).ToDictionary(static account => account.Name);
        await target.QueryAsync(CopySession.OfTarget, ct);
        var own = (await target.QueryAsync("SELECT CURRENT_USER()", ct)).Scalar!;
        var told = new List<string>();
        // A role that is made anew has lost its members, so all rights are given again.
        var rolesDiffer = wanted.Where(static account => account.IsRole).Any(role => !there.TryGetValue(role.Name, out var same) || !same.IsSame(role)) || there.Values.Any(role => role.IsRole && wanted.All(account => account.Name != role.Name));
        var changed = wanted.Where(account => rolesDiffer || !there.TryGetValue(account.Name, out var same) || !same.IsSame(account)).ToList();

        foreach (var surplus in there.Values.Where(account => wanted.All(other => other.Name != account.Name)))
            if (surplus.IsDormant) continue;
            else if (IsOwn(surplus)) told.Add($"{surplus}, by which this copy was made, is on the copy only: DROP USER there, past its log, when it is needed no more");
            else await TryAsync(surplus, $"DROP {(surplus.IsRole ? "ROLE" : "USER")} {surplus.Name}");
        foreach (var account in changed)
        {
            if (account.IsRole && account.User == Public) continue;
            if (account.IsDormant)
            {
                if (!there.ContainsKey(account.Name)) told.Add($"account {account}, of which the source tells nothing while it looks no host names up (skip_name_resolve)");
                continue;
            }
            if (account.IsRole)
            {
                if (there.ContainsKey(account.Name)) await TryAsync(account, $"DROP ROLE {account.Name}");
                // Whoever makes a role is made a member of it, and its administrator.
                if (await TryAsync(account, $"CREATE ROLE {account.Name}")) await TryAsync(account, $"REVOKE {account.Name} FROM CURRENT_USER");
            }
            else if (IsOwn(account) && there.ContainsKey(account.Name)) await TryAsync(account, "ALTER USER" + account.Create!["CREATE USER".Length..]);
            else await TryAsync(account, "CREATE OR REPLACE USER" + account.Create!["CREATE USER".Length..]);
        }
        foreach (var account in changed)
            foreach (var grant in account.Grants)
                if (!(account.IsRole && grant.StartsWith("GRANT USAGE ON *.*", StringComparison.Ordinal))) await TryAsync(account, grant);
        if (changed.Count > 0) await target.QueryAsync("FLUSH PRIVILEGES", ct);
        return told;

        bool IsOwn(Account account) => $"{account.User}@{account.Host}" == own;

        async Task<bool> TryAsync(Account account, string sql)
        {
            try
            {
                await target.QueryAsync(sql, ct);
                return true;
            }
            catch (ServerException e)
            {
                // Its words may quote the statement, and that a password's hash.
                told.Add($"account {account}: {string.Join(' ', sql.Split(' ').Take(2))} was refused (error {e.Code})");
                return false;
            }
        }
    }

    static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
}
