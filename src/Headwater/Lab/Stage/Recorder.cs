using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Lab.Stage;

/// <summary>Notes what a run measures, from any number of tasks, by one clock that starts with it.</summary>
sealed class Recorder(LabText axis)
{
    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25), Patience = TimeSpan.FromMilliseconds(400);
    readonly long _began = Stopwatch.GetTimestamp();
    readonly ConcurrentQueue<SeriesRecorder> _series = new();
    readonly ConcurrentQueue<LabEvent> _events = new();
    readonly ConcurrentQueue<Figure> _figures = new();

    public double Seconds => Stopwatch.GetElapsedTime(_began).TotalSeconds;

    public SeriesRecorder Steps(string en, string ko) => Add(new SeriesRecorder(this, new LabText(en, ko), SeriesKind.Steps));

    public SeriesRecorder Dots(string en, string ko) => Add(new SeriesRecorder(this, new LabText(en, ko), SeriesKind.Dots));

    public void Event(string en, string ko) => _events.Enqueue(new LabEvent(Seconds, new LabText(en, ko)));

    public void Figure(string en, string ko, long value) => Figure(en, ko, value.ToString(CultureInfo.InvariantCulture));

    public void Figure(string en, string ko, string value) => _figures.Enqueue(new Figure(new LabText(en, ko), value));

    /// <summary>Until the watching ends, looks at a number on a server again and again, past every gateway. Where the server does not answer there is none.</summary>
    public void Watch(Watching watching, string en, string ko, LabCluster cluster, EmbeddedServer server, string sql)
    {
        var into = Steps(en, ko);
        watching.Add(end => WatchAsync(into, cluster, server, sql, end));
    }

    static async Task WatchAsync(SeriesRecorder into, LabCluster cluster, EmbeddedServer server, string sql, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            try
            {
                patience.CancelAfter(Patience);
                await using var connection = await cluster.ApplicationAsync(server, patience.Token);
                while (true)
                {
                    patience.CancelAfter(Patience);
                    var value = (await connection.QueryAsync(sql, patience.Token)).Scalar;
                    into.Add(value is null ? 0 : double.Parse(value, CultureInfo.InvariantCulture));
                    await Task.Delay(LookEvery, ct);
                }
            }
            catch (Exception e) when (e is IOException or ServerException or OperationCanceledException)
            {
                if (!ct.IsCancellationRequested) into.Add(null);
                await Task.Delay(LookEvery, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public Evidence Finish(double anomaly, long tries) => new()
    {
        Anomaly = anomaly,
        Tries = tries,
        Axis = axis,
        Seconds = Seconds,
        Series = [.. _series.Select(static series => series.Finished())],
        Events = [.. _events.OrderBy(static one => one.Seconds)],
        Figures = [.. _figures],
    };

    SeriesRecorder Add(SeriesRecorder series)
    {
        _series.Enqueue(series);
        return series;
    }
}

sealed class SeriesRecorder(Recorder recorder, LabText name, SeriesKind kind)
{
    readonly ConcurrentQueue<SeriesPoint> _points = new();

    public void Add(double? value, bool isBad = false) => _points.Enqueue(new SeriesPoint(recorder.Seconds, value, isBad));

    // Of steps only the changes are kept, and the last look.
    public Series Finished()
    {
        var all = _points.OrderBy(static point => point.Seconds).ToList();
        var kept = kind == SeriesKind.Dots ? all : [.. all.Where((point, i) => i == 0 || i == all.Count - 1 || point.Value != all[i - 1].Value || point.IsBad != all[i - 1].IsBad)];
        return new Series(name, kind, [.. kept.Select(static point => new SeriesPoint(Math.Round(point.Seconds, 3), point.Value is { } value ? Math.Round(value, 3) : null, point.IsBad)).ToImmutableArray()]);
    }
}
