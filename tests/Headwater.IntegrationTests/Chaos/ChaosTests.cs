using System.Diagnostics;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Chaos;

/// <summary>
/// The short form of bench/chaos: servers, their network and the controller die under load, and every server is held against what every session was told.
/// It runs as a program of its own, in a network of its own where the machine permits that (see bench/run).
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    const int Violated = 2;
    static readonly string _seed = Environment.GetEnvironmentVariable("HEADWATER_SEED") is { Length: > 0 } seed ? seed : "20261121";

    /// <summary>Each of these once, in an order that the seed gives. What the machine does not permit is left out, and said.</summary>
    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_when_servers_die_or_stop_or_are_cut_off_or_the_controller_dies()
    {
        var (exitCode, said) = await ChaosAsync("--short", "--faults", "kill-primary,kill-replica,partition,partition-controller,kill-controller,return-at,connections");
        // 1: a bar on time was not reached, which says nothing on a machine that is busy with other tests.
        Assert.True(exitCode is 0 or 1, said);
        Assert.Contains("0 violations", said, StringComparison.Ordinal);
    }

    /// <summary>A checker that misses these would prove nothing.</summary>
    [Fact]
    public async Task What_is_taken_away_done_twice_or_set_back_behind_the_logs_is_found()
    {
        var (exitCode, said) = await ChaosAsync("--rounds", "1", "--faults", "glitch", "--plant", "lose,double,back");
        Assert.Equal(Violated, exitCode);
        Assert.All((string[])["is LOST", "is there [23] times", "had to see at least"], found => Assert.Matches(found, said));
    }

    async Task<(int ExitCode, string Said)> ChaosAsync(params string[] options)
    {
        string[] command = [Path.Combine(AppContext.BaseDirectory, "headwater-bench"), "chaos", "--seed", _seed, .. options];
        string[][] apart = [["--net", "--mount"], ["--user", "--map-root-user", "--net", "--mount"]];
        foreach (var how in apart)
            if ((await RunAsync("unshare", [.. how, "true"])).ExitCode == 0)
            {
                command = ["unshare", .. how, "--", .. command];
                break;
            }
        var (exitCode, said) = await RunAsync(command[0], command[1..]);
        output.WriteLine(said);
        return (exitCode, said);
    }

    static async Task<(int ExitCode, string Said)> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HEADWATER"] = Repository.PathOf("headwater");
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, "not done within 4 minutes\n" + await said + await errors);
        }
        return (process.ExitCode, await said + await errors);
    }
}
