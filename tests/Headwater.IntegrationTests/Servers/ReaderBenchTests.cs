using System.Diagnostics;
using Xunit;

namespace Headwater.IntegrationTests.Servers;

/// <summary>The short form of bench/reader: what our reader makes of a log of everything, against mariadb-binlog; and a reader that is killed and cut off.</summary>
public sealed class ReaderBenchTests
{
    static readonly string _seed = Environment.GetEnvironmentVariable("HEADWATER_SEED") is { Length: > 0 } seed ? seed : "20261122";

    [Fact]
    public async Task A_log_of_everything_is_read_as_mariadb_binlog_reads_it_and_by_a_killed_reader_without_loss_or_repetition()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "headwater-bench")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["reader", "--short", "--only", "values,names,large,resume", "--seed", _seed]) start.ArgumentList.Add(argument);
        using var bench = Process.Start(start)!;
        var errors = bench.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await bench.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bench.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(bench.ExitCode == 0, said + await errors);
    }
}
