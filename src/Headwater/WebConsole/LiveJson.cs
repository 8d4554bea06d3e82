using Headwater.Core;
using Headwater.Gateway;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>What is known at an instant, as the console shows it; made once and sent to all who look on.</summary>
/// <param name="Sample">The figures of the last second, with each whole second; left out between.</param>
/// <param name="Change">The change of primary that is under way.</param>
/// <param name="Events">Grows when there is something new in the journal or a new view: then the page of events asks again.</param>
sealed record LiveJson(long At, string Version, string Cluster, long Epoch, string? Primary, string Reason, bool Ready, IReadOnlyList<LiveServer> Servers, IReadOnlyList<string>? Ring,
    LiveGateway Gateway, LiveControl? Control, LivePromise Promise, IReadOnlyList<AttentionJson> Attention, FeedJson? Feed, LiveChange? Change, long Events, VerifyState? Verify, LabState? Lab,
    IReadOnlyDictionary<string, double?>? Sample = null);

sealed record LiveServer(string Name, string Address, string Role, string Health, string Reason, IReadOnlyList<string> Tags, double Weight, string Zone, string? Version, string? Source,
    bool Replicating, double? LagSeconds, ulong? LagTransactions, string Position, double? SilentSeconds, bool? ReadOnly, double? UptimeSeconds, bool InMaintenance, IReadOnlyList<LiveLink> Links,
    LiveSemiSync? SemiSync, int Busy, int Backends, int Queued, double StatementsPerSecond, double ReadsPerSecond, double TransactionsPerSecond);

/// <summary>One replication link of a server. <paramref name="From"/>: its source's name where it is one of ours.</summary>
sealed record LiveLink(string From, string Source, string Receiving, bool Applying, string Error, double DelaySeconds, string Received);

sealed record LiveSemiSync(bool Waits, bool Waiting, int Acknowledgers, int WaitingCommits, bool Acknowledges, bool Acknowledging);

sealed record LiveGateway(int Sessions, int Holding, IReadOnlyList<SessionFigures> Held, IReadOnlyList<SlowStatement> Slow);

sealed record LiveControl(string Rpo, double? RpoBoundSeconds, bool Paused, IReadOnlyList<string> InMaintenance, string? Lease);

/// <param name="Kept">Null while it is not known, or where nothing is promised.</param>
/// <param name="Broken">What the settings audit found, weakest last.</param>
sealed record LivePromise(bool? Kept, string Sentence, IReadOnlyList<AuditFindingJson> Broken, double? AuditedSecondsAgo);

/// <summary>Something that somebody should look at: what, how grave, about whom, and what mends it where a statement or command does.</summary>
/// <param name="Progress">Of long work: how far it has come, where that can be counted.</param>
sealed record AttentionJson(string Severity, string Kind, string? Server, string Sentence, string? Mend = null, Progress? Progress = null);

sealed record LiveChange(string Kind, string From, string? To, string Step, IReadOnlyList<string> Proof);

/// <summary>A comparison of replicas with their primary that runs, or how the last one ended.</summary>
sealed record VerifyState(bool Runs, string Sentence, DateTimeOffset Since, Progress? Progress = null);
