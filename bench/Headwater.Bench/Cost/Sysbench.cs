using System.Globalization;
using System.Text.RegularExpressions;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Cost;

/// <summary>What one run of sysbench reported.</summary>
readonly record struct SysbenchResult(long Queries, double QueriesPerSecond, double P95Milliseconds, long Errors);

/// <summary>The tables and runs of sysbench 1.0, as in the project's baseline: 4 tables × 10,000 rows.</summary>
static partial class Sysbench
{
    const int Tables = 4, Rows = 10_000;

    public static string[] Arguments(string script, string verb, string address, int port, Account account, int threads = 1, int seconds = 1, string psMode = "auto", ulong seed = 1) =>
    [
        script, "--mysql-host=" + address, $"--mysql-port={port}", "--mysql-user=" + account.User, "--mysql-password=" + account.Password, "--mysql-db=" + account.Schema,
        $"--tables={Tables}", $"--table-size={Rows}", $"--threads={threads}", $"--time={seconds}", "--events=0", "--db-ps-mode=" + psMode, $"--rand-seed={seed % int.MaxValue + 1}", verb,
    ];

    public static void Prepare(ServerInfo primary, Account account)
    {
        var (exitCode, output) = ChildProcess.Run("sysbench", Arguments("oltp_read_write", "prepare", primary.Address, primary.Port, account), TimeSpan.FromMinutes(2));
        if (exitCode != 0) throw new UsageException($"sysbench prepare ended with {exitCode}. It said:\n{output}");
    }

    public static SysbenchResult Run(string script, string address, int port, Account account, int threads, int seconds, string psMode, ulong seed)
    {
        var (exitCode, output) = ChildProcess.Run("sysbench", Arguments(script, "run", address, port, account, threads, seconds, psMode, seed), TimeSpan.FromSeconds(seconds + 60));
        if (exitCode != 0) throw new UsageException($"sysbench {script} with {threads} threads ended with {exitCode}. It said:\n{output}");
        return Parse(output);
    }

    public static SysbenchResult Parse(string output)
    {
        var queries = Total().Match(output);
        var rate = Rate().Match(output);
        var p95 = P95().Match(output);
        var errors = Errors().Match(output);
        if (!queries.Success || !rate.Success || !p95.Success) throw new UsageException("sysbench's report was not understood:\n" + output);
        return new SysbenchResult((long)Number(queries), Number(rate), Number(p95), errors.Success ? (long)Number(errors) : 0);
    }

    static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s+total:\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex Total();

    [GeneratedRegex(@"^\s+queries:\s+\d+\s+\(([\d.]+) per sec", RegexOptions.Multiline)]
    private static partial Regex Rate();

    [GeneratedRegex(@"^\s+95th percentile:\s+([\d.]+)", RegexOptions.Multiline)]
    private static partial Regex P95();

    [GeneratedRegex(@"^\s+ignored errors:\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex Errors();
}
