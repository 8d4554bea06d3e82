using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Consumers;

public class LastChangesThreadsTests(ITestOutputHelper output)
{
    const int Keys = 64, Transactions = 150_000, Readers = 3;
    static readonly ulong Seed = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), out var seed) ? seed : 20261122;

    /// <summary>
    /// The writer notes which transaction changed a key before the fold is told, so that a reader who finds the note knows more than the fold, never less: what was
    /// noted up to the extent that the reader had taken must not be called unchanged.
    /// </summary>
    [Fact]
    public void Readers_on_other_threads_are_never_told_that_what_has_changed_has_not()
    {
        output.WriteLine($"seed {Seed}");
        var changes = new LastChanges(1 << 6, 1 << 8, 32);
        var dictionary = Catalogue.Build([], [], [], tables: new DictionaryRows
        {
            Tables = [new("d", "t", "BASE TABLE", "InnoDB")],
            Columns = [new("d", "t", "id", 1, "int(11)", "")],
            Keys = [new("d", "t", "id")],
        }).Dictionary;
        var table = MadeLog.Table("t");
        var reads = Footprint.Of([TableKey.Of("d", "t")], new KeyLookup(TableKey.Of("d", "t"), "id", 0, false), null);
        // By key: the sequence of the last transaction that changed it; and all of them, for the check.
        var history = new int[Transactions + 1];
        var stop = false;
        var wrong = "";
        long unchanged = 0, changed = 0, tooOld = 0;
        changes.Begin(Position.Empty);
        changes.Offer(dictionary, Position.Empty, Position.Empty);
        var readers = Enumerable.Range(0, Readers).Select(number => new Thread(() =>
        {
            var chance = new Seeded(Seed + 1 + (ulong)number);
            while (!Volatile.Read(ref stop))
            {
                var extent = changes.Extent;
                if (extent.Position.IsEmpty) continue;
                var end = extent.Position.SequenceOf(0);
                var key = chance.Below(Keys);
                // Ahead of the extent too, as a server may be.
                var at = end + 2 - Math.Min(end + 1, (ulong)chance.Below(40));
                if (changes.OrdinalOf(new Position(new Gtid(0, 1, at)), extent) is not { } since)
                {
                    Interlocked.Increment(ref tooOld);
                    continue;
                }
                if (!changes.IsUnchanged(reads, key, since))
                {
                    Interlocked.Increment(ref changed);
                    continue;
                }
                Interlocked.Increment(ref unchanged);
                for (var sequence = at + 1; sequence <= end; sequence++)
                    if (Volatile.Read(ref history[sequence]) == key) Volatile.Write(ref wrong, $"{key} as of {at} is called unchanged up to {end}; {sequence} has changed it");
            }
        })).ToArray();
        foreach (var reader in readers) reader.Start();
        var writing = new Seeded(Seed);
        for (var sequence = 1UL; sequence <= Transactions && wrong.Length == 0; sequence++)
        {
            var key = writing.Below(Keys);
            Volatile.Write(ref history[sequence], key);
            changes.Apply(MadeLog.Transaction(new Gtid(0, 1, sequence), MadeLog.Update(table, [key, 1], [key, 2])));
            if (!writing.OneIn(3)) changes.Publish();
            if (!writing.OneIn(5_000)) continue;
            // The fold begins anew: numbers of before mean nothing to those of after.
            changes.Begin(new Position(new Gtid(0, 1, sequence)));
            changes.Offer(dictionary, new Position(new Gtid(0, 1, sequence)), new Position(new Gtid(0, 1, sequence)));
        }
        Volatile.Write(ref stop, true);
        foreach (var reader in readers) reader.Join();
        output.WriteLine($"{unchanged} unchanged, {changed} changed, {tooOld} too old");
        Assert.True(wrong.Length == 0, $"seed {Seed}: {wrong}");
        Assert.True(unchanged > 0 && changed > 0, $"{unchanged} unchanged, {changed} changed");
    }
}
