using Headwater.Control.Failover;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Control.Failover;

/// <summary>What a controller intended is what the next one reads, whatever happened in between.</summary>
public sealed class JournalTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-journal").FullName;

    static ControlRecord Record(long epoch = 7) => new()
    {
        Epoch = new Epoch(epoch),
        Primary = new ServerId("db2"),
        Number = 2,
        AppointedAt = At("0-1-17,3-2-4"),
        History = [At("0-1-17")[0], At("0-2-9")[0], At("3-2-4")[0]],
        RingWriters = [new CoWriter(1, 1), new CoWriter(3, 2)],
        InheritedFrom = 1,
        LossAccepted = true,
        Acknowledgers = [new ServerId("db1"), new ServerId("db3")],
        InMaintenance = [new ServerId("db3")],
        Paused = true,
        Change = new Change { Kind = ChangeKind.Failover, From = new ServerId("db1"), To = new ServerId("db2"), Step = ChangeStep.Draining, Goal = At("0-1-18"), Proof = ["one", "two"] },
    };

    static Position At(string text) => Position.TryParse(text, out var position) ? position : throw new FormatException(text);

    Journal Open() => Journal.Open(_directory, TimeProvider.System);

    string PathOf => Path.Combine(_directory, Journal.FileName);

    [Fact]
    public void Who_looks_on_reads_whole_lines_from_the_end_also_over_two_files()
    {
        using (var journal = Journal.Open(_directory, TimeProvider.System, most: 3000))
            for (var i = 0; i < 40; i++)
            {
                journal.Note("finding", $"rule-{i}", "db1", new string('x', 60));
                if (i % 10 == 9) journal.Write(Record(), "record", null, "");
            }
        Assert.True(File.Exists(Path.Combine(_directory, Journal.OlderName)));
        static IEnumerable<string> Rules(IEnumerable<JournalEntry> entries) => entries.Where(static entry => entry.Kind == "finding").Select(static entry => entry.Rule);
        var all = Rules(Journal.ReadAll(_directory)).ToList();
        Assert.Equal(all, Rules(Journal.ReadNewest(_directory, 1 << 20)));
        var newest = Rules(Journal.ReadNewest(_directory, 2000)).ToList();
        Assert.NotEmpty(newest);
        Assert.Equal(all[^newest.Count..], newest);
        Assert.Empty(Journal.ReadNewest(Path.Combine(_directory, "nowhere"), 2000));
    }

    [Fact]
    public void A_new_journal_remembers_nothing()
    {
        using var journal = Open();
        Assert.Null(journal.Record.Primary);
        Assert.Null(journal.Record.Change);
    }

    [Fact]
    public void The_last_record_comes_back_whole()
    {
        using (var journal = Open())
        {
            journal.Write(Record(6), "failover", "db1", "it died");
            journal.Write(Record(), "failover", "db1", "it died");
            journal.Note("effect", "Promote", "db2", "everything is applied");
        }
        using var again = Open();
        var (written, read) = (Record(), again.Record);
        Assert.Equal((written.Epoch, written.Primary, written.Number, written.AppointedAt, written.Paused), (read.Epoch, read.Primary, read.Number, read.AppointedAt, read.Paused));
        Assert.Equal(written.History.AsEnumerable(), read.History);
        Assert.Equal(written.RingWriters.AsEnumerable(), read.RingWriters);
        Assert.Equal((written.InheritedFrom, written.LossAccepted), (read.InheritedFrom, read.LossAccepted));
        Assert.Equal(written.Acknowledgers.AsEnumerable(), read.Acknowledgers);
        Assert.Equal(written.InMaintenance.AsEnumerable(), read.InMaintenance);
        Assert.Equal((written.Change!.Kind, written.Change.From, written.Change.To, written.Change.Step, written.Change.Goal),
            (read.Change!.Kind, read.Change.From, read.Change.To, read.Change.Step, read.Change.Goal));
        Assert.Equal(written.Change.Proof.AsEnumerable(), read.Change.Proof);
    }

    [Fact]
    public void One_that_has_grown_large_begins_anew_with_the_record_and_what_stood_in_it_is_kept_once()
    {
        const int Most = 4096;
        using (var journal = Journal.Open(_directory, TimeProvider.System, Most))
            for (var epoch = 1; epoch <= 40; epoch++)
            {
                journal.Note("finding", "diverged", "db1", $"note {epoch}");
                journal.Write(Record(epoch), "failover", "db1", "it died");
            }
        Assert.True(new FileInfo(PathOf).Length <= Most);
        Assert.True(new FileInfo(Path.Combine(_directory, Journal.OlderName)).Length is > Most and < 2 * Most);
        var told = Journal.ReadAll(_directory).Where(static entry => entry.Kind == "finding").Select(static entry => entry.Sentence).ToList();
        Assert.Equal("note 40", told[^1]);
        Assert.Equal(Enumerable.Range(41 - told.Count, told.Count).Select(static epoch => $"note {epoch}"), told);
        using var again = Journal.Open(_directory, TimeProvider.System, Most);
        Assert.Equal(40, again.Record.Epoch.Number);
        again.Write(Record(41), "failover", "db1", "it died");
        Assert.Equal(41, Journal.ReadAll(_directory)[^1].Record!.Epoch);
    }

    [Fact]
    public void A_crash_while_it_begins_anew_forgets_nothing()
    {
        using (var journal = Open()) journal.Write(Record(7), "failover", "db1", "it died");
        File.Move(PathOf, PathOf + ".new");
        using var again = Open();
        Assert.Equal(7, again.Record.Epoch.Number);
    }

    [Fact]
    public void Wherever_a_crash_cuts_the_file_the_last_whole_record_counts_and_writing_goes_on()
    {
        long first;
        using (var journal = Open())
        {
            journal.Write(Record(1), "appointed", null, "");
            first = new FileInfo(PathOf).Length;
            journal.Write(Record(2), "failover", null, "");
        }
        var whole = File.ReadAllBytes(PathOf);
        for (var length = (int)first; length <= whole.Length; length++)
        {
            File.WriteAllBytes(PathOf, whole[..length]);
            using (var journal = Open())
            {
                Assert.Equal(length == whole.Length ? 2 : 1, journal.Record.Epoch.Number);
                journal.Write(Record(3), "switchover", null, "");
            }
            using var again = Open();
            Assert.Equal(3, again.Record.Epoch.Number);
        }
    }

    [Fact]
    public void Two_processes_cannot_hold_one_journal_and_anybody_may_read_it()
    {
        using var journal = Open();
        journal.Write(Record(), "failover", "db1", "it died");
        Assert.Throws<IOException>(() => Open());
        Assert.Equal("it died", Assert.Single(Journal.ReadAll(_directory)).Sentence);
    }

    [Fact]
    public void What_is_no_journal_is_refused_with_its_line()
    {
        File.WriteAllText(PathOf, "hello\n");
        Assert.Contains("line 1", Assert.Throws<InvalidDataException>(() => Open()).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
