using System.Collections.Immutable;
using Headwater.Core;
using Headwater.Core.Failover;

namespace Headwater.Tests.Failover;

/// <summary>Two processes and a store, each with a clock of its own that begins somewhere: who may act when.</summary>
public class LeadershipTests
{
    static readonly LeaseHolder Anna = new("anna", "10.0.0.1:4480"), Bert = new("bert", "10.0.0.2:4480");
    static readonly Instant Start = new(17 * TimeSpan.TicksPerMinute);
    static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    static Instant At(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);

    [Fact]
    public void Whoever_has_heard_nothing_acts_not_acquires_nothing_and_is_cut_off()
    {
        var fresh = new Leadership(Ttl);
        Assert.False(fresh.MayAct(Start));
        Assert.False(fresh.MayAcquire(Start));
        Assert.True(fresh.IsCutOff(Start));
    }

    [Fact]
    public void A_holder_acts_from_its_acquisition_on_until_a_margin_before_the_store_could_end_the_lease()
    {
        // The renewal was sent at 0 and may have reached the store at any time after that.
        var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(5, null, 0));
        Assert.True(anna.MayAcquire(At(100)));
        Assert.False(anna.MayAct(At(100)));
        anna = anna.Seen(new LeaseAnswer(6, Anna, Term: 6));
        Assert.True(anna.MayAct(At(100)));
        Assert.True(anna.MayAct(At(1499)));
        Assert.False(anna.MayAct(At(1500)));
        Assert.Equal(At(1500), anna.ActsUntil);

        // An answer that comes late counts from when its question was sent.
        anna = anna.Renewed(At(500), new LeaseAnswer(6, Anna, Term: 6));
        Assert.Equal(At(2000), anna.ActsUntil);
        Assert.Equal(At(2000), anna.Renewed(At(250), new LeaseAnswer(6, Anna, Term: 6)).ActsUntil);
    }

    [Fact]
    public void What_a_watch_tells_is_true_and_renews_nothing()
    {
        var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(6, Anna, Term: 6)).Seen(new LeaseAnswer(9, Anna, Term: 6));
        Assert.Equal(At(1500), anna.ActsUntil);
        Assert.True(anna.IsCutOff(At(2000)));
    }

    [Fact]
    public void A_holder_whose_key_is_gone_stops_at_once_and_an_older_answer_does_not_bring_it_back()
    {
        var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(6, Anna, Term: 6)).Seen(new LeaseAnswer(10, Bert, Term: 0));
        Assert.False(anna.MayAct(At(10)));
        anna = anna.Renewed(At(20), new LeaseAnswer(8, Anna, Term: 6));
        Assert.False(anna.MayAct(At(30)));
        Assert.Equal(Bert, anna.Holder);
    }

    [Fact]
    public void A_holder_that_could_not_renew_in_time_acts_again_when_it_can_as_nobody_had_taken_its_place()
    {
        var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(6, Anna, Term: 6));
        Assert.False(anna.MayAct(At(1700)));
        Assert.True(anna.Renewed(At(1800), new LeaseAnswer(6, Anna, Term: 6)).MayAct(At(1900)));
    }

    [Fact]
    public void When_the_store_has_forgotten_the_lease_everything_begins_anew()
    {
        var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(6, Anna, Term: 6)).Ended();
        Assert.False(anna.MayAct(At(1)));
        Assert.False(anna.MayAcquire(At(1)));
        anna = anna.Renewed(At(2), new LeaseAnswer(12, null, 0));
        Assert.True(anna.MayAcquire(At(3)));
    }

    [Fact]
    public void Two_never_act_at_once_whenever_what_is_sent_arrives()
    {
        // The store ends a lease Ttl after the renewal reached it; the holder has counted from before that.
        foreach (var way in (int[])[0, 1, 300, 499])
            foreach (var back in (int[])[0, 1, 200, 499])
            {
                var endsAtStore = At(way) + Ttl;
                var anna = new Leadership(Ttl).Renewed(At(0), new LeaseAnswer(6, Anna, Term: 6));
                Assert.True(anna.ActsUntil!.Value + anna.Margin <= endsAtStore);
                var bert = new Leadership(Ttl).Renewed(endsAtStore, new LeaseAnswer(7, null, 0)).Seen(new LeaseAnswer(8, Bert, Term: 8));
                var seen = endsAtStore + TimeSpan.FromMilliseconds(back);
                Assert.True(bert.MayAct(seen));
                Assert.False(anna.MayAct(seen));
            }
    }

    [Fact]
    public void Whoever_reaches_more_servers_is_left_the_lease_and_of_equals_nobody_yields()
    {
        ImmutableArray<Peer> others = [new("bert", "", 0, 0, 2), new("carl", "", 0, 0, 3)];
        Assert.True(Leadership.ShouldYield(2, others));
        Assert.False(Leadership.ShouldYield(3, others));
        Assert.False(Leadership.ShouldYield(0, []));
    }
}
