using System.Diagnostics;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Problem;

/// <summary>What the writers and the analysts of one run met. Times are milliseconds.</summary>
sealed record ProblemResult(double[] Writes, int Analyses, double AnalysisMedian, double StolenShare)
{
    public double Write(double share) => Spread.Percentile(Writes, share);
}

/// <summary>A community: people like and post at a fixed rate, analysts ask for the most liked posts of the day again and again.</summary>
sealed class ProblemLoad(Func<SqlClient> openWriter, Func<SqlClient> openAnalyst, int writers, int writesPerSecond, int analysts, int users, int posts, ulong seed)
{
    /// <summary>The heavy one, from the field: every like of the day, grouped and sorted.</summary>
    public const string Analysis = """
        SELECT p.id, p.author, COUNT(*) AS likes, COUNT(DISTINCT l.user) AS people
        FROM problem_like l JOIN problem_post p ON p.id = l.post
        WHERE l.created >= CURRENT_DATE - INTERVAL 1 DAY
        GROUP BY p.id, p.author ORDER BY likes DESC, p.id LIMIT 100
        """;

    public ProblemResult Run(int seconds)
    {
        var steal = new Lab.StolenTime();
        var until = Stopwatch.GetTimestamp() + seconds * Stopwatch.Frequency;
        var writes = Enumerable.Range(0, writers).Select(static _ => new List<double>()).ToList();
        var analyses = Enumerable.Range(0, analysts).Select(static _ => new List<double>()).ToList();
        Exception? trouble = null;
        var threads = writes.Select((times, i) => Guarded(() => Write(i, times, until)))
            .Concat(analyses.Select(times => Guarded(() => Analyse(times, until)))).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        if (trouble is not null) throw new UsageException($"the load failed: {trouble.Message}");
        var all = analyses.SelectMany(static times => times).ToList();
        return new ProblemResult([.. writes.SelectMany(static times => times).Order()], all.Count, Spread.Of(all).Median, steal.ShareSinceLastLook());

        Thread Guarded(Action work) => new(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                trouble = e;
            }
        }, 256 * 1024);
    }

    /// <summary>
    /// By the clock, not by the last answer: a write that comes late makes the next ones late too, and their time counts from when
    /// they were due, or a slow server would be asked less and look better.
    /// </summary>
    void Write(int number, List<double> times, long until)
    {
        using var client = openWriter();
        var chance = Chance.For(seed, number);
        var sql = new SqlText();
        var pause = (long)(Stopwatch.Frequency * writers / (double)writesPerSecond);
        for (var due = Stopwatch.GetTimestamp() + pause * number / writers; due < until; due += pause)
        {
            var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (early > TimeSpan.Zero) Thread.Sleep(early);
            if (chance.Percent(80))
                client.Query(sql.Begin("INSERT INTO problem_like (post, user, created) VALUES ("u8).Add(1 + chance.Below(posts)).Add(", "u8).Add(1 + chance.Below(users)).Add(", NOW())"u8).Bytes);
            else if (chance.Percent(50))
                client.Query(sql.Begin("INSERT INTO problem_post (author, created, body) VALUES ("u8).Add(1 + chance.Below(users)).Add(", NOW(), 'a new post of the day')"u8).Bytes);
            else
                client.Query(sql.Begin("UPDATE problem_user SET seen = NOW() WHERE id = "u8).Add(1 + chance.Below(users)).Bytes);
            times.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
        }
    }

    void Analyse(List<double> times, long until)
    {
        using var client = openAnalyst();
        while (Stopwatch.GetTimestamp() < until)
        {
            var begun = Stopwatch.GetTimestamp();
            client.Query(Analysis);
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
    }
}
