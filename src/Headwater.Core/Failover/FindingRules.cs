namespace Headwater.Core.Failover;

public enum Severity : byte
{
    Info,

    /// <summary>Less than there should be, but reads and writes are served.</summary>
    Warning,

    /// <summary>Writes are refused or wait, or something is in danger that an operator must see to.</summary>
    Critical,
}

/// <summary>How much each rule's finding weighs for whoever is called at night. A rule that is not named here is a warning.</summary>
public static class FindingRules
{
    public static Severity SeverityOf(string rule) => rule switch
    {
        "no-primary" or "cannot-decide" or "primary-silent" or "primary-stalled" or "two-writable" or "failover" or "promotion-cut" or "primary-not-watched" or "conflict" or "ring-broken" => Severity.Critical,
        "appointed" or "promoted" or "switchover" or "operator" or "record" or "ring-waits" => Severity.Info,
        _ => Severity.Warning,
    };
}
