using System.Globalization;
using Headwater.Core;
using Headwater.Servers;

namespace Headwater.Control.Failover;

/// <summary>
/// Statements that change a server, each refused by the server itself once the lease of whoever gave it has ended: this process can stand still, or a packet
/// be on its way, for longer than any lease, and no check before sending would see that. So each order goes in one packet with a statement before it that fails when it is
/// late by the server's own clock, which was asked before; nothing after a statement that failed is done.
///
/// The instant of the server's clock is counted from after its answer, so it can only be too early. A clock that is set back in between makes it later by as much;
/// that is what the margin of the lease is for.
/// </summary>
sealed class Orders
{
    readonly string? _inTime;

    Orders(ServerConnection connection, string? inTime) => (Connection, _inTime) = (connection, inTime);

    /// <summary>For what only asks.</summary>
    public ServerConnection Connection { get; }

    /// <param name="until">When the right to give orders ends, asked at the last moment; null: never while this process lives.</param>
    public static async Task<Orders> OverAsync(ServerConnection connection, Func<Instant>? until, TimeProvider time, CancellationToken ct)
    {
        if (until is null) return new Orders(connection, null);
        var clock = (await connection.QueryAsync("SELECT UTC_TIMESTAMP(6)", ct)).Scalar!;
        var left = until() - time.Now();
        if (left <= TimeSpan.Zero) throw new InvalidOperationException("the lease has ended");
        var end = DateTime.Parse(clock, CultureInfo.InvariantCulture) + left;
        return new Orders(connection, string.Create(CultureInfo.InvariantCulture,
            $"BEGIN NOT ATOMIC IF UTC_TIMESTAMP(6) >= '{end:yyyy-MM-dd HH:mm:ss.ffffff}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too late: the lease of the controller that ordered this has ended'; END IF; END; "));
    }

    public Task GiveAsync(string statement, CancellationToken ct) => GiveAsync([statement], ct);

    public Task GiveAsync(IReadOnlyList<string> statements, CancellationToken ct) => Connection.QueryMultiAsync(string.Join("; ", statements.Select(statement => _inTime + statement)), ct);
}
