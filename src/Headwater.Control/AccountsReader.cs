using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Wire.MySql;

namespace Headwater.Control;

/// <summary>
/// Reads what the servers know of their users. Source: https://mariadb.com/kb/en/mysqlglobal_priv-table/ .
///
/// Oddities: an account may list several ways to prove oneself (<c>auth_or</c>), where <c>{}</c> stands for the outer one; each becomes an
/// account of its own, in order. A stored hash that is none (<c>invalid</c>) lets nobody in, and must not be mistaken for no password.
/// </summary>
static class AccountsReader
{
    const string Question = "SELECT Host, User, Priv FROM mysql.global_priv ORDER BY Host, User";

    public static async Task<Accounts> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var result = await connection.QueryAsync(Question, ct);
        var all = ImmutableArray.CreateBuilder<Account>(result.Rows.Count);
        foreach (var row in result.Rows) Add(all, row[0] ?? "", row[1] ?? "", row[2] ?? "{}");
        return new Accounts(all.ToImmutable());
    }

    public static bool Same(Accounts a, Accounts b) =>
        a.All.Length == b.All.Length && a.All.Zip(b.All).All(static pair =>
            pair.First.User == pair.Second.User && pair.First.Host == pair.Second.Host && pair.First.Plugin == pair.Second.Plugin
            && pair.First.Locked == pair.Second.Locked && pair.First.Rights == pair.Second.Rights && pair.First.Tls == pair.Second.Tls && pair.First.Authentication.AsSpan().SequenceEqual(pair.Second.Authentication.AsSpan()));

    internal static void Add(ImmutableArray<Account>.Builder all, string host, string user, string priv)
    {
        using var json = JsonDocument.Parse(priv);
        var outer = json.RootElement;
        if (Flag(outer, "is_role")) return;
        var locked = Flag(outer, "account_locked");
        var first = all.Count;
        if (outer.TryGetProperty("auth_or", out var ways) && ways.ValueKind == JsonValueKind.Array)
        {
            foreach (var way in ways.EnumerateArray())
                all.Add(AccountOf(host, user, way.ValueKind == JsonValueKind.Object && way.TryGetProperty("plugin", out _) ? way : outer, locked));
        }
        else all.Add(AccountOf(host, user, outer, locked));
        for (var i = first; i < all.Count; i++) all[i] = all[i] with { Rights = RightsOf(outer), Tls = TlsOf(outer) };
    }

    // Bits of "access": sql/privilege.h, PROCESS_ACL, SUPER_ACL, CONNECTION_ADMIN_ACL.
    static AccountRights RightsOf(JsonElement account)
    {
        const ulong process = 1ul << 8, super = 1ul << 15, connectionAdmin = 1ul << 32;
        var access = account.TryGetProperty("access", out var bits) && bits.TryGetUInt64(out var value) ? value : 0;
        return ((access & (super | connectionAdmin)) != 0 ? AccountRights.EndsOthers : 0) | ((access & process) != 0 ? AccountRights.SeesOthers : 0);
    }

    // "ssl_type": sql/structs.h, enum SSL_type.
    static AccountTls TlsOf(JsonElement account) => account.TryGetProperty("ssl_type", out var type) && type.TryGetInt32(out var value)
        ? value switch { <= 0 => AccountTls.None, 1 => AccountTls.Any, _ => AccountTls.Certificate }
        : AccountTls.None;

    static Account AccountOf(string host, string user, JsonElement way, bool locked)
    {
        var plugin = Text(way, "plugin");
        if (plugin.Length == 0) plugin = NativePassword.Name;
        var stored = Text(way, "authentication_string");
        if (plugin == NativePassword.Name)
            return NativePassword.TryParseStored(stored, out var hash) ? new Account(user, host, plugin, [.. hash], locked) : new Account(user, host, plugin, [], Locked: true);
        if (plugin == Ed25519.ServerName)
        {
            var key = new byte[Ed25519.PublicKeyLength + 4];
            return Convert.TryFromBase64String(stored + "=", key, out var length) && length == Ed25519.PublicKeyLength
                ? new Account(user, host, plugin, [.. key.AsSpan(0, length)], locked)
                : new Account(user, host, plugin, [], Locked: true);
        }
        return new Account(user, host, plugin, [.. Encoding.UTF8.GetBytes(stored)], locked);
    }

    static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    static bool Flag(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
