using Headwater.Control.Failover;
using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.WebConsole;

/// <summary>The journal's lines, as a controller writes them, become a line in time.</summary>
public sealed class ChangeStoryTests
{
    static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    static JournalEntry At(int milliseconds, string kind, string rule, string? server, string sentence, RecordLine? record = null) => new(Noon.AddMilliseconds(milliseconds), kind, rule, server, sentence, record);

    static RecordLine Record(long epoch, string primary, string? change = null, string? to = null, string? step = null, params string[] proof) =>
        new(epoch, primary, "", [], [], false, change, change is null ? null : "db1", to, step, "", proof);

    static readonly JournalEntry[] Failover =
    [
        At(0, "finding", "primary-silent", "db1", "db1 has not listened for 0 ms"),
        At(1000, "record", "failover", "db1", "", Record(1, "db1", "Failover", null, "Fencing", "db1 has not listened for 1000 ms")),
        At(1005, "effect", "StopReceiving", "db2", "db1 is being replaced"),
        At(1100, "record", "failover", "db1", "", Record(1, "db1", "Failover", "db2", "Draining", "db1 has not listened for 1000 ms", "db2 has received everything")),
        At(1110, "record", "failover", "db1", "", Record(2, "db2", "Failover", "db2", "Promoting", "db1 has not listened for 1000 ms", "db2 has received everything", "db2 has applied everything")),
        At(1111, "effect", "Promote", "db2", "db2 has applied everything"),
    ];

    [Fact]
    public void Each_step_has_its_reason_and_its_duration()
    {
        var story = Assert.Single(ChangeStory.Of([.. Failover, At(1140, "record", "promoted", "db2", "db2 is the primary of epoch 2", Record(2, "db2"))]));
        Assert.Equal(("failover", "db1", "db2", 2, "done", 1.14), (story.Kind, story.From, story.To, story.Epoch, story.Outcome, story.Seconds));
        Assert.Equal(["silent 1", "fencing 0.1", "draining 0.01", "promoting 0.03"], story.Steps.Select(static step => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{step.Step} {step.Seconds:0.##}")));
        Assert.Equal("db2 has received everything", story.Steps[2].Reason);
        Assert.Equal(["StopReceiving db2", "Promote db2"], story.Effects.Select(static effect => $"{effect.What} {effect.Server}"));
    }

    [Fact]
    public void One_that_is_under_way_has_no_end_yet()
    {
        var story = Assert.Single(ChangeStory.Of(Failover));
        Assert.Equal(("running", null), (story.Outcome, story.Seconds));
        Assert.Null(story.Steps[^1].Seconds);
    }

    [Fact]
    public void One_that_was_given_up_says_why()
    {
        var story = Assert.Single(ChangeStory.Of([.. Failover[..2], At(1500, "finding", "undone", "db1", "the failover from db1 is undone: it answers again"), At(1500, "record", "undone", "db1", "", Record(1, "db1"))]));
        Assert.Equal(("undone", "the failover from db1 is undone: it answers again"), (story.Outcome, story.Sentence));
    }

    [Fact]
    public void A_switchover_begins_with_itself_and_the_newest_comes_first()
    {
        var stories = ChangeStory.Of([.. Failover, At(1140, "record", "promoted", "db2", "db2 is the primary of epoch 2", Record(2, "db2")),
            At(9000, "record", "operator", null, "db1 takes over", new RecordLine(2, "db2", "", [], [], false, "Switchover", "db2", "db1", "Holding", "", ["db1 follows db2"])),
            At(9050, "record", "promoted", "db1", "db1 is the primary of epoch 3", Record(3, "db1"))]);
        Assert.Equal(["switchover", "failover"], stories.Select(static story => story.Kind));
        Assert.Equal(["holding"], stories[0].Steps.Select(static step => step.Step));
        Assert.Equal(0.05, stories[0].Seconds);
    }
}
