using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Wire.MySql;

namespace Headwater.IntegrationTests.Differential;

/// <summary>One thing that was sent, and every packet that came back.</summary>
internal sealed record Exchange(CorpusSession Session, CorpusStep Step, string What, IReadOnlyList<byte[]> Answer);

/// <summary>Plays the corpus against one address and keeps all answers.</summary>
internal static class Transcript
{
    public static async Task<IReadOnlyList<Exchange>> PlayAsync(
        IReadOnlyList<CorpusSession> sessions, Reachable at, Account account, Capabilities capabilities, bool binary, Func<Task> betweenSessions, CancellationToken ct)
    {
        var exchanges = new List<Exchange>();
        foreach (var session in sessions)
        {
            await using (var client = await RawClient.ConnectAsync(at, account, capabilities, ct))
            {
                foreach (var step in session.Steps)
                {
                    if (binary ? step.TextOnly && step.Kind == StepKind.Statement : step.BinaryOnly) continue;
                    try
                    {
                        await PlayAsync(client, session, step, binary && step.Kind == StepKind.Statement && !step.TextOnly, account, exchanges, ct);
                    }
                    catch (Exception error) when (error is IOException or InvalidDataException or MalformedPacketException or OperationCanceledException && !ct.IsCancellationRequested)
                    {
                        // What breaks the connection ends the session; the comparison shows where.
                        exchanges.Add(new(session, step, "connection", [Encoding.UTF8.GetBytes($"the connection broke: {error.Message}")]));
                        break;
                    }
                }
            }
            await betweenSessions();
        }
        return exchanges;
    }

    static async Task PlayAsync(RawClient client, CorpusSession session, CorpusStep step, bool binary, Account account, List<Exchange> exchanges, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(TimeSpan.FromSeconds(20));
        client.LocalFile = step.LocalFile;
        async Task<List<byte[]>> SendAsync(string what, Command command, ReadOnlyMemory<byte> argument)
        {
            var answer = await client.SendAsync(command, argument, late.Token);
            exchanges.Add(new(session, step, what, Kept(answer.ConvertAll(payload => SessionTrackers.InOrder(payload, client.Capabilities)))));
            return answer;
        }

        ReadOnlyMemory<byte> text = Encoding.UTF8.GetBytes(step.Text);
        switch (step.Kind)
        {
            case StepKind.Ping: await SendAsync("ping", Command.Ping, default); break;
            case StepKind.Statistics: await SendAsync("statistics", Command.Statistics, default); break;
            case StepKind.InitDb: await SendAsync("init_db", Command.InitDb, text); break;
            case StepKind.FieldList: await SendAsync("field_list", Command.FieldList, Encoding.UTF8.GetBytes(step.Text + "\0")); break;
            case StepKind.Reset: await SendAsync("reset", Command.ResetConnection, default); break;
            case StepKind.SetOption: await SendAsync("set_option", Command.SetOption, new byte[] { (byte)(step.Text[0] - '0'), 0 }); break;
            case StepKind.ProcessInfo: await SendAsync("process_info", Command.ProcessInfo, default); break;
            case StepKind.Unknown: await SendAsync("unknown", (Command)Convert.ToByte(step.Text, 16), default); break;
            case StepKind.ChangeUser: await SendAsync("change_user", Command.ChangeUser, ChangeUser(client, account)); break;
            case StepKind.Statement when !binary: await SendAsync("query", Command.Query, text); break;
            default:
                var prepared = await SendAsync("prepare", Command.StmtPrepare, text);
                if (prepared[0][0] != 0) break;
                var id = BinaryPrimitives.ReadUInt32LittleEndian(prepared[0].AsSpan(1));
                var parameters = BinaryPrimitives.ReadUInt16LittleEndian(prepared[0].AsSpan(7));
                // The id is the gateway's own: what follows is compared without it.
                prepared[0].AsSpan(1, 4).Clear();
                if (step.LongData) await client.SendAsync(Command.StmtSendLongData, (byte[])[.. Number(id), 0, 0, .. "long "u8, .. "data"u8], late.Token);
                foreach (var (values, n) in (step.Executions.Count > 0 ? step.Executions : [[]]).Select((values, n) => (values, n)))
                {
                    if (values.Count != parameters) continue;
                    var rows = await SendAsync($"execute {n + 1}", Command.StmtExecute, Execute(id, values, step.FetchRows > 0 ? (byte)1 : (byte)0, step.LongData));
                    if (step.FetchRows == 0 || rows[0][0] is 0x00 or 0xFF) continue;
                    for (var fetches = 0; fetches < 50; fetches++)
                    {
                        var fetched = await SendAsync($"execute {n + 1}, fetch {fetches + 1}", Command.StmtFetch, (byte[])[.. Number(id), .. Number((uint)step.FetchRows)]);
                        if (fetched[^1][0] == 0xFF || (client.StatusOfEnd(fetched[^1]) & ServerStatus.LastRowSent) != 0) break;
                    }
                    await SendAsync($"execute {n + 1}, reset", Command.StmtReset, Number(id));
                }
                await client.SendAsync(Command.StmtClose, Number(id), late.Token);
                break;
        }
    }

    /// <summary>A large payload is kept as its beginning, its length and its hash; the list is copied because the caller goes on to change its own.</summary>
    static List<byte[]> Kept(List<byte[]> answer) => answer.ConvertAll(payload =>
        payload.Length <= 1 << 16 ? payload : [.. payload.AsSpan(0, 16), .. Encoding.ASCII.GetBytes($"… {payload.Length} bytes, SHA-256 "), .. SHA256.HashData(payload)]);

    static byte[] Number(uint value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];

    static byte[] Execute(uint id, IReadOnlyList<CorpusParameter> values, byte flags, bool firstIsLongData)
    {
        var body = new List<byte>([.. Number(id), flags, 1, 0, 0, 0]);
        if (values.Count == 0) return [.. body];
        var nulls = new byte[(values.Count + 7) / 8];
        for (var i = 0; i < values.Count; i++)
            if (values[i].Value == null) nulls[i / 8] |= (byte)(1 << i % 8);
        body.AddRange(nulls);
        body.Add(1);
        foreach (var value in values) body.AddRange([value.Type, (byte)(value.Unsigned ? 0x80 : 0)]);
        for (var i = firstIsLongData ? 1 : 0; i < values.Count; i++) body.AddRange(values[i].Value ?? []);
        return [.. body];
    }

    static byte[] ChangeUser(RawClient client, Account account)
    {
        var writer = new PacketWriter();
        writer.NullTerminated(account.User);
        var proof = NativePassword.Response(client.Greeting.Scramble, NativePassword.Sha1Of(account.Password));
        writer.UInt8((byte)proof.Length);
        writer.Bytes(proof);
        writer.NullTerminated(account.Schema ?? "");
        writer.UInt16(45);
        writer.NullTerminated(NativePassword.Name);
        return writer.Written.ToArray();
    }
}
