using System.Globalization;
using Headwater.Servers;

namespace Headwater.Demo;

/// <summary>Puts the data set in place, once: the row in demo_loaded is written last and says that all of it is there.</summary>
internal static class DemoLoader
{
    /// <summary>Returns since when the demo's "today" is, as SQL writes it, and whether the data was loaded now.</summary>
    public static async Task<(string Today, bool Loaded)> EnsureAsync(ServerConnection connection, ulong seed, CancellationToken ct)
    {
        try
        {
            if ((await connection.QueryAsync($"SELECT today FROM demo_loaded WHERE seed = {seed}", ct)).Scalar is { } today) return (today, false);
        }
        catch (ServerException e) when (e.Code == NoSuchTable)
        {
            // First time.
        }

        // The servers' own clock and time zone, as the workload's NOW() will use them.
        var now = DateTime.Parse((await connection.QueryAsync("SELECT NOW(3)", ct)).Scalar!, CultureInfo.InvariantCulture);
        var data = new DemoData(seed, now);
        foreach (var sql in DemoData.Schema) await connection.QueryAsync(sql, ct);
        foreach (var sql in data.Inserts()) await connection.QueryAsync(sql, ct);
        return (DemoData.Text(data.Today), true);
    }

    // ER_NO_SUCH_TABLE
    const int NoSuchTable = 1146;
}
