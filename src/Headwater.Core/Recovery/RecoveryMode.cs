namespace Headwater.Core.Recovery;

/// <summary>What is done by itself about the tail of a former primary that is back.</summary>
public enum RecoverMode : byte
{
    /// <summary>A tail that anybody may have been told of is saved and reported, and its server stays aside; one that nobody was told of is saved, and its server is rewound.</summary>
    Propose,

    /// <summary>What anybody may have been told of is applied where that overwrites nothing, else put into quarantine; the server is rewound.</summary>
    Auto,

    /// <summary>It is only told that there is a tail.</summary>
    Off,
}

/// <summary>How many transactions of a tail have which label.</summary>
public readonly record struct TailCounts(long Acknowledged, long Unknown, long NeverAcknowledged)
{
    public long All => Acknowledged + Unknown + NeverAcknowledged;

    public TailCounts With(TailLabel label) => label switch
    {
        TailLabel.Acknowledged => this with { Acknowledged = Acknowledged + 1 },
        TailLabel.Unknown => this with { Unknown = Unknown + 1 },
        _ => this with { NeverAcknowledged = NeverAcknowledged + 1 },
    };

    public override string ToString() => $"{Acknowledged} acknowledged, {Unknown} unknown, {NeverAcknowledged} never acknowledged";
}

/// <param name="Goes">True: what the labels allow is applied, the rest put into quarantine, and the server is rewound. False: it stays as it is.</param>
public sealed record RecoveryChoice(bool Goes, string Reason)
{
    /// <summary>After the tail has been saved.</summary>
    public static RecoveryChoice Of(RecoverMode mode, bool asked, in TailCounts tail) =>
        asked ? new(true, "an operator asked for it")
        : mode == RecoverMode.Auto ? new(true, "control.recover is auto")
        : mode == RecoverMode.Off ? new(false, "control.recover is off; headwater recover does it")
        : tail.Acknowledged + tail.Unknown == 0 ? new(true, "no client was told of any of it")
        : new(false, $"clients were told, or may have been told, of {tail.Acknowledged + tail.Unknown} of its transactions (control.recover is propose); headwater recover brings them back");
}
