using System.Collections.Immutable;

namespace Headwater.Core.Topology;

/// <summary>What an account may do besides reading and writing data, as far as it concerns other sessions. What it has through roles is not known here.</summary>
[Flags]
public enum AccountRights : byte
{
    None = 0,

    /// <summary>CONNECTION ADMIN, or SUPER: may end others' sessions and statements.</summary>
    EndsOthers = 1,

    /// <summary>PROCESS: may see others' statements.</summary>
    SeesOthers = 2,
}

/// <summary>What an account's REQUIRE asks of a client's connection.</summary>
public enum AccountTls : byte
{
    None,

    /// <summary>REQUIRE SSL.</summary>
    Any,

    /// <summary>REQUIRE X509, ISSUER, SUBJECT or CIPHER: what a client shows only to who holds the connection's other end.</summary>
    Certificate,
}

/// <summary>
/// One account as the servers know it. <paramref name="Authentication"/> is what the server stores (for mysql_native_password
/// the 20 bytes SHA1(SHA1(password)), empty for no password); it never reaches a log.
/// </summary>
public sealed record Account(string User, string Host, string Plugin, ImmutableArray<byte> Authentication, bool Locked = false)
{
    public AccountRights Rights { get; init; }
    public AccountTls Tls { get; init; }

    public override string ToString() => $"{User}@{Host} ({Plugin})";
}

/// <summary>All accounts learnt from the servers. Replaced whole.</summary>
public sealed record Accounts(ImmutableArray<Account> All)
{
    public static readonly Accounts None = new([]);
}
