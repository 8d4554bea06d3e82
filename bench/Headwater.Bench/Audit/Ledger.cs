using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Audit;

/// <summary>
/// The audited data and what is known of it: registers (one row each) and pairs (two rows that every transaction changes together).
/// The table audit_where holds another row on each server, written past the log, so that every answer says which copy gave it
/// and the statement stays the plain read that it is.
/// </summary>
sealed class Ledger
{
    public const int RegistersPerSession = 6, PairsPerSession = 3, KeysPerSession = RegistersPerSession + PairsPerSession;
    readonly Register[] _registers;

    public Ledger(int sessions)
    {
        Sessions = sessions;
        _registers = new Register[sessions * KeysPerSession];
        for (var i = 0; i < _registers.Length; i++) _registers[i] = new Register();
    }

    public int Sessions { get; }
    public int Keys => _registers.Length;
    public Register this[int key] => _registers[key];
    public static bool IsPair(int key) => key % KeysPerSession >= RegistersPerSession;

    /// <summary>Makes the tables through the primary and marks each server's own row.</summary>
    public void Prepare(Cluster cluster)
    {
        using (var primary = cluster.Directly(cluster.Run.Primary))
        {
            foreach (var table in (string[])["audit_register", "audit_pair", "audit_where"]) primary.Query($"DROP TABLE IF EXISTS {table}");
            primary.Query("CREATE TABLE audit_register (k INT PRIMARY KEY, version BIGINT NOT NULL)");
            primary.Query("CREATE TABLE audit_pair (k INT, side TINYINT, version BIGINT NOT NULL, PRIMARY KEY (k, side))");
            primary.Query("CREATE TABLE audit_where (server TINYINT PRIMARY KEY)");
            var keys = Enumerable.Range(0, Keys).ToList();
            primary.Query("INSERT INTO audit_register VALUES " + string.Join(',', keys.Where(static k => !IsPair(k)).Select(static k => $"({k},0)")));
            primary.Query("INSERT INTO audit_pair VALUES " + string.Join(',', keys.Where(IsPair).Select(static k => $"({k},0,0),({k},1,0)")));
        }
        cluster.WaitForReplicas();
        for (var i = 0; i < cluster.Run.Servers.Count; i++)
        {
            using var root = Cluster.AsRoot(cluster.Run.Servers[i], cluster.Run.Application.Schema);
            root.Query("SET SESSION sql_log_bin = 0");
            root.Query($"INSERT INTO audit_where VALUES ({i})");
        }
    }

    /// <summary>After the faults: every server must hold, for every key, what its writer was last told, or what it was never told of.</summary>
    public IEnumerable<string> Differences(Cluster cluster)
    {
        cluster.WaitForReplicas();
        foreach (var server in cluster.Run.Servers)
        {
            using var client = cluster.Directly(server);
            client.Query("SELECT k, version FROM audit_register UNION ALL SELECT k, version FROM audit_pair");
            if (client.Rows != Keys + Keys / KeysPerSession * PairsPerSession) yield return $"{server.Name} has {client.Rows} rows";
            for (var i = 0; i < client.Rows; i++)
            {
                var (key, version) = ((int)client.Int64(i, 0), client.Int64(i, 1));
                if (version < _registers[key].Acknowledged || version > _registers[key].Attempted)
                    yield return $"{server.Name} holds version {version} of key {key}; acknowledged was {_registers[key].Acknowledged}, attempted {_registers[key].Attempted}";
            }
        }
    }
}
