using System.Diagnostics;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Split;

/// <summary>One session of the load: mostly reads of anything, now and then a write of its own row, which it reads back.</summary>
/// <param name="elsewhere">It writes to another table than it reads, but for one read in fifty, which is of what it wrote.</param>
sealed class SplitLoad(int number, Cluster cluster, int sessions, int writePercent, double pauseMilliseconds, ulong seed, bool elsewhere = false)
{
    readonly List<double> _reads = [], _readsSoonAfterWrite = [], _writes = [];
    Chance _chance = Chance.For(seed, number);

    public long Reads { get; private set; }
    public long ReadsFromPrimary { get; private set; }
    public long ReadsBack { get; private set; }
    public long ReadsBackFromPrimary { get; private set; }
    public long Writes { get; private set; }
    public long Stale { get; private set; }

    /// <summary>Milliseconds; the second list is of reads within 100 ms after the session's own write.</summary>
    public (List<double> Reads, List<double> SoonAfterWrite, List<double> Writes) Latencies => (_reads, _readsSoonAfterWrite, _writes);

    public void Run(long until)
    {
        using var client = cluster.ThroughGateway();
        var sql = new SqlText();
        long version = 0, writtenAt = 0;
        var readBack = false;
        while (Stopwatch.GetTimestamp() < until)
        {
            if (pauseMilliseconds > 0) Thread.Sleep(TimeSpan.FromMilliseconds(pauseMilliseconds * (0.5 + _chance.Below(1000) / 1000.0)));
            var begun = Stopwatch.GetTimestamp();
            if (_chance.Percent(writePercent))
            {
                client.Query(sql.Begin(elsewhere ? "UPDATE split_other SET version = "u8 : "UPDATE split_row SET version = "u8).Add(++version).Add(" WHERE k = "u8).Add(number).Bytes);
                writtenAt = Stopwatch.GetTimestamp();
                _writes.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                Writes++;
                readBack = true;
                continue;
            }
            var own = elsewhere ? _chance.Percent(2) : readBack || _chance.Percent(30);
            client.Query(sql.Begin(elsewhere && own ? "SELECT r.version, w.server FROM split_other r, split_where w WHERE r.k = "u8 : "SELECT r.version, w.server FROM split_row r, split_where w WHERE r.k = "u8).Add(own ? number : _chance.Below(sessions)).Bytes);
            var milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            var fromPrimary = client.Int64(0, 1) == 0;
            Reads++;
            if (fromPrimary) ReadsFromPrimary++;
            if (readBack) ReadsBack++;
            if (readBack && fromPrimary) ReadsBackFromPrimary++;
            if (own && client.Int64(0, 0) < version) Stale++;
            readBack = false;
            var soon = writtenAt != 0 && Stopwatch.GetElapsedTime(writtenAt, begun).TotalMilliseconds < 100;
            (soon ? _readsSoonAfterWrite : _reads).Add(milliseconds);
        }
    }
}
