using Headwater.Control;
using Headwater.Core;

namespace Headwater.Http;

/// <summary>What a reader that began with a copy is told of how far that is.</summary>
sealed record CopiedJson(string Doing, Progress Progress);

/// <summary>How far the copy that one reader gets has come; told once a second.</summary>
sealed class CopiedSoFar(TimeProvider time)
{
    static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    // Few enough to be told in time, so many that the clock costs nothing.
    const int LookedEach = 256;
    string _doing = "";
    TablesAhead _ahead;
    Pace _pace = Pace.Begin(WorkUnit.Rows, time.Now());
    Instant _told = time.Now();
    long _rows;

    public void Begin(string table, TablesAhead ahead) => (_doing, _ahead) = ($"{table} is being copied", ahead);

    /// <summary>One more row; what is to be told, when something is.</summary>
    public CopiedJson? Add()
    {
        if (++_rows % LookedEach != 0 || time.Now() is var now && now - _told < Between) return null;
        _told = now;
        _pace = _pace.At(_rows, now).Guess(_ahead.All(_rows));
        return new CopiedJson(_doing, _pace.Seen(now));
    }
}
