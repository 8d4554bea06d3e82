using System.Globalization;
using System.Text.Json.Serialization;

namespace Headwater.Core;

/// <summary>What long work is counted in.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WorkUnit>))]
public enum WorkUnit : byte
{
    [JsonStringEnumMemberName("rows")] Rows,
    [JsonStringEnumMemberName("bytes")] Bytes,
    [JsonStringEnumMemberName("transactions")] Transactions,
}

/// <summary>How far long work has come, as it was when <see cref="Pace"/> was asked; for people and programs.</summary>
/// <param name="Of">How much there is to do; null while nobody knows.</param>
/// <param name="IsEstimate">Of is one, as a server's number of rows is: then nothing says that all is done before it is.</param>
/// <param name="PerSecond">Over the last quarter of a minute; 0 when it stands still, null when it has not begun long enough ago to say.</param>
/// <param name="RemainingSeconds">At that pace; null when that cannot be said.</param>
public sealed record Progress(long Done, long? Of, bool IsEstimate, WorkUnit Unit, double? PerSecond, double? RemainingSeconds)
{
    /// <summary>From 0 to 1, and 1 only when all is done; null while nobody knows of how much.</summary>
    [JsonIgnore]
    public double? Share => Of is not { } of ? null : IsEstimate ? Math.Min(0.99, Done / (double)of) : of == 0 ? 1 : Done < of ? Math.Min(0.99, Done / (double)of) : 1;

    /// <summary>In words: 6,200,000 of about 10,000,000 rows (62 %), 81,234 rows/s, about 47 s left.</summary>
    public override string ToString() => $"{Amount}{(Share is { } share ? $" ({Percent(share)})" : "")}{(Rate is { } rate ? $", {rate}" : "")}{(Left is { } left ? $", {left}" : "")}";

    /// <summary>How much of how much.</summary>
    [JsonIgnore]
    public string Amount => Unit == WorkUnit.Bytes
        ? Of is { } bytes ? $"{Show(Done)} of {About}{Show(bytes)}" : Show(Done)
        : Of is { } all ? string.Create(CultureInfo.InvariantCulture, $"{Done:N0} of {About}{all:N0} {Word}") : string.Create(CultureInfo.InvariantCulture, $"{Done:N0} {Word}");

    [JsonIgnore]
    public string? Rate => PerSecond switch
    {
        null => null,
        0 => Done > 0 && Done == Of && !IsEstimate ? null : "standing still",
        { } fast when Unit == WorkUnit.Bytes => $"{Show(fast)}/s",
        { } slow and < 10 => string.Create(CultureInfo.InvariantCulture, $"{slow:0.0} {Word}/s"),
        { } rate => string.Create(CultureInfo.InvariantCulture, $"{rate:N0} {Word}/s"),
    };

    [JsonIgnore]
    public string? Left => RemainingSeconds is not ({ } seconds and > 0) ? null : "about " + seconds switch
    {
        < 99.5 => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, seconds):0} s left"),
        < 99.5 * 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min left"),
        < 47.5 * 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} h left"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86400:0} days left"),
    };

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share * 100):0} %");

    string About => IsEstimate ? "about " : "";

    string Word => Unit == WorkUnit.Rows ? "rows" : "transactions";

    static string Show(double bytes) => bytes switch
    {
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };
}
