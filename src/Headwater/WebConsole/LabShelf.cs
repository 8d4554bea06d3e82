using System.Collections.Concurrent;
using System.Text.Json;
using Headwater.Lab;
using Headwater.Lab.Catalogue;

namespace Headwater.WebConsole;

/// <summary>The last report of each scenario, for those who come later: a file each, read when it is first asked for.</summary>
sealed class LabShelf(string directory)
{
    readonly ConcurrentDictionary<string, LabReport?> _reports = new();

    public LabReport? Find(string scenario) => LabCatalogue.Find(scenario) is null ? null : _reports.GetOrAdd(scenario, Read);

    /// <summary>Where it cannot be written it is kept as long as this process lives.</summary>
    public void Keep(LabReport report)
    {
        var name = report.Results[0].Scenario.Name;
        _reports[name] = report;
        try
        {
            Directory.CreateDirectory(directory);
            Up.StateDirectory.Write(FileOf(name), report, LabJson.Default.LabReport);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            // What was seen can still be shown.
        }
    }

    string FileOf(string scenario) => Path.Combine(directory, scenario + ".json");

    LabReport? Read(string scenario)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(FileOf(scenario)), LabJson.Default.LabReport) is { Results: [{ Scenario: { } played }] } report && played.Name == scenario ? report : null;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or JsonException)
        {
            // None yet, or of another version, which wrote it otherwise.
            return null;
        }
    }
}
