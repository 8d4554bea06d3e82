namespace Headwater.Core.Recovery;

/// <summary>What the client of a transaction in a tail was told.</summary>
public enum TailLabel : byte
{
    /// <summary>That it is committed.</summary>
    Acknowledged,

    /// <summary>Nobody here can say: its client may have been told, or was told that the outcome is unknown.</summary>
    Unknown,

    /// <summary>Nothing, provably: its server waited for an acknowledgement that no replica had given.</summary>
    NeverAcknowledged,
}
