using System.Text;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Positions;

public class PositionTests
{
    static Position Any(Seeded random)
    {
        var position = Position.Empty;
        for (var n = random.Below(5); n > 0; n--)
            position = position.With(new Gtid((uint)random.Below(4), (uint)random.Below(3), 1 + (ulong)random.Below(6)));
        return position;
    }

    static void Each(Action<Seeded, string> check)
    {
        for (var seed = 1UL; seed <= 3_000; seed++) check(new Seeded(seed), $"seed {seed}");
    }

    [Fact]
    public void Covers_is_reflexive_and_transitive_and_two_that_cover_each_other_stand_at_the_same_places() => Each((random, seed) =>
    {
        var (a, b, c) = (Any(random), Any(random), Any(random));
        Assert.True(a.Covers(a), seed);
        Assert.True(!(a.Covers(b) && b.Covers(c)) || a.Covers(c), seed);
        Assert.True(a.Covers(Position.Empty), seed);
        if (a.Covers(b) && b.Covers(a))
            for (uint d = 0; d < 4; d++) Assert.True(a.SequenceOf(d) == b.SequenceOf(d), seed);
    });

    [Fact]
    public void Merge_is_the_least_upper_bound() => Each((random, seed) =>
    {
        var (a, b, c) = (Any(random), Any(random), Any(random));
        var merged = a.Merge(b);
        Assert.True(merged.Covers(a) && merged.Covers(b), seed);
        if (c.Covers(a) && c.Covers(b)) Assert.True(c.Covers(merged), seed);
        for (uint d = 0; d < 4; d++)
        {
            Assert.Equal(Math.Max(a.SequenceOf(d), b.SequenceOf(d)), merged.SequenceOf(d));
            Assert.Equal(merged.SequenceOf(d), b.Merge(a).SequenceOf(d));
        }
        Assert.True(a.Merge(a) == a, seed);
    });

    [Fact]
    public void A_position_survives_its_text() => Each((random, seed) =>
    {
        var position = Any(random);
        Assert.True(Position.TryParse(position.ToString(), out var read) && read == position && read.GetHashCode() == position.GetHashCode(), seed);
    });

    [Fact]
    public void With_never_goes_back_and_keeps_domains_in_order() => Each((random, seed) =>
    {
        var position = Any(random);
        var gtid = new Gtid((uint)random.Below(4), 9, 1 + (ulong)random.Below(6));
        var next = position.With(gtid);
        Assert.True(next.Covers(position) && next.Covers(new Position(gtid)), seed);
        for (var i = 1; i < next.DomainCount; i++) Assert.True(next[i - 1].Domain < next[i].Domain, seed);
    });

    [Fact]
    public void Behind_is_zero_exactly_when_covered() => Each((random, seed) =>
    {
        var (a, b) = (Any(random), Any(random));
        Assert.True(a.Behind(b) == 0 == a.Covers(b), seed);
    });

    [Theory]
    [InlineData("0-1")]
    [InlineData("0-1-")]
    [InlineData("0-1-2,")]
    [InlineData(",0-1-2")]
    [InlineData("0-1-2-3")]
    [InlineData("a-1-2")]
    [InlineData("-1-1-2")]
    [InlineData("4294967296-1-2")]
    [InlineData("0-1-18446744073709551616")]
    [InlineData("0-1-2;0-2-3")]
    public void What_is_not_a_position_is_refused(string text) => Assert.False(Position.TryParse(text, out _));

    [Fact]
    public void Any_bytes_are_parsed_or_refused_and_never_throw() => Each((random, seed) =>
    {
        var bytes = new byte[random.Below(24)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)"0123456789-, \nx"[random.Below(15)];
        if (Position.TryParse((ReadOnlySpan<byte>)bytes, out var position)) Assert.True(Position.TryParse(position.ToString(), out _), seed);
        _ = Token.TryParse(Encoding.ASCII.GetString(bytes), out _, out _, out _, out _);
        _ = Level.TryParse(Encoding.ASCII.GetString(bytes), out _, out _);
    });

    [Fact]
    public void Diverged_means_different_transactions_at_one_place()
    {
        Assert.True(Of("0-1-5").Diverged(Of("0-2-5")));
        Assert.False(Of("0-1-5").Diverged(Of("0-2-6")));
        Assert.True(Of("0-1-5,3-1-9").Diverged(Of("0-1-6,3-2-9")));
    }

    [Fact]
    public void A_high_water_mark_only_grows_whoever_raises_it()
    {
        var mark = new HighWaterMark();
        Parallel.For(0, 8, worker =>
        {
            for (var n = 1UL; n <= 2_000; n++) mark.Raise((uint)(n % 3), n * (ulong)(1 + worker % 2));
        });
        Assert.Equal([3996UL, 3998UL, 4000UL], new[] { mark.SequenceOf(0), mark.SequenceOf(1), mark.SequenceOf(2) }.Order());
        mark.Raise(0, 1);
        Assert.True(mark.SequenceOf(0) > 1);
        Assert.Equal(0UL, mark.SequenceOf(77));
    }

    [Fact]
    public void A_token_survives_its_text_and_says_what_is_wrong_with_others()
    {
        var text = Token.Format("10.0.0.1:3306", new Epoch(3), Of("0-1-42,1-2-7"));
        Assert.Equal("hw1:10.0.0.1:3306:3:0-1-42,1-2-7", text);
        Assert.True(Token.TryParse(text, out var cluster, out var epoch, out var position, out _));
        Assert.Equal(("10.0.0.1:3306", 3L, "0-1-42,1-2-7"), (cluster, epoch.Number, position.ToString()));
        Assert.True(Token.TryParse("hw1:shop:1:", out _, out _, out position, out _) && position.IsEmpty);
        Assert.False(Token.TryParse("hw1:shop:x:0-1-2", out _, out _, out _, out var error));
        Assert.Equal("'x' in the token is not an epoch: allowed is a number from 0", error);
        Assert.False(Token.TryParse("nonsense", out _, out _, out _, out error));
        Assert.StartsWith("'nonsense' is not a token: allowed is hw1:", error, StringComparison.Ordinal);
        Assert.False(Token.TryParse("hw1::1:0-1-2", out _, out _, out _, out _));
        Assert.False(Token.TryParse("hw1:shop:1:" + new string('0', 5000), out _, out _, out _, out _));
    }

    [Theory]
    [InlineData("session", "session")]
    [InlineData(" EVENTUAL ", "eventual")]
    [InlineData("bounded 200ms", "bounded 200ms")]
    [InlineData("bounded(1.5s)", "bounded 1500ms")]
    [InlineData("Bounded ( 2 s )", "bounded 2s")]
    [InlineData("bounded 1min", "bounded 60s")]
    [InlineData("bounded 0.5ms", "bounded 0.5ms")]
    [InlineData("monotonic", "monotonic")]
    [InlineData("prefix", "prefix")]
    [InlineData("strong", "strong")]
    public void A_level_survives_its_text(string text, string expected)
    {
        Assert.True(Level.TryParse(text, out var level, out _));
        Assert.Equal(expected, level.ToString());
        Assert.True(Level.TryParse(level.ToString(), out var again, out _));
        Assert.Equal(level, again);
    }

    [Theory]
    [InlineData("", "a level is missing: allowed are eventual,")]
    [InlineData("newest", "'newest' is not a level: allowed are eventual,")]
    [InlineData("bounded", "'' is not a time for bounded: allowed is a number above 0 with ms, s or min")]
    [InlineData("bounded 200", "'200' is not a time")]
    [InlineData("bounded 0ms", "'0ms' is not a time")]
    [InlineData("bounded -1s", "'-1s' is not a time")]
    [InlineData("bounded 1e99s", "'1e99s' is not a time")]
    [InlineData("bounded 99999999999s", "'99999999999s' is not a time")]
    public void What_is_not_a_level_is_told_with_what_is_allowed(string text, string error)
    {
        Assert.False(Level.TryParse(text, out _, out var told));
        Assert.StartsWith(error, told, StringComparison.Ordinal);
    }

    static Position Of(string text) => Topology.ProbedCluster.Position(text);
}
