using Headwater.Commands;
using Spectre.Console;
using Progress = Headwater.Core.Progress;
using WorkUnit = Headwater.Core.WorkUnit;

namespace Headwater.Tests.Commands;

public class WorkBarTests
{
    static string[] Plain(WorkShown shown, int width = 80, bool unicode = true) => [.. WorkBar.Lines(shown, width, unicode).Select(Markup.Remove)];

    static readonly Progress _half = new(5_200_000, 10_400_000, true, WorkUnit.Rows, 81_234, 64);

    [Fact]
    public void What_is_done_a_bar_and_the_figures_fit_on_a_terminal()
    {
        Assert.Equal([
            "shop.orders is being copied",
            "━━━━━━━━━━━━━━━━━━━━────────────────────  50 %  about 64 s left",
            "5,200,000 of about 10,400,000 rows, 81,234 rows/s",
        ], Plain(new WorkShown("shop.orders is being copied", _half)));
        foreach (var width in new[] { 40, 60, 80, 200 })
            foreach (var line in Plain(new WorkShown(new string('x', 300), _half with { RemainingSeconds = 1e6 }), width)) Assert.InRange(line.Length, 1, width - 1);
    }

    [Fact]
    public void Where_nobody_knows_how_much_there_is_no_bar()
    {
        Assert.Equal(["log", "1,200 transactions, 8.5 transactions/s"], Plain(new WorkShown("log", new Progress(1_200, null, false, WorkUnit.Transactions, 8.5, null))));
        Assert.Equal(["db2 is being set aside"], Plain(new WorkShown("db2 is being set aside", null)));
    }

    [Fact]
    public void A_terminal_without_line_drawing_gets_a_bar_all_the_same() =>
        Assert.Equal("######################################## 100 %", Plain(new WorkShown("x", new Progress(5, 5, false, WorkUnit.Rows, 1, 0)), unicode: false)[1]);

    [Fact]
    public void A_name_with_brackets_is_no_markup() => Assert.Equal("a[b] is being copied", Plain(new WorkShown("a[b] is being copied", null))[0]);

    [Fact]
    public async Task Where_nobody_looks_on_lines_are_written_now_and_then_and_none_for_short_work()
    {
        var error = new StringWriter();
        await new WorkScreen(error, TimeProvider.System).UntilAsync(Task.CompletedTask, () => throw new InvalidOperationException("nobody asks"));
        Assert.Equal("", error.ToString());

        var clock = new HurriedTime();
        var work = new TaskCompletionSource();
        var looks = 0;
        await new WorkScreen(error, clock).UntilAsync(work.Task, () =>
        {
            if (++looks == 2) work.SetResult();
            return new ValueTask<WorkShown?>(looks == 1 ? new WorkShown("shop.orders is being copied", _half) : null);
        });
        Assert.Equal("shop.orders is being copied: 5,200,000 of about 10,400,000 rows (50 %), 81,234 rows/s, about 64 s left" + Environment.NewLine, error.ToString());
        Assert.All(clock.Waited, static wait => Assert.Equal(TimeSpan.FromSeconds(10), wait));
    }

    /// <summary>Whoever waits has waited.</summary>
    sealed class HurriedTime : TimeProvider
    {
        public List<TimeSpan> Waited { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waited.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
