using System.Collections.Immutable;
using System.Text;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Tests.Wire.Binlog;
using Xunit;

namespace Headwater.Tests.Recovery;

public class RecoveryDecisionTests
{
    static readonly ServerId Db1 = new("db1");
    static readonly ControlRecord Primary = new() { Primary = Db1 };

    static ClusterView Gone(ServerState state)
    {
        var view = View(state, "0-1-206", waits: true);
        return view with { Servers = [view.Servers[0] with { Outcome = ProbeOutcome.Closed, Health = ServerHealth.Down }] };
    }

    [Theory]
    // what the old server has | what its successor has | the last that both have ("-": read all of it)
    [InlineData("0-1-150", "0-1-120,0-2-200", "0-1-120")]
    [InlineData("0-1-150,0-2-90", "0-1-120,0-2-90,0-3-200", "0-1-120")]
    [InlineData("0-1-120", "0-1-120,0-2-200", "0-1-120")]
    [InlineData("0-1-150,1-1-7", "0-1-120,0-2-121,1-1-7", "0-1-120,1-1-7")]
    [InlineData("0-1-100,7-5-3", "0-1-100", "0-1-100")]
    [InlineData("0-1-130,0-5-121", "0-1-130", "-")]
    [InlineData("0-1-3", "0-2-9", "")]
    public void A_tail_begins_behind_the_last_transaction_that_both_have(string old, string history, string common) =>
        Assert.Equal(common, Tail.CommonEnd(Gtids(old), Gtids(history)) is { } end ? end.ToString() : "-");

    [Theory]
    // what the old server has | what its successor has | the state of a log that has only what both have
    [InlineData("0-1-150", "0-1-120,0-2-200", "0-1-120")]
    [InlineData("0-1-2662,0-3-25567,0-2-9000", "0-2-31554,0-1-2662,0-3-25561", "0-1-2662,0-2-9000,0-3-25561")]
    [InlineData("0-1-150,1-1-7,0-1-150", "1-1-7,0-1-120,0-2-121", "0-1-120,1-1-7")]
    [InlineData("0-1-3", "0-2-9", "")]
    public void A_log_that_begins_anew_says_who_wrote_what_came_before_the_last_of_each_domain_at_the_end(string old, string history, string state) =>
        Assert.Equal(state, string.Join(',', Tail.CommonState(Gtids(old), Gtids(history))));

    [Fact]
    public void Who_was_told_is_known_exactly_also_out_of_order_and_forgotten_rather_than_mistaken()
    {
        var told = new ToldCommits();
        told.Add(new Gtid(0, 1, 1002));
        told.Add(new Gtid(0, 1, 1000));
        told.Add(new Gtid(3, 1, 5));
        Assert.Equal(Told.Yes, told.Of(new Gtid(0, 1, 1000)));
        Assert.Equal(Told.No, told.Of(new Gtid(0, 1, 1001)));
        Assert.Equal(Told.Yes, told.Of(new Gtid(0, 1, 1002)));
        Assert.Equal(Told.Yes, told.Of(new Gtid(3, 1, 5)));
        Assert.Equal(Told.No, told.Of(new Gtid(0, 1, 1000 + ToldCommits.Kept)));
        told.Add(new Gtid(0, 1, 1000 + ToldCommits.Kept));
        Assert.Equal(Told.Forgotten, told.Of(new Gtid(0, 1, 1000)));
        Assert.Equal(Told.Yes, told.Of(new Gtid(0, 1, 1002)));
    }

    [Fact]
    public void A_label_is_never_acknowledged_only_where_that_is_proven()
    {
        var state = new ServerState(Db1, 1);
        state.Told.Add(new Gtid(0, 1, 205));
        var waiting = new CommitWitness().After(View(state, "0-1-200", waits: true), Primary);
        Assert.Equal(TailLabel.Acknowledged, waiting.Label(Db1, new Gtid(0, 1, 205), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.NeverAcknowledged, waiting.Label(Db1, new Gtid(0, 1, 206), LossPromise.Zero).Label);
        // Committed before it was seen to wait; under another promise; after a moment in which it did not wait; of a server never seen.
        Assert.Equal(TailLabel.Unknown, waiting.Label(Db1, new Gtid(0, 1, 199), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.Unknown, waiting.Label(Db1, new Gtid(0, 1, 206), LossPromise.BestEffort).Label);
        Assert.Equal(TailLabel.Unknown, waiting.After(View(state, "0-1-204", waits: false), Primary).Label(Db1, new Gtid(0, 1, 206), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.Unknown, waiting.Label(new ServerId("db9"), new Gtid(0, 1, 206), LossPromise.Zero).Label);
        // Where an operator has accepted a loss: whoever acknowledged it may be the one that is lost.
        Assert.Equal(TailLabel.Unknown, waiting.After(Gone(state), Primary with { LossAccepted = true }).Label(Db1, new Gtid(0, 1, 206), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.Acknowledged, waiting.After(Gone(state), Primary with { LossAccepted = true }).Label(Db1, new Gtid(0, 1, 205), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.NeverAcknowledged, waiting.After(Gone(state), Primary).Label(Db1, new Gtid(0, 1, 206), LossPromise.Zero).Label);
        // A restart is another life: who was told stays known, the waiting has to be seen anew.
        var again = waiting.After(View(new ServerState(Db1, 2), "0-1-210", waits: true), Primary);
        Assert.Equal(TailLabel.Acknowledged, again.Label(Db1, new Gtid(0, 1, 205), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.Unknown, again.Label(Db1, new Gtid(0, 1, 206), LossPromise.Zero).Label);
        Assert.Equal(TailLabel.Unknown, again.Without(Db1).Label(Db1, new Gtid(0, 1, 205), LossPromise.Zero).Label);
    }

    [Theory]
    [InlineData(RowKind.Insert, RowStanding.Missing, RowVerdict.Clean)]
    [InlineData(RowKind.Insert, RowStanding.AsAfter, RowVerdict.AlreadyThere)]
    [InlineData(RowKind.Insert, RowStanding.Other, RowVerdict.Conflict)]
    [InlineData(RowKind.Update, RowStanding.AsBefore, RowVerdict.Clean)]
    [InlineData(RowKind.Update, RowStanding.AsAfter, RowVerdict.AlreadyThere)]
    [InlineData(RowKind.Update, RowStanding.Missing, RowVerdict.Conflict)]
    [InlineData(RowKind.Update, RowStanding.Other, RowVerdict.Conflict)]
    [InlineData(RowKind.Delete, RowStanding.AsBefore, RowVerdict.Clean)]
    [InlineData(RowKind.Delete, RowStanding.Missing, RowVerdict.AlreadyThere)]
    [InlineData(RowKind.Delete, RowStanding.Other, RowVerdict.Conflict)]
    public void A_row_is_changed_only_where_it_is_as_it_was(RowKind kind, RowStanding standing, RowVerdict verdict) => Assert.Equal(verdict, RowJudgement.Of(kind, standing).Verdict);

    [Theory]
    [InlineData(3, 0, 0, RowVerdict.Clean)]
    [InlineData(0, 3, 0, RowVerdict.AlreadyThere)]
    [InlineData(2, 1, 0, RowVerdict.Conflict)]
    [InlineData(2, 0, 1, RowVerdict.Conflict)]
    public void A_transaction_of_which_a_part_is_there_is_a_conflict(int clean, int there, int conflicts, RowVerdict verdict) =>
        Assert.Equal(verdict, RowJudgement.Of(clean, there, conflicts, "why").Verdict);

    [Theory]
    [InlineData(RecoverMode.Propose, false, 0, 0, 2, true)]
    [InlineData(RecoverMode.Propose, false, 0, 1, 2, false)]
    [InlineData(RecoverMode.Propose, false, 1, 0, 0, false)]
    [InlineData(RecoverMode.Propose, true, 1, 0, 0, true)]
    [InlineData(RecoverMode.Auto, false, 1, 1, 1, true)]
    [InlineData(RecoverMode.Off, false, 0, 0, 1, false)]
    [InlineData(RecoverMode.Off, true, 0, 0, 1, true)]
    public void What_is_done_by_itself_follows_from_what_clients_were_told(RecoverMode mode, bool asked, long acknowledged, long unknown, long never, bool goes) =>
        Assert.Equal(goes, RecoveryChoice.Of(mode, asked, new TailCounts(acknowledged, unknown, never)).Goes);

    [Fact]
    public void Definitions_and_statements_of_a_real_log_are_named_and_never_replayed()
    {
        var transactions = RecordedLog.Read(RecordedLog.Events());
        Assert.NotEmpty(transactions);
        foreach (var transaction in transactions)
        {
            var why = Obstacle.Of(transaction, static (_, _) => null);
            if (transaction.Changes.Any(static change => change is not LoggedRows)) Assert.NotNull(why);
            else if (transaction.Changes.Count > 0) Assert.Matches("there is no table|XA|rolled back", why);
        }
    }

    static List<Gtid> Gtids(string text)
    {
        var gtids = new List<Gtid>();
        foreach (var one in text.Split(','))
        {
            Assert.True(Gtid.TryParse(Encoding.ASCII.GetBytes(one), out var gtid));
            gtids.Add(gtid);
        }
        return gtids;
    }

    static ClusterView View(ServerState state, string position, bool waits)
    {
        var watched = new WatchedServer(Db1, new ServerAddress("h", 1));
        Assert.True(Position.TryParse(position, out var logged));
        return new ClusterView
        {
            Cluster = "c",
            Servers =
            [
                new ServerView
                {
                    State = state,
                    Address = watched.Address,
                    Role = ServerRole.Primary,
                    Health = ServerHealth.Up,
                    Outcome = ProbeOutcome.Answered,
                    LastAnswer = new Observation
                    {
                        Server = watched,
                        AskedAt = new Instant(1),
                        AnsweredAt = new Instant(2),
                        Outcome = ProbeOutcome.Answered,
                        BinlogPosition = logged,
                        SemiSync = new SemiSync { Waits = true, Waiting = waits },
                    },
                },
            ],
        };
    }
}
