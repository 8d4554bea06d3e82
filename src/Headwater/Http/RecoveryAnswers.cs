using Headwater.Control;
using Headwater.Control.Recovery;
using Headwater.Core.Recovery;

namespace Headwater.Http;

/// <summary>The outcome of a recovery: why nothing was done, or the report.</summary>
sealed record RecoverJson(bool Applied, IReadOnlyList<string> Sentences, RecoveryReport? Report)
{
    /// <summary>The report in lines, for people.</summary>
    public IReadOnlyList<string>? Told => Report?.ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>What POST /api/control/recover does: it answers when the recovery is over, however long that takes.</summary>
static class RecoveryAnswers
{
    public static async Task<RecoverJson> RecoverAsync(ClusterWatcher watcher, Func<string, string?> argument)
    {
        static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
        var files = Given(argument("from_files"));
        if (files is not null && !Path.IsPathRooted(files)) return new RecoverJson(false, ["from_files is to be an absolute path"], null);
        var (report, sentence) = await watcher.RecoverAsync(new RecoveryWish(Given(argument("server")), files, argument("dry_run") == "true"));
        return new RecoverJson(report is { Trouble: null }, [sentence], report);
    }
}
