namespace Headwater.Lab.Stage;

/// <summary>Tasks that go on beside a run, until it is disposed; what ended one of them before is thrown then.</summary>
sealed class Watching(CancellationToken ct) : IAsyncDisposable
{
    readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(ct);
    readonly List<Task> _tasks = [];

    public void Add(Func<CancellationToken, Task> task) => _tasks.Add(Task.Run(() => task(_end.Token), CancellationToken.None));

    public async Task EndAsync()
    {
        await _end.CancelAsync();
        try
        {
            await Task.WhenAll(_tasks);
        }
        catch (OperationCanceledException)
        {
            // Which is how they end.
        }
        _tasks.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _end.Dispose();
    }
}
