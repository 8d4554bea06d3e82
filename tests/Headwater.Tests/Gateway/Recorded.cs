using System.Text;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>One answer of a server, as bytes, with what is needed to follow it.</summary>
sealed record RecordedAnswer(string Name, ResponseShape Shape, byte[] Bytes, bool DeprecateEof, bool TracksForClient);

/// <summary>Exchanges that every real client has, recorded from the fake server in each dialect of the protocol.</summary>
static class Recorded
{
    public static readonly IReadOnlyList<RecordedAnswer> Answers = [.. Record()];

    static IEnumerable<RecordedAnswer> Record()
    {
        foreach (var deprecateEof in (bool[])[false, true])
            foreach (var tracks in (bool[])[false, true])
            {
                var state = new FakeState
                {
                    TracksAll = true,
                    Capabilities = RawClient.Usual & ~Capabilities.LongPassword | Capabilities.SessionTrack | (deprecateEof ? Capabilities.DeprecateEof : 0),
                };
                var dialect = $"{(deprecateEof ? "without" : "with")} EOF, {(tracks ? "tracking" : "not tracking")}";
                RecordedAnswer Answer(string name, ResponseShape shape, byte[] command) =>
                    new($"{name}, {dialect}", shape, FakeAnswers.To(state, command.AsSpan(4)).Bytes, deprecateEof, tracks);
                RecordedAnswer Query(string sql) => Answer(sql, ResponseShape.Result, RawClient.QueryBytes(sql));

                yield return Query("select 'a' from t where rows = 5 and width = 20");
                yield return Query("select 'none' from t where rows = 0");
                yield return Query("select 'long' from t where rows = 2 and width = 400");
                yield return Query("insert into t values (1)");
                yield return Query("use other");
                yield return Query("set sql_mode = 'ANSI_QUOTES'");
                yield return Query("set time_zone = '+00:00'");
                yield return Query("select 'x' from missing");
                yield return Query("select 'x' from midway");
                yield return Query("call p('multi') rows = 2");
                yield return Answer("prepare with parameters and columns", ResponseShape.Prepare, RawClient.CommandBytes(Command.StmtPrepare, "select 'p' from t where rows = 3 and a = ? and b = ?"u8));
                yield return Answer("prepare with columns", ResponseShape.Prepare, RawClient.CommandBytes(Command.StmtPrepare, "select 'p' from t where rows = 3"u8));
                yield return Answer("prepare with parameters", ResponseShape.Prepare, RawClient.CommandBytes(Command.StmtPrepare, "insert into t values (?)"u8));
                yield return Answer("prepare with neither", ResponseShape.Prepare, RawClient.CommandBytes(Command.StmtPrepare, "begin"u8));
                yield return Answer("refused prepare", ResponseShape.Prepare, RawClient.CommandBytes(Command.StmtPrepare, "select missing"u8));
                yield return Answer("execute", ResponseShape.Result, RawClient.ExecuteBytes(1002));
                yield return Answer("execute with a cursor", ResponseShape.Result, RawClient.ExecuteBytes(1002, cursor: 1));
                yield return Answer("fetch", ResponseShape.Rows, RawClient.IdBytes(Command.StmtFetch, 1002, 2, 0, 0, 0));
                yield return Answer("last fetch", ResponseShape.Rows, RawClient.IdBytes(Command.StmtFetch, 1002, 9, 0, 0, 0));
                yield return Answer("field list", ResponseShape.FieldList, RawClient.CommandBytes(Command.FieldList, "t\0"u8));
                yield return new RecordedAnswer($"statistics, {dialect}", ResponseShape.OnePacket, Statistics(), deprecateEof, tracks);
            }
    }

    static byte[] Statistics()
    {
        var writer = new PacketWriter();
        writer.Begin(1);
        writer.Text("Uptime: 1  Threads: 1");
        writer.End();
        return writer.Written.ToArray();
    }
}

/// <summary>Follows one recorded answer, arriving in pieces, on endpoints without sockets.</summary>
sealed class Following : IDisposable
{
    readonly EventLoop _loop = new(0, fault => throw new InvalidOperationException("a fault on the reactor", fault));
    readonly SettingsInterner _interner = new();

    public long BuffersOutstanding => _loop.Buffers.Outstanding;

    /// <summary>What the client got and how it ended; null while more is awaited.</summary>
    public (byte[] Client, Outcome? Outcome, byte[] HeldError) Run(RecordedAnswer answer, IEnumerable<ReadOnlyMemory<byte>> pieces, bool hangUp = false, bool stuckClient = false)
    {
        var client = new MemoryEndpoint(_loop) { IsStuck = stuckClient };
        var backend = new MemoryEndpoint(_loop);
        var exchange = new Exchange(client, new SessionTracking(_interner, answer.TracksForClient), static _ => false);
        Outcome? outcome = null;
        byte[] held = [];
        async Task Follow()
        {
            var ended = await exchange.Relay(backend, answer.Shape, answer.DeprecateEof, holdErrors: true, clientStatementId: 7);
            if (ended.End == ExchangeEnd.FirstError) held = exchange.HeldError.ToArray();
            outcome = ended;
        }
        var following = Follow();
        foreach (var piece in pieces)
        {
            backend.Arrive(piece.ToArray());
            if (stuckClient) client.Drain();
        }
        if (hangUp) backend.HangUp();
        if (following.IsFaulted) following.GetAwaiter().GetResult();
        // One that still waits holds what it has of a packet; ending it must give that back.
        if (outcome is null) exchange.Abandon();
        return (client.Sent.ToArray(), outcome is { End: ExchangeEnd.Abandoned } ? null : outcome, held);
    }

    public void Dispose() => _loop.Dispose();
}
