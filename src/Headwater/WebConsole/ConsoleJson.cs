using System.Text.Json.Serialization;
using Headwater.Control.Failover;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>Who looks on. <paramref name="Login"/>: somebody has to log in first, as far as this address is concerned.</summary>
sealed record MeJson(string? Name, string Role, bool Login, bool LoggedIn, string? Why = null);

sealed record LoginJson(string User, string Password);

/// <summary>What has happened: changes of primary as stories, the journal's newest entries, and the views and alerts of this process.</summary>
sealed record EventsJson(IReadOnlyList<ChangeStory> Changes, IReadOnlyList<EventJson> Entries, IReadOnlyList<ViewChange> Views, IReadOnlyList<AlertEpisodeJson> Alerts, string? Trouble);

sealed record EventJson(DateTimeOffset At, string Kind, string Rule, string? Server, string Sentence);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LiveJson))]
[JsonSerializable(typeof(MeJson))]
[JsonSerializable(typeof(LoginJson))]
[JsonSerializable(typeof(EventsJson))]
[JsonSerializable(typeof(QuarantineJson))]
[JsonSerializable(typeof(ExplainJson))]
[JsonSerializable(typeof(VerifyOutcome))]
[JsonSerializable(typeof(LabListJson))]
[JsonSerializable(typeof(LabReportJson))]
[JsonSerializable(typeof(OutcomeJson))]
[JsonSerializable(typeof(string))]
sealed partial class ConsoleJson : JsonSerializerContext;
