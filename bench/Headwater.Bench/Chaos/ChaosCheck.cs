using System.Globalization;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>Holds what every server has against what every session was told.</summary>
static class ChaosCheck
{
    /// <summary>What no statement through a gateway can do: shows that the checkers see it.</summary>
    public static void Plant(ChaosLab lab, string plant, ChaosLoad load)
    {
        // Of each plant another one, as several may be planted.
        var victim = plant == "back" ? 0 : load.Ledger.All(Told.Acknowledged).OrderDescending().ElementAt(plant == "lose" ? 0 : 1);
        foreach (var server in lab.Servers)
        {
            using var root = server.AsRoot();
            root.Query("SET sql_log_bin = 0");
            switch (plant)
            {
                case "back":
                    root.Query("UPDATE chaos_register SET version = 0");
                    break;
                case "lose":
                    root.Query($"DELETE FROM chaos_set WHERE id = {victim}");
                    root.Query($"UPDATE chaos_list SET items = REPLACE(CONCAT(items, ','), ',{victim},', ',')");
                    break;
                default:
                    root.Query($"UPDATE chaos_list SET items = CONCAT(items, ',{victim},{victim}') ORDER BY id LIMIT 1");
                    break;
            }
        }
    }

    /// <summary>
    /// On every server: each acknowledged write once, no refused one, money neither made nor lost, each register between what was acknowledged and what was sent,
    /// the same rows everywhere, and the primary alone writable.
    /// </summary>
    public static void Run(ChaosLab lab, ChaosLoad load, List<string> troubles)
    {
        if (lab.NotCaughtUp() is { } behind)
        {
            troubles.Add(behind);
            return;
        }
        Run([.. lab.Servers.Select(static server => (server.Name, (Func<SqlClient>)(() => server.AsRoot(patience: TimeSpan.FromMinutes(2)))))], lab.Controlling.Status()?.Primary, load.Ledger, load.Registers, troubles);
    }

    /// <param name="registers">Null: there are none.</param>
    public static void Run(IReadOnlyList<(string Name, Func<SqlClient> AsRoot)> servers, string? primary, ChaosLedger ledger, Registers? registers, List<string> troubles)
    {
        var sums = new Dictionary<string, string>();
        foreach (var server in servers)
        {
            using var client = server.AsRoot();
            var found = new Dictionary<long, int>();
            client.Query("SELECT id FROM chaos_set");
            for (var i = 0; i < client.Rows; i++) found[client.Int64(i, 0)] = 1;
            client.Query("SELECT items FROM chaos_list");
            for (var i = 0; i < client.Rows; i++)
                foreach (var item in client.Text(i, 0).Split(',', StringSplitOptions.RemoveEmptyEntries))
                {
                    var write = long.Parse(item, CultureInfo.InvariantCulture);
                    found[write] = found.GetValueOrDefault(write) + 1;
                }
            foreach (var write in ledger.All(Told.Acknowledged))
                if (!found.ContainsKey(write)) troubles.Add($"{server.Name}: write {write} was acknowledged and is LOST");
            foreach (var (write, times) in found)
            {
                if (times > 1) troubles.Add($"{server.Name}: write {write} is there {times} times");
                if (ledger.Of(write) is Told.Refused or Told.Nothing) troubles.Add($"{server.Name}: write {write} was {(ledger.Of(write) == Told.Refused ? "refused" : "never sent")} and is there");
            }
            if (registers is not null) CheckRegisters(client, server.Name, registers, troubles);
            if (client.Scalar("SELECT SUM(money) FROM chaos_account") is var money && money != $"{ChaosSession.Accounts * ChaosSession.Opening}")
                troubles.Add($"{server.Name}: the accounts hold {money}");
            client.Query($"CHECKSUM TABLE chaos_set, chaos_list, chaos_account{(registers is null ? "" : ", chaos_register")}");
            sums[server.Name] = string.Join(' ', Enumerable.Range(0, client.Rows).Select(row => client.Text(row, 1)));
        }
        if (sums.Values.Distinct().Count() > 1) troubles.Add("the servers differ: " + string.Join("; ", sums.Select(static pair => $"{pair.Key} {pair.Value}")));
        troubles.AddRange(WrongRoles(servers, primary));
    }

    static void CheckRegisters(SqlClient client, string server, Registers registers, List<string> troubles)
    {
        client.Query("SELECT k, version FROM chaos_register");
        for (var i = 0; i < client.Rows; i++)
        {
            var (key, version) = ((int)client.Int64(i, 0), client.Int64(i, 1));
            if (version < registers[key].Acknowledged || version > registers[key].Attempted)
                troubles.Add($"{server}: register {key} holds version {version}; acknowledged was {registers[key].Acknowledged}, sent {registers[key].Attempted}");
        }
    }

    /// <summary>Who is read_only or writable against its role.</summary>
    public static IEnumerable<string> WrongRoles(ChaosLab lab, string? primary) =>
        WrongRoles([.. lab.Servers.Select(static server => (server.Name, (Func<SqlClient>)(() => server.AsRoot())))], primary);

    static IEnumerable<string> WrongRoles(IReadOnlyList<(string Name, Func<SqlClient> AsRoot)> servers, string? primary)
    {
        foreach (var server in servers)
        {
            using var root = server.AsRoot();
            var readOnly = root.Scalar("SELECT @@read_only");
            if (readOnly != (server.Name == primary ? "0" : "1")) yield return $"{server.Name}, {(server.Name == primary ? "the primary" : "a replica")}: read_only is {readOnly}";
        }
    }
}
