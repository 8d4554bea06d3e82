namespace Headwater.IntegrationTests.Fixtures;

/// <summary>Where something speaks the protocol, and as whom to talk to it.</summary>
internal sealed record Reachable(string Host, int Port, string? Socket = null)
{
    public Reachable ByTcp => this with { Socket = null };
}

internal sealed record Account(string User, string Password, string? Schema = null)
{
    public override string ToString() => $"{User}@{Schema}";
}
