using Headwater.Gateway.Backends;

namespace Headwater.Gateway;

/// <summary>
/// The errors by which a client learns that a server was lost behind the gateway. From the servers' own range (1000 to 1999): 2013, which says
/// it best, is a client library's own number, and MariaDB's library takes an ERR packet that bears one for a malformed packet.
/// Source: https://mariadb.com/kb/en/mariadb-error-code-reference/ .
/// </summary>
static class ServerErrors
{
    /// <summary>ER_NET_READ_ERROR. What was asked for was certainly not committed.</summary>
    public const ushort ConnectionLost = 1158;

    /// <summary>ER_ERROR_DURING_COMMIT, with SQLSTATE 08007 (transaction resolution unknown): committed or not, nobody here knows.</summary>
    public const ushort OutcomeUnknown = 1180;

    /// <summary>ER_USER_LIMIT_REACHED: of MAX_USER_CONNECTIONS, among others.</summary>
    public const ushort UserHasTooMany = 1226;

    /// <summary>ER_NO_SUCH_THREAD.</summary>
    public const ushort NoSuchThread = 1094;

    /// <summary>ER_KILL_DENIED_ERROR.</summary>
    public const ushort NotItsOwner = 1095;

    /// <summary>The server, or the account, has no connection left now: ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS.</summary>
    public static bool IsFull(LoginFailure failure) => failure is { Refused: true, Code: 1040 or 1203 };
}
