using System.Globalization;
using Headwater.Servers;

namespace Headwater.Lab.Stage;

enum OrderOutcome
{
    Acknowledged,

    /// <summary>It certainly was not done.</summary>
    Refused,

    /// <summary>The connection was lost, or patience, while it was under way: it may have been done.</summary>
    Unknown,
}

/// <summary>A shop that writes numbered orders one after the other, opens a new connection when it has lost one, and notes what it was told of each.</summary>
sealed class OrderWriter(int number, Func<CancellationToken, Task<ServerConnection>> connect)
{
    public const string Table = "CREATE TABLE orders (id BIGINT PRIMARY KEY, amount INT NOT NULL)";
    static readonly TimeSpan BetweenOrders = TimeSpan.FromMilliseconds(25), AfterTrouble = TimeSpan.FromMilliseconds(50);
    readonly List<long> _acknowledged = [];

    public IReadOnlyList<long> Acknowledged => _acknowledged;
    public int Refused { get; private set; }
    public int Unknown { get; private set; }
    public string LastTrouble { get; private set; } = "";
    public TimeSpan Pause { get; init; } = BetweenOrders;

    /// <summary>An order that is not answered for so long is given up, and its connection with it.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    public async Task RunAsync(Action<OrderOutcome> told, CancellationToken ct)
    {
        ServerConnection? connection = null;
        try
        {
            for (var id = number * 1_000_000L; ; id++)
            {
                var outcome = OrderOutcome.Acknowledged;
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
                patience.CancelAfter(Patience);
                try
                {
                    connection ??= await connect(patience.Token);
                    await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO orders VALUES ({id}, 1)"), patience.Token);
                    _acknowledged.Add(id);
                }
                catch (ServerException refused)
                {
                    LastTrouble = refused.Message;
                    outcome = refused.SqlState is "08007" || refused.Code is QueryInterrupted or ConnectionKilled ? OrderOutcome.Unknown : OrderOutcome.Refused;
                }
                catch (Exception lost) when (lost is IOException || lost is OperationCanceledException && !ct.IsCancellationRequested)
                {
                    LastTrouble = lost.Message;
                    outcome = connection is null ? OrderOutcome.Refused : OrderOutcome.Unknown;
                }
                if (outcome == OrderOutcome.Refused) Refused++;
                if (outcome == OrderOutcome.Unknown) Unknown++;
                told(outcome);
                if (connection is { IsOpen: false }) connection = null;
                await Task.Delay(outcome == OrderOutcome.Acknowledged ? Pause : AfterTrouble, ct);
            }
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }
    }

    /// <summary>How many of the orders that were acknowledged to these writers a server does not have.</summary>
    public static async Task<int> MissingAsync(IEnumerable<OrderWriter> writers, ServerConnection server, string sql, CancellationToken ct)
    {
        var there = (await server.QueryAsync(sql, ct)).Rows.Select(static row => long.Parse(row[0]!, CultureInfo.InvariantCulture)).ToHashSet();
        return writers.Sum(writer => writer.Acknowledged.Count(id => !there.Contains(id)));
    }

    // ER_QUERY_INTERRUPTED, ER_CONNECTION_KILLED
    const ushort QueryInterrupted = 1317, ConnectionKilled = 1927;
}
