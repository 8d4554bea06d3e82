using System.Diagnostics;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Streams.Folds;
using Headwater.Streams.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.Tests.Streams.Folds;

public sealed class ChangesRunTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-changes-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Before_an_idle_primary_has_written_anything_its_position_is_known_and_proves()
    {
        using var store = LogStore.Open(new LogStoreOptions { Directory = _directory }, TimeProvider.System);
        var changes = new LastChanges();
        var run = new ChangesRun(store, changes, TimeProvider.System, NullLogger.Instance);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        run.DictionaryWanted += () => asked.TrySetResult();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = run.RunAsync(end.Token);
        var at = new Position(new Gtid(0, 1, 4711));
        store.BeginAfter([at[0]], server: 1);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        run.Offer(Catalogue.Build([], [], []).Dictionary, at, at);
        for (var since = Stopwatch.StartNew(); changes.Extent.Dictionary is null; await Task.Delay(5, TestContext.Current.CancellationToken)) Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), "the dictionary is not taken");
        Assert.Equal(at, changes.Extent.Position);
        Assert.NotNull(changes.OrdinalOf(at));
        await end.CancelAsync();
        await running;
    }
}
