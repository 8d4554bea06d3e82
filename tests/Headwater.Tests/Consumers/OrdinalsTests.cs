using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Xunit;

namespace Headwater.Tests.Consumers;

public class OrdinalsTests(ITestOutputHelper output)
{
    static readonly ulong Seed = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), out var seed) ? seed : 20261122;

    [Fact]
    public void A_position_stands_where_a_walk_along_the_log_finds_it()
    {
        output.WriteLine($"seed {Seed}");
        long known = 0, old = 0;
        for (var run = 0UL; run < 400; run++)
        {
            var chance = new Seeded(Seed + run);
            var remembered = 2 + chance.Below(40);
            var begin = chance.OneIn(3) ? Position.Empty : new Position(new Gtid(0, 1, 1 + (ulong)chance.Below(50)));
            var first = chance.Below(1000);
            var ordinals = new Ordinals(begin, first, remembered);
            var log = new List<Gtid>();
            var end = begin;
            for (var step = 0; step < 300; step++)
            {
                var domain = (uint)(chance.OneIn(4) ? 1 + chance.Below(2) : 0);
                // A domain's sequence may leave numbers out.
                var gtid = new Gtid(domain, 1, end.SequenceOf(domain) + 1 + (ulong)(chance.OneIn(10) ? chance.Below(5) : 0));
                log.Add(gtid);
                end = end.With(gtid);
                ordinals.Add(in gtid, first + log.Count);
                var asked = Asked(chance, begin, end);
                var most = first + log.Count - (chance.OneIn(3) ? chance.Below(3) : 0);
                var found = ordinals.Covered(in asked, most);
                var walked = log.FindIndex(one => !asked.Covers(new Position(one)));
                var truth = Math.Min(most, walked < 0 ? long.MaxValue : first + walked);
                if (found is null) old++;
                else known++;
                if (!asked.Covers(in begin)) Assert.Null(found);
                else if (found is { } ordinal) Assert.Equal(truth, ordinal);
                // Who is within what is remembered is never turned away.
                else Assert.True(log.Count - walked > remembered / 2, $"seed {Seed + run}: {asked} of {end}, which remembers {remembered}");
            }
        }
        Assert.True(known > 10_000 && old > 1_000, $"{known} known, {old} too old");
    }

    static Position Asked(Seeded chance, Position begin, Position end)
    {
        var asked = Position.Empty;
        for (var i = 0; i < end.DomainCount; i++)
        {
            var least = begin.SequenceOf(end[i].Domain);
            var sequence = chance.OneIn(20) ? (ulong)chance.Below((int)end[i].Sequence + 3) : Math.Max(least, end[i].Sequence - Math.Min(end[i].Sequence, (ulong)chance.Below(chance.OneIn(2) ? 4 : 60)));
            if (sequence > 0) asked = asked.With(end[i] with { Sequence = sequence });
        }
        return asked;
    }

    [Fact]
    public void The_log_has_what_it_was_given_by_name_and_not_by_number()
    {
        var ordinals = new Ordinals(RoutedPosition("0-1-100,3-1-7"), 1, 4);
        for (var sequence = 101UL; sequence <= 110; sequence++) ordinals.Add(new Gtid(0, sequence < 109 ? 2u : 3u, sequence), (long)sequence);
        foreach (var (position, has) in new[]
        {
            ("0-2-108", true), ("0-3-109,3-1-7", true), ("0-1-108", false), ("0-2-109", false), ("0-1-100", true), ("0-2-100", false), ("0-1-99", true),
            ("0-2-101", false), // no longer remembered
            ("0-2-111", false), ("4-1-1", false), ("3-1-8", false), ("", true),
        })
            Assert.True(ordinals.Has(RoutedPosition(position)) == has, position);
    }

    static Position RoutedPosition(string text) => Position.TryParse(text, out var position) ? position : throw new ArgumentException(text);
}
