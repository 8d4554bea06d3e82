using System.Collections.Immutable;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control.Failover;

/// <summary>Reads the settings that <see cref="PromiseAudit"/> judges.</summary>
static class SettingsReader
{
    static readonly string Question = $"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({string.Join(", ", PromiseAudit.Variables.Select(static name => $"'{name}'"))})";

    public static async Task<ServerSettings> ReadAsync(ServerConnection connection, ServerId server, ServerRole role, CancellationToken ct) =>
        new(server, role, (await connection.QueryAsync(Question, ct)).Rows.ToImmutableDictionary(static row => row[0]!, static row => row[1] ?? "", StringComparer.Ordinal));
}
