using System.Globalization;
using System.Text;

namespace Headwater.WebConsole;

/// <summary>
/// The figures of the last quarter of an hour, one row a second, so that charts are full as soon as a page is opened. Columns come when something is first counted
/// (a server, a reason) and stay; a row that is older than a column has nothing in it. One writer; readers take what was written.
/// </summary>
sealed class History(int most)
{
    readonly Lock _lock = new();
    readonly Dictionary<string, int> _columns = [];
    readonly Queue<(long At, float[] Figures)> _rows = new();

    public int Count
    {
        get
        {
            lock (_lock) return _rows.Count;
        }
    }

    /// <summary>Adds a row; NaN for a figure that is not known.</summary>
    public void Add(long at, IReadOnlyList<(string Name, double Figure)> figures)
    {
        lock (_lock)
        {
            foreach (var (name, _) in figures) _columns.TryAdd(name, _columns.Count);
            var row = new float[_columns.Count];
            Array.Fill(row, float.NaN);
            foreach (var (name, figure) in figures) row[_columns[name]] = (float)figure;
            _rows.Enqueue((at, row));
            if (_rows.Count > most) _rows.Dequeue();
        }
    }

    /// <summary>All of it as JSON by columns: {"at":[…],"columns":{"statements":[…],…}}; null where nothing is known.</summary>
    public string ToJson()
    {
        lock (_lock)
        {
            var json = new StringBuilder(64 << 10).Append("{\"at\":[").AppendJoin(',', _rows.Select(static row => row.At)).Append("],\"columns\":{");
            var first = true;
            foreach (var (name, index) in _columns)
            {
                if (!first) json.Append(',');
                first = false;
                json.Append(System.Text.Json.JsonSerializer.Serialize(name, ConsoleJson.Default.String)).Append(":[");
                var comma = false;
                foreach (var (_, figures) in _rows)
                {
                    if (comma) json.Append(',');
                    comma = true;
                    Append(json, index < figures.Length ? figures[index] : float.NaN);
                }
                json.Append(']');
            }
            return json.Append("}}").ToString();
        }
    }

    static void Append(StringBuilder json, float figure)
    {
        if (!float.IsFinite(figure)) json.Append("null");
        else if (figure == MathF.Truncate(figure)) json.Append(CultureInfo.InvariantCulture, $"{figure:0}");
        else json.Append(CultureInfo.InvariantCulture, $"{figure:0.####}");
    }
}
