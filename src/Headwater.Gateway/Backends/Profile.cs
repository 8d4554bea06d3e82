using Headwater.Wire.MySql;

namespace Headwater.Gateway.Backends;

/// <summary>Who logs in, and with what. The secret is what the client's own proof yielded, or what the configuration holds.</summary>
internal sealed class Identity(string user, byte[] passwordSha1, string? password) : IEquatable<Identity>
{
    public string User => user;
    public byte[] PasswordSha1 => passwordSha1;

    /// <summary>Only from the configuration, for schemes that need the password itself.</summary>
    public string? Password => password;

    public bool Equals(Identity? other) => other is not null && other.User == user && other.Password == password && other.PasswordSha1.AsSpan().SequenceEqual(passwordSha1);
    public override bool Equals(object? obj) => Equals(obj as Identity);
    public override int GetHashCode() => HashCode.Combine(user, passwordSha1.Length == 0 ? 0 : BitConverter.ToInt32(passwordSha1));
    public override string ToString() => user;
}

/// <summary>
/// What of a client's login shapes the bytes of an answer or the server's behaviour and cannot be changed later. Backends are shared
/// between sessions of equal profiles, so rows can pass through as they are.
/// </summary>
internal sealed record BackendProfile(Identity Identity, Capabilities Capabilities, byte Collation, bool HasSchema)
{
    /// <summary>Bits of the client's that decide how answers look or statements act; the rest is the gateway's own affair.</summary>
    public const Capabilities FromClient =
        Capabilities.FoundRows | Capabilities.LongFlag | Capabilities.NoSchema | Capabilities.Odbc | Capabilities.IgnoreSpace | Capabilities.Interactive
        | Capabilities.LocalFiles | Capabilities.MultiStatements | Capabilities.MultiResults | Capabilities.PsMultiResults | Capabilities.DeprecateEof
        | Capabilities.CanHandleExpiredPasswords | Capabilities.MariaDbStmtBulk | Capabilities.MariaDbExtendedMetadata;

    public const Capabilities Always =
        Capabilities.Protocol41 | Capabilities.SecureConnection | Capabilities.PluginAuth | Capabilities.PluginAuthLenencData
        | Capabilities.Transactions | Capabilities.SessionTrack;

    public override string ToString() => Identity.User;
}
