using System.Collections.Immutable;

namespace Headwater.Core.Topology;

/// <summary>
/// One account as the servers know it. <paramref name="Authentication"/> is what the server stores (for mysql_native_password
/// the 20 bytes SHA1(SHA1(password)), empty for no password); it never reaches a log.
/// </summary>
public sealed record Account(string User, string Host, string Plugin, ImmutableArray<byte> Authentication, bool Locked = false)
{
    public override string ToString() => $"{User}@{Host} ({Plugin})";
}

/// <summary>All accounts learnt from the servers. Replaced whole.</summary>
public sealed record Accounts(ImmutableArray<Account> All)
{
    public static readonly Accounts None = new([]);
}
