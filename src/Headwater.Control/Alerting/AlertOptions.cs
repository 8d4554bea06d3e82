using Headwater.Core.Failover;

namespace Headwater.Control.Alerting;

public enum AlertFormat : byte
{
    /// <summary>The fields of the finding, as one JSON object.</summary>
    Json,

    /// <summary>{"text": …}, which Slack, Mattermost, Rocket.Chat, Zulip and others show as a message.</summary>
    Slack,
}

/// <param name="Url">Of whoever is to be told; often a secret in itself, so it is never logged.</param>
public sealed record AlertOptions(Uri Url, AlertFormat Format, Severity AtLeast);
