using System.Net;
using Headwater.Streams.Store;

namespace Headwater.Streams.Witness;

/// <summary>An account that may log in to a witness; both the controller's and the replicas' do whatever a witness does.</summary>
public sealed record WitnessAccount(string User, string Password)
{
    public override string ToString() => User;
}

public sealed record WitnessOptions
{
    public required IPEndPoint Listen { get; init; }

    /// <summary>Its own @@server_id: no other server's.</summary>
    public required uint ServerId { get; init; }
    public required LogStoreOptions Store { get; init; }
    public required IReadOnlyList<WitnessAccount> Accounts { get; init; }

    /// <summary>Where others reach it: what it registers with at the primary. Empty: <see cref="Listen"/>.</summary>
    public string ReportHost { get; init; } = "";
}
