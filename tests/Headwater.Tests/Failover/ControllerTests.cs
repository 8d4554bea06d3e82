using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Failover;

/// <summary>The controller's rules, one story each. What whole clusters make of them is in Simulation/Clusters.</summary>
public class ControllerTests
{
    static ControlledCluster PrimaryGone(ProbeOutcome how = ProbeOutcome.Closed)
    {
        var cluster = ControlledCluster.Three();
        Kill(cluster, how);
        return cluster;
    }

    static void Kill(ControlledCluster cluster, ProbeOutcome how = ProbeOutcome.Closed)
    {
        cluster["db1"].Outcome = how;
        foreach (var name in (string[])["db2", "db3"])
            (cluster[name].Receiving, cluster[name].Acknowledging) = (LinkState.Connecting, false);
    }

    static void Fence(ControlledCluster cluster)
    {
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db2"].Receiving = cluster["db3"].Receiving = LinkState.Stopped;
    }

    static void Promoted(ControlledCluster cluster, string name) =>
        (cluster[name].Follows, cluster[name].ReadOnly, cluster[name].Waits, cluster[name].Acknowledges) = (null, false, true, false);

    [Fact]
    public void The_first_primary_is_the_one_that_is_found()
    {
        var cluster = ControlledCluster.Three();
        Assert.Equal("db1", cluster.Primary);
        Assert.Equal(1, cluster.State.Record.Epoch.Number);
        Assert.Equal("db2 db3", cluster.Acknowledgers);
        Assert.Equal("", cluster.Effects);
    }

    [Fact]
    public void A_dead_primary_is_replaced_step_by_step_each_with_its_proof()
    {
        var cluster = PrimaryGone();
        cluster["db3"].Received = "0-1-107";
        cluster.Until(static c => c.Change is not null);
        Assert.Equal("StopReceiving db2, StopReceiving db3", cluster.Effects);
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Draining });
        Assert.Equal("db3", cluster.Change!.To!.Value.Name);
        Assert.Equal("0-1-107", cluster.Change.Goal.ToString());
        cluster.Pass();
        Assert.Equal(1, cluster.State.Record.Epoch.Number);
        cluster["db3"].Log = "0-1-107";
        cluster.Until(static c => c.Primary == "db3");
        Assert.Equal("Promote db3", cluster.Effects);
        Assert.Equal(2, cluster.State.Record.Epoch.Number);
        Promoted(cluster, "db3");
        cluster.Until(static c => c.Change is null);
        Assert.Equal("db3 is the primary of epoch 2: db1 has not listened for 1241 ms, and no replica hears it; db3 has received everything that any server has (0-1-107); of 2 that may be promoted none has received more; db3 has applied everything, up to 0-1-107", cluster.Finding("promoted"));
        Assert.Equal("Follow db2 from db3", cluster.Pass().Effects);
    }

    [Fact]
    public void A_controller_that_has_seen_nobody_but_the_primary_yet_does_not_open_it_without_waiting()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].ReadOnly, cluster["db1"].Waits, cluster["db1"].Acknowledgers) = (true, false, 0); // it has started anew
        cluster.LoseController();
        cluster.Seen = ["db1"];
        Assert.Equal("", cluster.Pass(750).Effects);
        cluster.Seen = [];
        Assert.Equal("SetAcknowledging db1 as Primary", cluster.Pass().Effects.Split(", ")[0]);
        Assert.DoesNotContain("OpenWrites", cluster.Effects, StringComparison.Ordinal);
    }

    [Fact]
    public void A_primary_that_is_alone_is_opened_once_that_is_known()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].ReadOnly, cluster["db1"].Waits, cluster["db1"].Acknowledgers) = (true, false, 0);
        cluster.LoseController();
        cluster.Seen = ["db1"];
        cluster.Until(static c => c.Effects == "OpenWrites db1");
    }

    [Fact]
    public void Who_comes_into_reach_with_more_while_the_chosen_one_still_applies_has_it_chosen_anew()
    {
        var cluster = ControlledCluster.Three(LossPromise.BestEffort);
        Kill(cluster);
        cluster["db2"].Outcome = ProbeOutcome.Unreachable;
        cluster["db3"].Received = "0-1-107";
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Draining, To.Name: "db3" });
        (cluster["db2"].Outcome, cluster["db2"].Received, cluster["db2"].Log) = (ProbeOutcome.Answered, "0-1-108", "0-1-108");
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        Assert.Equal("db2 holds 0-1-108, which was not known when db3 was chosen", cluster.Change!.Proof[^1]);
        cluster.Until(static c => c.Primary == "db2");
    }

    [Theory]
    [InlineData("", "0-1-107")]
    [InlineData("a replica does not answer", null)]
    [InlineData("a commit was let go without an acknowledgement", null)]
    [InlineData("nothing is promised", null)]
    public void What_was_only_a_bound_ends_where_the_epoch_begins_when_nobody_can_have_been_shown_more(string but, string? inherited)
    {
        var cluster = ControlledCluster.Three(but == "nothing is promised" ? LossPromise.BestEffort : LossPromise.Zero);
        if (but == "a replica does not answer")
        {
            // Known not to acknowledge, it may still have shown what no other has.
            (cluster["db3"].Acknowledges, cluster["db3"].Acknowledging, cluster["db1"].Acknowledgers) = (false, false, 1);
            cluster.Policy = cluster.Policy with { RuleOf = static id => id.Name == "db3" ? PromotionRule.Never : PromotionRule.Neutral };
        }
        if (but == "a commit was let go without an acknowledgement") (cluster["db1"].Unacknowledged, cluster["db1"].Log) = (1, "0-1-108");
        cluster.Pass(500);
        if (but == "a replica does not answer")
        {
            cluster.State = cluster.State with { Record = cluster.State.Record with { Acknowledgers = [new ServerId("db2")] } };
            cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        }
        Kill(cluster);
        cluster["db2"].Received = "0-1-107";
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Draining });
        cluster["db2"].Log = "0-1-107";
        cluster.Until(static c => c.Primary == "db2");
        cluster.Pass();
        Assert.Equal(inherited, cluster.View.Inherited?.At.ToString());
        Assert.Equal(inherited is null ? 0u : 1u, cluster.State.Record.InheritedFrom);
    }

    [Fact]
    public void Who_is_remembered_to_be_told_is_not_forgotten_for_not_having_been_told_yet()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db3"].Acknowledges, cluster["db3"].Acknowledging, cluster["db1"].Acknowledgers) = (false, false, 1);
        cluster.State = cluster.State with { Record = cluster.State.Record with { Acknowledgers = [new ServerId("db2")] } };
        cluster.Until(static c => c.Acknowledgers == "db2 db3");
        Assert.Equal("SetAcknowledging db3 as Replica", cluster.Effects);
        cluster["db1"].Log = "0-1-101"; // which it has not got yet at the next look
        cluster.Pass(500);
        Assert.Equal("db2 db3", cluster.Acknowledgers);
        cluster["db2"].Received = cluster["db2"].Log = "0-1-101";
        cluster.Pass(2_000);
        Assert.Equal("db2", cluster.Acknowledgers);
    }

    [Fact]
    public void An_operator_may_accept_a_loss_and_only_where_nothing_else_helps()
    {
        var cluster = ControlledCluster.Three();
        (ControlState? Next, string Sentence) Accepted() => Wishes.AcceptLoss(cluster.State, cluster.View, cluster.Policy, cluster.Now);
        Assert.StartsWith("db1 answers: nothing need be lost", Accepted().Sentence, StringComparison.Ordinal);
        Kill(cluster);
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster.Until(static c => c.Finding("cannot-decide").Length > 0);
        var (next, sentence) = Accepted();
        Assert.StartsWith("db2 takes over from db1, and acknowledged writes may be lost by it: db3 may hold a write that was acknowledged", sentence, StringComparison.Ordinal);
        cluster.State = next!;
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db2"].Receiving = LinkState.Stopped;
        cluster.Until(static c => c.Primary == "db2");
        Assert.False(cluster.State.Record.LossAccepted);
        Assert.Equal(0u, cluster.State.Record.InheritedFrom);
    }

    [Fact]
    public void A_loss_that_was_accepted_is_not_when_the_primary_is_back()
    {
        var cluster = PrimaryGone();
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster.Until(static c => c.Finding("cannot-decide").Length > 0);
        cluster.State = Wishes.AcceptLoss(cluster.State, cluster.View, cluster.Policy, cluster.Now).Next!;
        cluster["db1"].Outcome = ProbeOutcome.Answered;
        cluster.Pass(500);
        Assert.False(cluster.State.Record.LossAccepted);
    }

    [Theory]
    [InlineData(ProbeOutcome.Closed, 750)]
    [InlineData(ProbeOutcome.Silent, 2_250)]
    [InlineData(ProbeOutcome.Unreachable, 2_250)]
    [InlineData(ProbeOutcome.Refused, 20_000)]
    public void A_glitch_is_waited_for(ProbeOutcome outcome, int milliseconds)
    {
        var cluster = PrimaryGone(outcome);
        cluster.Pass(milliseconds);
        Assert.Null(cluster.Change);
        Assert.Contains("it is not replaced", cluster.Finding("primary-silent"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 2_000)]
    [InlineData(false, 10_000)]
    public void A_primary_that_answers_and_cannot_log_what_is_committed_is_fenced_and_replaced(bool diskFull, int patience)
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].Committing, cluster["db1"].DiskFull) = (3, diskFull);
        cluster.Pass(patience);
        Assert.Null(cluster.Change);
        Assert.Contains($"it is not replaced: it gets {patience} ms", cluster.Finding("primary-stalled"), StringComparison.Ordinal);
        cluster.Pass();
        Assert.Equal(ChangeStep.Fencing, cluster.Change!.Step);
        Assert.Contains($"3 sessions are committing: {(diskFull ? "its disk is full" : "its storage hangs")}", cluster.Change.Proof[0], StringComparison.Ordinal);
        Assert.Equal("StopReceiving db2, StopReceiving db3", cluster.Effects);
        foreach (var name in (string[])["db2", "db3"]) cluster[name].Receiving = LinkState.Stopped;
        cluster.Until(static seen => seen.Primary == "db2");
        cluster["db2"].ReadOnly = false;
        cluster["db2"].Follows = null;
        cluster.Until(static seen => seen.Effects.Contains("MakeReadOnly db1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_replica_whose_receiver_waits_for_room_is_made_to_say_what_it_has_received()
    {
        var cluster = PrimaryGone();
        cluster["db3"].Outcome = ProbeOutcome.Full;
        cluster.Until(static seen => seen.Finding("cannot-decide").Length > 0);
        Assert.Equal("StopReceiving db3", cluster.Effects);
        (cluster["db3"].Outcome, cluster["db3"].Receiving) = (ProbeOutcome.Answered, LinkState.Stopped);
        cluster.Until(static seen => seen.Change is { Step: ChangeStep.Fencing });
        Assert.Equal("StopReceiving db2", cluster.Effects);
    }

    [Fact]
    public void Who_has_only_watched_knows_what_the_primary_had_shown()
    {
        var cluster = ControlledCluster.Three();
        var watched = Controller.Watch(new ControlState { Record = cluster.State.Record }, cluster.View, cluster.Policy, cluster.Now);
        Assert.Equal((cluster.View.Primary!.State, 0L), watched.Shared);
        cluster["db2"].Log = cluster["db3"].Log = cluster["db2"].Received = cluster["db3"].Received = "0-1-99";
        cluster.Pass();
        Assert.Null(Controller.Watch(new ControlState { Record = cluster.State.Record }, cluster.View, cluster.Policy, cluster.Now).Shared);
    }

    [Fact]
    public void A_stalled_primary_whose_log_goes_on_stays()
    {
        var cluster = ControlledCluster.Three();
        cluster["db1"].Committing = 1;
        cluster.Pass(9_000);
        cluster["db1"].Log = "0-1-101";
        cluster.Pass(9_000);
        Assert.Null(cluster.Change);
        cluster.Until(static seen => seen.Change is { Step: ChangeStep.Fencing });
        cluster["db1"].Log = "0-1-102";
        cluster.Pass();
        Assert.Contains("db1 is back", cluster.Finding("undone"), StringComparison.Ordinal);
        Assert.Equal("db1", cluster.Primary);
    }

    [Fact]
    public void Commits_that_wait_for_a_replica_are_logged_and_are_no_sign_of_a_stall()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].Committing, cluster["db1"].WaitingCommits) = (5, 1);
        cluster.Pass(60_000);
        Assert.Null(cluster.Change);
        Assert.Equal("", cluster.Finding("primary-stalled"));
    }

    [Fact]
    public void A_primary_that_a_replica_hears_is_cut_off_from_us_and_not_dead()
    {
        var cluster = ControlledCluster.Three();
        cluster["db1"].Outcome = ProbeOutcome.Unreachable;
        for (var i = 0; i < 40; i++)
        {
            cluster["db3"].Heartbeats++;
            cluster.Pass();
        }
        Assert.Null(cluster.Change);
        Assert.Contains("db3 hears it, so it is we who are cut off", cluster.Finding("primary-silent"), StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_promoted_while_one_that_may_hold_the_only_copy_does_not_answer()
    {
        var cluster = PrimaryGone();
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        cluster.Pass(10_000);
        Assert.Null(cluster.Change);
        Assert.Contains("db3 may hold a write that was acknowledged and that no other server has, and does not answer", cluster.Finding("cannot-decide"), StringComparison.Ordinal);
    }

    [Fact]
    public void With_best_effort_the_best_that_answers_is_promoted()
    {
        var cluster = ControlledCluster.Three(LossPromise.BestEffort);
        Kill(cluster);
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db2"].Receiving = LinkState.Stopped;
        cluster.Until(static c => c.Primary == "db2");
    }

    [Fact]
    public void With_a_bound_nobody_is_promoted_who_would_lose_more_than_that_and_it_is_told_before()
    {
        var cluster = ControlledCluster.Three(LossPromise.Bounded);
        cluster.Policy = cluster.Policy with { LossBound = TimeSpan.FromSeconds(4) };
        cluster.Pass(6_000);
        cluster["db1"].Log = "0-1-150"; // and no replica receives it
        cluster.Pass(3_000);
        Assert.Equal("", cluster.Finding("promise-at-risk"));
        cluster.Pass(3_000);
        Assert.Contains("if db1 died now, nobody would be promoted: no server that answers has 0-1-150, which db1 had logged 3.", cluster.Finding("promise-at-risk"), StringComparison.Ordinal);
        Kill(cluster);
        cluster.Pass(10_000);
        Assert.Contains("promoting anybody now could lose more than allowed (rpo: bounded 4 s)", cluster.Finding("cannot-decide"), StringComparison.Ordinal);

        // Another bound while it is away says nothing that is not known, and stops nobody from deciding.
        cluster.Policy = cluster.Policy with { LossBound = TimeSpan.FromMilliseconds(1) };
        cluster.Pass(500);
        Assert.Contains("which db1 had logged 0", cluster.Finding("cannot-decide"), StringComparison.Ordinal);
        cluster.State = Wishes.AcceptLoss(cluster.State, cluster.View, cluster.Policy, cluster.Now).Next!;
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        Fence(cluster);
        cluster.Until(static c => c.Primary == "db2");
    }

    [Fact]
    public void With_a_bound_what_is_younger_may_be_lost()
    {
        var cluster = ControlledCluster.Three(LossPromise.Bounded);
        cluster.Pass(10_000);
        cluster["db1"].Log = "0-1-150";
        cluster.Pass(5_000);
        Kill(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        Fence(cluster);
        cluster.Until(static c => c.Primary == "db2");
    }

    [Fact]
    public void With_a_bound_a_controller_that_never_saw_the_primary_alive_promotes_nobody()
    {
        var cluster = ControlledCluster.Three(LossPromise.Bounded);
        Kill(cluster);
        cluster.LoseController();
        cluster.Pass(10_000);
        Assert.Contains("this controller was not there when db1 last answered", cluster.Finding("cannot-decide"), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_started_anew_has_lost_its_relay_log_and_vouches_for_nothing()
    {
        var cluster = PrimaryGone();
        cluster["db3"].Acknowledges = false;
        cluster.Pass(10_000);
        Assert.Contains("db3 may have held a write", cluster.Finding("cannot-decide"), StringComparison.Ordinal);
        Assert.Equal("db1", cluster.Primary);
    }

    [Fact]
    public void Nobody_is_promoted_who_lacks_what_the_primary_was_appointed_with()
    {
        var cluster = ControlledCluster.Three();
        cluster["db2"].Log = cluster["db3"].Log = "0-1-90";
        cluster["db2"].Received = cluster["db3"].Received = "0-1-90";
        Kill(cluster);
        cluster.Pass(5_000);
        Assert.Null(cluster.Change);
        Assert.Contains("no server that answers has all that db1 had when it was appointed (0-1-100)", cluster.Finding("cannot-decide"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tail_of_a_former_primary_does_not_count_as_more()
    {
        var cluster = PrimaryGone();
        (cluster["db2"].Log, cluster["db2"].State, cluster["db2"].Received) = ("0-2-130", "0-1-100,0-2-130", "0-1-100");
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Draining });
        Assert.Equal("db3", cluster.Change!.To!.Value.Name);
        Assert.Equal("0-1-100", cluster.Change.Goal.ToString());
    }

    [Fact]
    public void A_candidate_that_lacks_something_gets_it_from_one_that_has_it()
    {
        var cluster = PrimaryGone();
        cluster.Policy = cluster.Policy with { RuleOf = static id => id.Name == "db3" ? PromotionRule.Never : PromotionRule.Neutral };
        (cluster["db3"].Log, cluster["db3"].Received) = ("0-1-107", "0-1-107");
        Fence(cluster);
        cluster.Until(static c => c.Effects.Contains("Follow", StringComparison.Ordinal));
        Assert.Equal("Follow db2 from db3", cluster.Effects);
    }

    [Fact]
    public void Before_it_follows_another_a_candidate_applies_what_it_holds()
    {
        var cluster = PrimaryGone();
        cluster.Policy = cluster.Policy with { RuleOf = static id => id.Name == "db3" ? PromotionRule.Never : PromotionRule.Neutral };
        (cluster["db2"].Received, cluster["db2"].Applying) = ("0-1-104", false);
        (cluster["db3"].Log, cluster["db3"].Received) = ("0-1-107", "0-1-107");
        Fence(cluster);
        cluster.Until(static c => c.Effects.Length > 0 && c.Change is { Step: ChangeStep.Draining });
        Assert.Equal("StartApplying db2", cluster.Effects);
    }

    [Theory]
    [InlineData(ChangeStep.Fencing)]
    [InlineData(ChangeStep.Draining)]
    public void A_primary_that_comes_back_before_anybody_was_appointed_stays(ChangeStep step)
    {
        var cluster = PrimaryGone();
        cluster["db3"].Received = "0-1-107";
        Fence(cluster);
        cluster.Until(c => c.Change?.Step == step || step == ChangeStep.Fencing && c.Change is not null);
        cluster["db1"].Outcome = ProbeOutcome.Answered;
        cluster.Pass();
        Assert.Null(cluster.Change);
        Assert.Equal("db1", cluster.Primary);
        Assert.Contains("db1 is back", cluster.Finding("undone"), StringComparison.Ordinal);
        cluster.Pass(1_000);
        Assert.Contains("StartReplication db2", cluster.Effects, StringComparison.Ordinal);
    }

    [Fact]
    public void A_former_primary_that_comes_back_is_closed_then_told_to_wait_for_nobody_then_rewound_then_led_then_taken_as_a_witness()
    {
        var cluster = PrimaryGone();
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Promoting });
        var name = cluster.Primary!;
        var other = name == "db2" ? "db3" : "db2";
        Promoted(cluster, name);
        cluster.Until(static c => c.Change is null);
        (cluster[other].Follows, cluster[other].Receiving, cluster[other].Acknowledging, cluster[name].Acknowledgers) = (name, LinkState.Running, true, 1);
        var back = cluster["db1"];
        (back.Outcome, back.Log, back.StartedAt) = (ProbeOutcome.Answered, "0-1-103", cluster.Now);
        Assert.Equal("MakeReadOnly db1", cluster.Pass(500).Effects);
        back.ReadOnly = true;
        Assert.Equal("SetAcknowledging db1", cluster.Pass().Effects);
        back.Waits = false;
        (cluster[name].Log, cluster[name].State) = ($"0-{cluster[name].Number}-104", $"0-1-100,0-{cluster[name].Number}-104");
        (cluster[other].Log, cluster[other].State, cluster[other].Received) = (cluster[name].Log, cluster[name].State, cluster[name].Log);
        Assert.Equal($"Reconcile db1 from {name}", cluster.Pass().Effects);
        (back.Log, back.State) = ("0-1-100", null);
        Assert.Equal($"Follow db1 from {name}", cluster.Pass().Effects);
        (back.Follows, back.Log, back.State, back.Received) = (name, cluster[name].Log, cluster[name].State, cluster[name].Log);
        cluster.Pass();
        Assert.Equal("SetAcknowledging db1 as Replica", cluster.Effects);
        Assert.Contains("db1", cluster.Acknowledgers, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_follows_another_is_stopped_and_has_applied_all_before_it_is_led()
    {
        var cluster = PrimaryGone();
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Promoting });
        var name = cluster.Primary!;
        var other = name == "db2" ? "db3" : "db2";
        Promoted(cluster, name);
        cluster.Until(static c => c.Change is null);
        (cluster[other].Receiving, cluster[other].Received, cluster[name].Log) = (LinkState.Running, "0-1-102", "0-1-102");
        Assert.Equal($"StopReceiving {other}", cluster.Pass().Effects);
        (cluster[other].Receiving, cluster[other].Applying) = (LinkState.Stopped, false);
        Assert.Equal($"StartApplying {other}", cluster.Pass().Effects);
        (cluster[other].Applying, cluster[other].Log) = (true, "0-1-102");
        Assert.Equal($"Follow {other} from {name}", cluster.Pass().Effects);
    }

    [Fact]
    public void Replication_that_was_stopped_begins_with_the_applier()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db2"].Receiving, cluster["db2"].Applying, cluster["db2"].Received) = (LinkState.Stopped, false, "0-1-105");
        cluster["db1"].Log = "0-1-105";
        Assert.Equal("StartApplying db2", cluster.Pass().Effects);
        cluster["db2"].Applying = true;
        Assert.Equal("StartReplication db2", cluster.Pass().Effects);
    }

    [Fact]
    public void Who_refuses_us_between_two_silences_lives_and_neither_is_long_enough_alone()
    {
        var cluster = ControlledCluster.Three();
        foreach (var outcome in (ProbeOutcome[])[ProbeOutcome.Silent, ProbeOutcome.Refused, ProbeOutcome.Silent, ProbeOutcome.Refused, ProbeOutcome.Closed, ProbeOutcome.Refused, ProbeOutcome.Silent])
        {
            cluster["db1"].Outcome = outcome;
            cluster.Pass(outcome == ProbeOutcome.Refused ? 3000 : 750);
            Assert.Null(cluster.Change);
        }
        cluster.Until(static c => c.Change is not null);
    }

    [Fact]
    public void A_receiver_that_was_stopped_while_it_could_not_reach_its_source_is_started_again()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db2"].Receiving, cluster["db2"].Error, cluster["db2"].Unreached) = (LinkState.Stopped, "error reconnecting to master 'replication@db1:3306'", true);
        Assert.Equal("StartReplication db2", cluster.Pass().Effects);
        cluster["db2"].Unreached = false;
        Assert.Equal("", cluster.Pass().Effects);
    }

    [Fact]
    public void A_broken_replica_is_told_of_and_left_to_a_person()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db2"].Applying, cluster["db2"].Error) = (false, "Error 1062: Duplicate entry");
        cluster.Pass();
        Assert.Equal("", cluster.Effects);
        Assert.Equal("db2 has stopped: Error 1062: Duplicate entry", cluster.Finding("replica-broken"));
    }

    [Fact]
    public void Who_acknowledges_is_remembered_until_the_primary_counts_only_others_and_they_have_all()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db3"].Outcome, cluster["db3"].Acknowledging) = (ProbeOutcome.Closed, false);
        Assert.Equal("db2 db3", cluster.Pass(2_000).Acknowledgers);
        cluster["db1"].Acknowledgers = 1;
        cluster["db2"].Received = "0-1-99";
        cluster["db2"].Log = "0-1-99";
        Assert.Equal("db2 db3", cluster.Pass(2_000).Acknowledgers);
        cluster["db2"].Received = cluster["db2"].Log = "0-1-100";
        Assert.Equal("db2", cluster.Pass().Acknowledgers);
    }

    [Fact]
    public void One_that_is_only_silent_may_come_back_acknowledging_and_is_remembered_longer()
    {
        var cluster = ControlledCluster.Three();
        cluster["db1"].Acknowledgers = 1;
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        Assert.Equal("db2 db3", cluster.Pass(29_000).Acknowledgers);
        Assert.Equal("db2", cluster.Pass(2_000).Acknowledgers);
        cluster["db1"].Acknowledgers = 2;
        Assert.Equal("db2 db3", cluster.Pass().Acknowledgers);
    }

    [Fact]
    public void A_primary_that_still_replicates_is_promoted_to_its_end()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].Follows, cluster["db1"].ReadOnly, cluster["db1"].Received) = ("db2", true, "0-1-100");
        Assert.Contains("SetAcknowledging db1", cluster.Pass().Effects, StringComparison.Ordinal);
        cluster["db1"].Waits = false;
        Assert.Contains("Promote db1", cluster.Pass().Effects, StringComparison.Ordinal);
    }

    [Fact]
    public void A_primary_that_is_read_only_waits_for_acknowledgements_before_it_is_opened()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db1"].ReadOnly, cluster["db1"].Waits) = (true, false);
        Assert.Equal("SetAcknowledging db1 as Primary", cluster.Pass().Effects);
        cluster["db1"].Waits = true;
        Assert.Equal("OpenWrites db1", cluster.Pass().Effects);
    }

    [Fact]
    public void A_replica_that_was_told_to_acknowledge_and_not_restarted_for_it_is_told_again()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db3"].Acknowledging, cluster["db1"].Acknowledgers) = (false, 1);
        Assert.Equal("SetAcknowledging db3 as Replica", cluster.Pass().Effects);
    }

    [Fact]
    public void A_second_writable_server_is_closed()
    {
        var cluster = ControlledCluster.Three();
        cluster["db3"].ReadOnly = false;
        Assert.Equal("MakeReadOnly db3", cluster.Pass().Effects);
        Assert.Equal("db3 can be written to, and db1 is the primary of epoch 1", cluster.Finding("two-writable"));
    }

    [Fact]
    public void A_switchover_holds_closes_drains_and_promotes()
    {
        var cluster = ControlledCluster.Three();
        cluster.Policy = cluster.Policy with { HandoverDrain = TimeSpan.FromSeconds(1) };
        var (next, sentence) = Controller.Switchover(cluster.State, cluster.View, cluster.Policy, new ServerId("db3"), cluster.Now);
        Assert.Equal("db3 takes over from db1", sentence);
        cluster.State = next!;
        cluster.OpenWrites = 2;
        Assert.Equal(ChangeStep.Holding, cluster.Pass().Change!.Step);
        cluster.OpenWrites = 0;
        cluster.Until(static c => c.Effects.Length > 0);
        Assert.Equal("MakeReadOnly db1", cluster.Effects);
        (cluster["db1"].ReadOnly, cluster["db1"].Log) = (true, "0-1-101");
        cluster["db3"].Received = "0-1-101";
        Assert.Equal(ChangeStep.Draining, cluster.Pass().Change!.Step);
        cluster["db3"].Log = "0-1-101";
        cluster.Until(static c => c.Primary == "db3");
        Promoted(cluster, "db3");
        cluster.Until(static c => c.Change is null);
    }

    [Theory]
    [InlineData("db3", "db3 does not answer any more")]
    [InlineData("db1", "db1 does not answer any more")]
    public void A_switchover_whose_server_goes_away_is_undone(string lost, string why)
    {
        var cluster = ControlledCluster.Three();
        cluster.State = Controller.Switchover(cluster.State, cluster.View, cluster.Policy, new ServerId("db3"), cluster.Now).Next!;
        cluster.Until(static c => c.Change is { Step: ChangeStep.Closing });
        cluster[lost].Outcome = ProbeOutcome.Closed;
        cluster.Until(static c => c.Change is null);
        Assert.Contains(why, cluster.Finding("undone"), StringComparison.Ordinal);
        Assert.Equal("db1", cluster.Primary);
    }

    [Fact]
    public void A_primary_that_hands_over_has_all_so_nobody_else_is_asked_what_he_may_hold_alone()
    {
        var cluster = ControlledCluster.Three();
        (cluster["db2"].Acknowledges, cluster["db2"].Acknowledging) = (false, false);
        cluster.Pass();
        // It is remembered before it is told to acknowledge.
        cluster.State = cluster.State with { Record = cluster.State.Record with { Acknowledgers = [new ServerId("db2"), new ServerId("db3")] } };
        Assert.EndsWith("takes over from db1", Controller.Switchover(cluster.State, cluster.View, cluster.Policy, null, cluster.Now).Sentence, StringComparison.Ordinal);
        cluster["db2"].Outcome = ProbeOutcome.Silent;
        cluster.Pass();
        Assert.Contains("db2", cluster.Acknowledgers, StringComparison.Ordinal);
        Assert.Equal("db3 takes over from db1", Controller.Switchover(cluster.State, cluster.View, cluster.Policy, null, cluster.Now).Sentence);
    }

    [Fact]
    public void A_switchover_that_cannot_close_the_primary_in_time_is_undone()
    {
        var cluster = ControlledCluster.Three();
        cluster.State = Controller.Switchover(cluster.State, cluster.View, cluster.Policy, new ServerId("db3"), cluster.Now).Next!;
        cluster.Until(static c => c.Change is null);
        Assert.Contains("it took longer than 3000 ms", cluster.Finding("undone"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("db1", "db1 is the primary already")]
    [InlineData("db9", "db9 is not known; known are db1 and db2 and db3")]
    public void A_switchover_to_the_wrong_server_is_refused_with_a_sentence(string to, string sentence)
    {
        var cluster = ControlledCluster.Three();
        Assert.Equal((null, sentence), Controller.Switchover(cluster.State, cluster.View, cluster.Policy, new ServerId(to), cluster.Now));
    }

    [Fact]
    public void A_controller_that_takes_over_a_change_looks_at_all_before_it_elects_and_carries_on()
    {
        var cluster = PrimaryGone();
        Fence(cluster);
        cluster.LoseController();
        cluster.Pass(750);
        Assert.Equal(ChangeStep.Fencing, cluster.Change!.Step);
        cluster.Until(static c => c.Primary != "db1");
    }

    [Fact]
    public void A_candidate_that_dies_after_its_appointment_is_the_primary_that_is_replaced()
    {
        var cluster = PrimaryGone();
        Fence(cluster);
        cluster.Until(static c => c.Change is { Step: ChangeStep.Promoting });
        Assert.Equal("db2", cluster.Primary);
        cluster["db2"].Outcome = ProbeOutcome.Closed;
        cluster.Until(static c => c.Primary == "db3");
        Assert.Equal(3, cluster.State.Record.Epoch.Number);
    }

    [Fact]
    public void A_change_under_way_is_finished_also_by_a_paused_controller_which_begins_none()
    {
        var cluster = PrimaryGone();
        Fence(cluster);
        cluster.State = cluster.State with { Record = cluster.State.Record with { Paused = true } };
        cluster.Until(static c => c.Change is { Step: ChangeStep.Promoting });

        var paused = ControlledCluster.Three();
        paused.State = paused.State with { Record = paused.State.Record with { Paused = true } };
        Kill(paused);
        paused.Pass(5_000);
        Assert.Contains("the controller is paused", paused.Finding("primary-silent"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_in_maintenance_is_left_alone()
    {
        var cluster = ControlledCluster.Three();
        cluster.State = cluster.State with { Record = cluster.State.Record with { InMaintenance = [new ServerId("db1"), new ServerId("db3")] } };
        (cluster["db3"].ReadOnly, cluster["db1"].ReadOnly) = (false, true);
        Assert.Equal("", cluster.Pass(1_000).Effects);
        Kill(cluster);
        cluster.Pass(5_000);
        Assert.Contains("it is in maintenance", cluster.Finding("primary-silent"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_that_flaps_is_left_to_a_person()
    {
        var cluster = PrimaryGone();
        cluster.State = cluster.State with { Failovers = [.. Enumerable.Repeat(cluster.Now, 5)] };
        cluster.Pass(5_000);
        Assert.Contains("there were 5 failovers within 5 minutes", cluster.Finding("primary-silent"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_that_only_watches_does_nothing()
    {
        var cluster = ControlledCluster.Three();
        cluster.Policy = cluster.Policy with { Acts = false };
        cluster["db3"].ReadOnly = false;
        Assert.Equal("", cluster.Pass().Effects);
        Assert.NotEqual("", cluster.Finding("two-writable"));
    }
}
