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
        Assert.Null(proof.Judge(At("0-1-2"), new LogPlace(1, 200), new LogPlace(1, 150), true, Later(1000)));
        Assert.Null(proof.Judge(At("0-1-3"), new LogPlace(1, 300), new LogPlace(1, 199), true, Later(1010)));
        Assert.Equal(At("0-1-2"), proof.Judge(At("0-1-4"), new LogPlace(1, 400), new LogPlace(1, 250), true, Later(1020)));
        Assert.Equal(At("0-1-4"), proof.Judge(At("0-1-4"), new LogPlace(1, 400), new LogPlace(1, 400), true, Later(1030)));
    }

    [Fact]
    public void A_new_log_file_proves_nothing_while_it_is_fresh_or_somebody_waits_for_a_semi_synchronous_answer()
    {
        var proof = Settled();
        Assert.Null(proof.Judge(At("0-1-2"), new LogPlace(2, 300), new LogPlace(2, 300), true, Later(1000)));
        Assert.Null(proof.Judge(At("0-1-2"), new LogPlace(2, 300), new LogPlace(2, 300), false, Later(1500)));
        Assert.Equal(At("0-1-2"), proof.Judge(At("0-1-2"), new LogPlace(2, 300), new LogPlace(2, 300), true, Later(1600)));
        // Settled is settled: later waits are in the same file, where offsets tell.
        Assert.Equal(At("0-1-3"), proof.Judge(At("0-1-3"), new LogPlace(2, 400), new LogPlace(2, 400), false, Later(1610)));
    }

    [Theory]
    [InlineData("bin.000009", "900", "bin.000010", "4", true), InlineData("bin.000010", "4", "bin.000009", "900", false), InlineData("bin.999999", "4", "bin.1000000", "4", true)]
    public void Places_are_ordered_by_file_number_and_then_offset(string file, string offset, string otherFile, string otherOffset, bool before) =>
        Assert.Equal(before, LogPlace.Of(file, offset) <= LogPlace.Of(otherFile, otherOffset));

    static VisibilityProof Settled()
    {
        var proof = new VisibilityProof();
        proof.Judge(At("0-1-1"), new LogPlace(1, 100), new LogPlace(1, 100), true, Start);
        Assert.Equal(At("0-1-1"), proof.Judge(At("0-1-1"), new LogPlace(1, 100), new LogPlace(1, 100), true, Later(200)));
        return proof;
    }

    static Instant Later(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);
    static Position At(string text) => Position.TryParse(text, out var position) ? position : throw new FormatException(text);
}
