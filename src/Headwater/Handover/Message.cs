using System.Text.Json.Serialization;
using Headwater.Control.Failover;
using Headwater.Core.Failover;

namespace Headwater.Handover;

/// <summary>What two processes of one gateway tell each other when one takes over from the other: a line of JSON each. docs/decisions/0013-a-process-that-takes-over.md has the order.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "message")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Told), "told")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Take), "take")]
[JsonDerivedType(typeof(Offer), "offer")]
[JsonDerivedType(typeof(Yield), "yield")]
[JsonDerivedType(typeof(Yielded), "yielded")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Accept), "accept")]
[JsonDerivedType(typeof(Accepted), "accepted")]
[JsonDerivedType(typeof(Serving), "serving")]
[JsonDerivedType(typeof(Over), "over")]
[JsonDerivedType(typeof(Recorded), "recorded")]
[JsonDerivedType(typeof(Holding), "holding")]
[JsonDerivedType(typeof(Sessions), "sessions")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Kill), "kill")]
[JsonDerivedType(typeof(Killed), "killed")]
abstract record Message
{
    /// <summary>What both sides have to speak. Raised when a message changes its meaning.</summary>
    public const int CurrentFormat = 1;

    /// <summary>An operator: start a process that takes over.</summary>
    /// <param name="Program">Null: the one that runs, as it is on the disk now.</param>
    public sealed record Start(string? Program) : Message;

    /// <summary>To the operator: how far it has come.</summary>
    public sealed record Told(string Sentence) : Message;

    /// <summary>To the operator: it is over.</summary>
    /// <param name="Code">What the command ends with.</param>
    public sealed record Ended(int Code, string Sentence) : Message;

    /// <summary>The successor's first word.</summary>
    public sealed record Take(int Format, int Pid, string Version) : Message;

    /// <summary>What there is to be taken, with the descriptors of the listeners in their order, and that of HTTP behind them.</summary>
    /// <param name="Ready">Whether it serves; a successor that does not come that far is none.</param>
    public sealed record Offer(int Format, int Pid, string Version, IReadOnlyList<string> Listeners, string? Http, bool Ready) : Message;

    /// <summary>The successor has read its configuration and wants control, the log and the alerts.</summary>
    public sealed record Yield : Message;

    public sealed record Yielded : Message;

    /// <summary>It is not to be; either side.</summary>
    public sealed record Refused(string Sentence) : Message;

    /// <summary>The successor sees the cluster, and would accept.</summary>
    public sealed record Accept : Message;

    /// <summary>The predecessor accepts nobody any more.</summary>
    /// <param name="LastSession">The highest number of a session so far.</param>
    public sealed record Accepted(uint LastSession) : Message;

    /// <summary>The successor accepts.</summary>
    public sealed record Serving : Message;

    /// <summary>The predecessor has closed its sockets, and named the successor to systemd.</summary>
    public sealed record Over : Message;

    /// <summary>The successor's record, or a sign of life.</summary>
    public sealed record Recorded(RecordLine Record, long Revision) : Message;

    /// <summary>What the predecessor holds and has open, as one controller tells others.</summary>
    public sealed record Holding(Peer Peer) : Message;

    /// <summary>How many sessions the predecessor still has.</summary>
    public sealed record Sessions(int Count) : Message;

    /// <summary>The successor stops, and was not succeeded: so is the predecessor to.</summary>
    public sealed record Stop : Message;

    /// <summary>Somebody who is connected to the successor ends a session of the predecessor.</summary>
    public sealed record Kill(long Number, uint Session, bool Connection, string User, bool May) : Message;

    /// <param name="Error">0: it was done.</param>
    public sealed record Killed(long Number, ushort Error) : Message;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Message))]
sealed partial class MessageJson : JsonSerializerContext;
