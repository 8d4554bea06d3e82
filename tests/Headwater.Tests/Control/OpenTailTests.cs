using System.Collections.Concurrent;
using System.Collections.Immutable;
using Headwater.Control.Failover;
using Headwater.Control.Recovery;
using Headwater.Core.Failover;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Tests.Control;

/// <summary>Tails that wait to be brought back, in files that nobody can read any more.</summary>
public sealed class OpenTailTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-open").FullName;

    [Fact]
    public async Task Those_that_cannot_be_read_are_told_of_in_one_sentence_that_stays_and_are_left_where_they_are()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "db1-x.open"), """{"server":"db1","history":["nonsense"],""", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(_directory, "db2-y.open"), [0xFE, 0, 1], TestContext.Current.CancellationToken);
        var options = new ControlOptions
        {
            Policy = new ControlPolicy(),
            Directory = _directory,
            Recovery = new RecoveryOptions { Directory = _directory, Login = new ServerLogin("nobody", "") },
        };
        var posted = new ConcurrentQueue<Action>();
        var reports = new List<RecoveryReport>();
        using var desk = new RecoveryDesk(TimeProvider.System);
        for (var until = Environment.TickCount64 + 10_000; reports.Count < 2 && Environment.TickCount64 < until; await Task.Delay(5, TestContext.Current.CancellationToken))
        {
            desk.See(View(), new ControlRecord(), options, posted.Enqueue, reports.Add);
            while (posted.TryDequeue(out var action)) action();
        }
        Assert.Equal(2, reports.Count);
        var told = Assert.Single(desk.Findings);
        Assert.Contains("db1-x.open cannot be read", told.Sentence, StringComparison.Ordinal);
        Assert.Contains("db2-y.open cannot be read", told.Sentence, StringComparison.Ordinal);
        desk.See(View(), new ControlRecord(), options, posted.Enqueue, reports.Add);
        Assert.Equal(told, Assert.Single(desk.Findings));
        Assert.Equal(2, Directory.GetFiles(_directory, "*.open").Length);
    }

    static ClusterView View()
    {
        var server = new WatchedServer(new ServerId("db1"), new ServerAddress("db1", 3306));
        var primary = new ServerView
        {
            State = new ServerState(server.Id, 1),
            Address = server.Address,
            Role = ServerRole.Primary,
            Health = ServerHealth.Up,
            Outcome = ProbeOutcome.Answered,
            Reason = "as the test says",
            LastAnswer = new Observation { Server = server, AskedAt = default, AnsweredAt = default, Outcome = ProbeOutcome.Answered },
        };
        return new ClusterView { Cluster = "shop", Servers = ImmutableArray.Create(primary), Primary = primary };
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
