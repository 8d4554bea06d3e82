using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Positions;

namespace Headwater.Tests.Control;

public class VisibilityProofTests
{
    static readonly Instant Start = new(987_654_321);

    [Fact]
    public void A_position_is_proven_once_the_engine_has_committed_to_the_end_of_the_log_that_was_read_after_it()
    {
        var proof = Settled();
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-2"), new LogPlace("bin.000001", 200), new LogPlace("bin.000001", 150), true, Later(1000)));
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-3"), new LogPlace("bin.000001", 300), new LogPlace("bin.000001", 199), true, Later(1010)));
        Assert.Equal(At("0-1-2"), proof.Judge(At("0-1-4"), new LogPlace("bin.000001", 400), new LogPlace("bin.000001", 250), true, Later(1020)));
        Assert.Equal(At("0-1-4"), proof.Judge(At("0-1-4"), new LogPlace("bin.000001", 400), new LogPlace("bin.000001", 400), true, Later(1030)));
    }

    [Fact]
    public void A_new_log_file_proves_nothing_while_it_is_fresh_or_somebody_waits_for_a_semi_synchronous_answer()
    {
        var proof = Settled();
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-2"), new LogPlace("bin.000002", 300), new LogPlace("bin.000002", 300), true, Later(1000)));
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-2"), new LogPlace("bin.000002", 300), new LogPlace("bin.000002", 300), false, Later(1500)));
        Assert.Equal(At("0-1-2"), proof.Judge(At("0-1-2"), new LogPlace("bin.000002", 300), new LogPlace("bin.000002", 300), true, Later(1600)));
        // Settled is settled: later waits are in the same file, where offsets tell.
        Assert.Equal(At("0-1-3"), proof.Judge(At("0-1-3"), new LogPlace("bin.000002", 400), new LogPlace("bin.000002", 400), false, Later(1610)));
    }

    static VisibilityProof Settled()
    {
        var proof = new VisibilityProof();
        proof.Judge(At("0-1-1"), new LogPlace("bin.000001", 100), new LogPlace("bin.000001", 100), true, Start);
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-1"), new LogPlace("bin.000001", 100), new LogPlace("bin.000001", 100), true, Later(200)));
        return proof;
    }

    static Instant Later(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);
    static Position At(string text) => Position.TryParse(text, out var position) ? position : throw new FormatException(text);
}
