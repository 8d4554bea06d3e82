using Headwater.Control.Failover;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>What has happened, out of the controller's journal and of the views and alerts of this process.</summary>
static class EventsReader
{
    const int MostBytes = 1 << 20, MostEntries = 400, MostStories = 30;

    /// <param name="directory">Where the journal is; null where nobody controls.</param>
    public static EventsJson Read(string? directory, ViewHistory views, IReadOnlyList<AlertEpisodeJson> alerts)
    {
        if (directory is null) return new EventsJson([], [], views.Newest(), alerts, "Nobody controls here (control.mode is off), so there is no journal; what follows is what this process has seen.");
        try
        {
            var entries = Journal.ReadNewest(directory, MostBytes);
            // What the record became is told by the finding beside it.
            return new EventsJson([.. ChangeStory.Of(entries).Take(MostStories)],
                [.. entries.Where(static entry => entry.Kind != "record" || entry.Rule == "operator").Reverse().Take(MostEntries).Select(static entry => new EventJson(entry.At, entry.Kind, entry.Rule, entry.Server, entry.Sentence))],
                views.Newest(), alerts, null);
        }
        catch (Exception trouble) when (trouble is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new EventsJson([], [], views.Newest(), alerts, $"The journal cannot be read: {trouble.Message}");
        }
    }

    public static long LengthOf(string? directory) => directory is null || new FileInfo(Path.Combine(directory, Journal.FileName)) is not { Exists: true } file ? 0 : file.Length;
}
