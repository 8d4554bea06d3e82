using System.Globalization;
using Headwater.Core.Log;
using Headwater.Core.Topology;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Verify;

/// <summary>Where a server is and who reads it; and who may mend it.</summary>
sealed record ServerDoor(string Name, ServerAddress Address, ServerLogin Reader, ServerLogin Mender);

/// <summary>A replica can be compared no further; the sentence says why.</summary>
sealed class LeftOutException(string sentence) : Exception(sentence);

/// <summary>A server with the one connection on which it is read.</summary>
sealed class VerifiedServer(ServerDoor door, ServerConnection connection) : IAsyncDisposable
{
    // The same on all servers: else the same value would be written differently, or compare differently.
    const string Session = RowSql.Session + ", tx_isolation='REPEATABLE-READ', innodb_lock_wait_timeout=1, lock_wait_timeout=3, max_statement_time=0, join_cache_level=0";

    public ServerDoor Door => door;
    public string Name => door.Name;
    public bool IsOpen => connection.IsOpen;

    public static async Task<VerifiedServer> ConnectAsync(ServerDoor door, CancellationToken ct)
    {
        var connection = await ServerConnection.ConnectAsync(door.Address, door.Reader, ct);
        try
        {
            await connection.QueryAsync(Session, ct);
            return new VerifiedServer(door, connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task<QueryResult> QueryAsync(string sql, CancellationToken ct) => connection.QueryAsync(sql, ct);

    public async Task<bool> KnowsTwoCrcsAsync(CancellationToken ct)
    {
        try
        {
            await connection.QueryAsync("SELECT CRC32C('')", ct);
            return true;
        }
        catch (ServerException)
        {
            return false;
        }
    }

    /// <summary>Whether the account may read every table; of those that it may not read, the catalogue says nothing.</summary>
    public async Task<bool> SeesAllAsync(CancellationToken ct) => (await connection.QueryAsync("SHOW GRANTS", ct)).Rows
        .Any(static row => row[0]!.Contains(" ON *.* TO ", StringComparison.Ordinal) && (row[0]!.StartsWith("GRANT ALL PRIVILEGES ", StringComparison.Ordinal) || row[0]!.StartsWith("GRANT SELECT", StringComparison.Ordinal)));

    /// <summary>
    /// A chunk's rows and hash. On the primary with a position that covers all that the read can have shown: it is asked for afterwards, and what is
    /// shown has been logged before.
    /// </summary>
    public async Task<(Checksum Checksum, string Position)> ChecksumAsync(string sql, bool withPosition, CancellationToken ct)
    {
        if (!withPosition) return (Of(await connection.QueryAsync(sql, ct)), "");
        var results = await connection.QueryMultiAsync(sql + "; SELECT @@GLOBAL.gtid_binlog_pos", ct);
        return (Of(results[0]), results[1].Scalar ?? "");
    }

    public async Task<string> PositionAsync(CancellationToken ct) => (await connection.QueryAsync("SELECT @@GLOBAL.gtid_binlog_pos", ct)).Scalar ?? "";

    /// <summary>Whether it shows everything up to a position within a time.</summary>
    public async Task<bool> ReachesAsync(string position, TimeSpan within, CancellationToken ct) => position.Length == 0
        || (await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT MASTER_GTID_WAIT('{position}', {within.TotalSeconds:0.000})"), ct)).Scalar == "0";

    /// <summary>Waits until it shows everything up to a position. Nothing is read meanwhile, so that it can catch up.</summary>
    /// <exception cref="LeftOutException">It does not move.</exception>
    public async Task FollowAsync(string position, VerifyOptions options, VerifyProgress progress, CancellationToken ct)
    {
        if (await ReachesAsync(position, options.MaxLag, ct)) return;
        var began = progress.Elapsed;
        var (last, moved) = ("", began);
        progress.Pause(string.Create(CultureInfo.InvariantCulture, $"{Name} is more than {options.MaxLag.TotalSeconds:0.###} s behind"));
        while (!await ReachesAsync(position, options.MaxLag, ct))
        {
            var now = (await connection.QueryAsync("SELECT @@GLOBAL.gtid_slave_pos", ct)).Scalar ?? "";
            if (now != last) (last, moved) = (now, progress.Elapsed);
            else if (progress.Elapsed - moved > options.Patience)
                throw new LeftOutException(string.Create(CultureInfo.InvariantCulture, $"{Name} has applied nothing for {options.Patience.TotalSeconds:0} s and stands at {(now.Length == 0 ? "the beginning" : now)}, the primary at {position}"));
            progress.Pause(string.Create(CultureInfo.InvariantCulture, $"{Name} is {(progress.Elapsed - began).TotalSeconds:0} s behind"));
        }
        progress.WasPaused(progress.Elapsed - began);
        progress.Pause("");
    }

    static Checksum Of(QueryResult result) => new(long.Parse(result.Rows[0][0]!, CultureInfo.InvariantCulture), result.Rows[0][1]!);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

/// <summary>What a chunk is on one server.</summary>
readonly record struct Checksum(long Rows, string Hash);
