using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;
using Headwater.Core.Positions;

namespace Headwater.Bench.Reader;

/// <summary>A reader that is killed, or cut off in the middle of an event, again and again, and goes on from where it stood: is anything lost or repeated?</summary>
static class ResumeRun
{
    const int LargeTransactions = 6, LargeMegabytes = 12, ShortStretch = 300_000, LongStretch = 2 * LargeMegabytes * 1_000_000;

    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var server = LoggingServer.Start(folder);
        Write(server, options);
        var (lines, large, until) = ReferenceAsync(server).GetAwaiter().GetResult();
        using var relay = new CuttingRelay(server.Port);
        var chance = Chance.For(options.Seed, 1);
        var file = Path.Combine(folder, "read.txt");
        int kills = 0, cuts = 0, inLarge = 0, laps = 0;
        long lost = 0, repeated = 0, wrong = 0;
        var clock = Stopwatch.StartNew();
        while (kills < options.Kills || cuts < options.Cuts)
        {
            var kill = cuts >= options.Cuts || kills < options.Kills && chance.Percent(75);
            // Short stretches, or the small transactions would be read in one; a long one before a large transaction, or it would never be read to its end.
            var stretch = 1 + chance.Below(large.Contains(ReaderChild.Lines(file).Count) ? LongStretch : ShortStretch);
            using var reader = Start(relay.Port, until, file);
            using var reached = new ManualResetEventSlim();
            var holds = chance.Percent(50);
            relay.After(stretch, cuts: !kill, () =>
            {
                // Killed where it had taken everything that there was, or while it is still taking.
                if (kill && holds) Thread.Sleep(chance.Below(5));
                if (kill) reader.Kill();
                reached.Set();
            });
            if (!kill) WaitFor(reached, reader);
            else reader.WaitForExit();
            if (reached.IsSet)
            {
                var next = ReaderChild.Lines(file).Count;
                if (next < lines.Count && large.Contains(next)) inLarge++;
                if (kill) kills++;
                else cuts++;
            }
            if (!kill)
            {
                // It goes on by itself, in the same process, for a while.
                if (!reader.WaitForExit(TimeSpan.FromMilliseconds(chance.Below(200)))) reader.Kill();
                reader.WaitForExit();
            }
            if (ReaderChild.Lines(file).Count < lines.Count) continue;
            laps++;
            Compare(lines, ReaderChild.Lines(file), ref lost, ref repeated, ref wrong);
            File.Delete(file);
        }
        relay.Never();
        using (var last = Start(relay.Port, until, file)) last.WaitForExit();
        Compare(lines, ReaderChild.Lines(file), ref lost, ref repeated, ref wrong);
        Console.WriteLine($"resume     {lines.Count:N0} transactions ({large.Count} of {LargeMegabytes} MB), read {laps + 1} times; {kills} kills and {cuts} cuts, {inLarge} of them in a large transaction; {clock.Elapsed.TotalSeconds:0} s");
        bars.Check(kills >= options.Kills && cuts >= options.Cuts && lost == 0 && repeated == 0 && wrong == 0, $"killed {options.Kills} times and cut off {options.Cuts} times in the middle of an event, at random bytes, nothing lost or repeated",
            $"{kills} kills, {cuts} cuts, {inLarge} in a large transaction; {lost} lost, {repeated} repeated, {wrong} in a wrong place");
    }

    static void WaitFor(ManualResetEventSlim reached, Process reader)
    {
        while (!reached.Wait(10))
            if (reader.HasExited) return;
    }

    static void Write(LoggingServer server, ReaderOptions options)
    {
        using var root = server.AsRoot();
        var workload = new Workload(root, options.Seed);
        workload.Begin();
        LargeRun.Create(root);
        for (var i = 0; i < LargeTransactions; i++)
        {
            workload.Run(options.Steps / LargeTransactions);
            root.Query("SET binlog_row_image=FULL");
            LargeRun.Write(root, LargeMegabytes);
        }
    }

    static async Task<(List<string> Lines, HashSet<int> Large, Position Until)> ReferenceAsync(LoggingServer server)
    {
        var (lines, large, position) = (new List<string>(), new HashSet<int>(), Position.Empty);
        await foreach (var transaction in await ValuesRun.OpenAsync(server, fromFiles: true, Position.Empty))
        {
            if (transaction.Bytes > LargeMegabytes * 500_000L) large.Add(lines.Count);
            lines.Add(ReaderChild.Line(transaction));
            position = position.With(transaction.Gtid);
        }
        return (lines, large, position);
    }

    static Process Start(int port, Position until, string file)
    {
        var start = new ProcessStartInfo(Counted.Program) { RedirectStandardError = true };
        // What a debugger would connect to is a file, and who is killed does not take it away.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var argument in (string[])[ReaderChild.Verb, "--port", port.ToString(CultureInfo.InvariantCulture), "--until", until.ToString(), "--out", file]) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    static void Compare(List<string> whole, List<string> read, ref long lost, ref long repeated, ref long wrong)
    {
        var seen = new HashSet<string>(read);
        repeated += read.Count - seen.Count;
        foreach (var line in whole)
            if (!seen.Contains(line)) lost++;
        for (var i = 0; i < Math.Min(whole.Count, read.Count); i++)
            if (whole[i] != read[i]) wrong++;
    }
}
