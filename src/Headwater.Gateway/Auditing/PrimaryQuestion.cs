using Headwater.Core.Positions;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>
/// Asks the primary what a client has asked a copy, as the same user, by a connection of its own: no session ever gets it, and none waits for it. It is kept
/// while it fits the next statement. One owner.
/// </summary>
internal sealed class PrimaryQuestion(GatewayThread on)
{
    // What takes longer is not worth the primary's time, whose load is what the copies are for. In seconds.
    const string Hurry = "SET @@session.max_statement_time=1";
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(3);
    Backend? _backend;

    public async ValueTask<PrimaryAnswer> AskAsync(AskedStatement asked)
    {
        if (on.View.Primary is not { } primary || on.PoolOf(primary.State) is not { } pool) return PrimaryAnswer.None("no primary is known");
        if (_backend is { } kept && (kept.IsClosed || kept.Pool != pool || !ReferenceEquals(kept.Server, primary.State) || !kept.Profile.Equals(asked.Profile))) Close();
        if (_backend is null)
        {
            var (opened, failure) = await BackendLogin.OpenAsync(pool, asked.Profile, asked.Settings.Schema);
            if (opened is null) return PrimaryAnswer.None($"the primary could not be asked: {failure!.Message}");
            _backend = opened;
        }
        try
        {
            var answer = await AskAsync(_backend, asked);
            if (_backend is { IsClosed: true }) Close();
            return answer;
        }
        catch (MalformedPacketException malformed)
        {
            Close();
            return PrimaryAnswer.None($"the primary's answer could not be read: {malformed.Message}");
        }
    }

    /// <summary>Nobody asks any more, for now.</summary>
    public void Close()
    {
        _backend?.Close();
        _backend = null;
    }

    static async ValueTask<PrimaryAnswer> AskAsync(Backend backend, AskedStatement asked)
    {
        if (await BackendSettings.LayAsync(backend, asked.Settings, mayReset: true) is { } unlaid) return PrimaryAnswer.None(unlaid.Message);
        uint? prepared = null;
        if (asked.Prepare is not null)
        {
            prepared = await PrepareAsync(backend, asked);
            if (prepared is null) return PrimaryAnswer.None("the statement could not be prepared at the primary");
        }
        if (await backend.RunAsync(Hurry) is not { Failed: false }) return PrimaryAnswer.None("the primary was lost");
        backend.Endpoint.Send(prepared is { } id ? asked.Numbered(id) : asked.Request);
        var rows = new ResultDigest((backend.Profile.Capabilities & Capabilities.DeprecateEof) != 0);
        if (!await ReadAsync(backend, rows.Add)) return PrimaryAnswer.None("the primary was lost, or took too long");
        if (prepared is { } done) SendClose(backend, done);
        if (!rows.IsComplete) return PrimaryAnswer.None($"the primary answered with {rows.Error}");
        // Asked afterwards: nothing that was shown is missing in it, for a commit is logged before it is shown.
        return await backend.RunAsync("SELECT @@gtid_binlog_pos") is { Failed: false, Rows: [[{ } text]] } && Position.TryParse(text, out var until)
            ? new PrimaryAnswer(rows, until, "") : PrimaryAnswer.None("where the primary stood could not be read");
    }

    static async ValueTask<uint?> PrepareAsync(Backend backend, AskedStatement asked)
    {
        var reading = backend.Pool.On.Interner.Intern(asked.Settings.ReadingAs(asked.PreparedUnder!));
        if (!asked.PreparedUnder!.ReadsLike(asked.Settings) && await BackendSettings.LayAsync(backend, reading, mayReset: false) is not null) return null;
        backend.Endpoint.Send(asked.Prepare);
        PrepareOk? prepared = null;
        var left = 0;
        var eofs = (backend.Profile.Capabilities & Capabilities.DeprecateEof) != 0 ? 0 : 1;
        if (!await ReadAsync(backend, payload =>
        {
            if (prepared is not null) return --left == 0;
            if (payload is not [0, ..] || payload.Length < PrepareOk.Length) return true;
            prepared = PrepareOk.Parse(payload);
            left = (prepared.Value.Parameters > 0 ? prepared.Value.Parameters + eofs : 0) + (prepared.Value.Columns > 0 ? prepared.Value.Columns + eofs : 0);
            return left == 0;
        })) return null;
        if (prepared is not { } ok) return null;
        if (!ReferenceEquals(backend.Settings, asked.Settings) && await BackendSettings.LayAsync(backend, asked.Settings, mayReset: false) is not null) return null;
        return ok.StatementId;
    }

    delegate bool Take(ReadOnlySpan<byte> payload);

    /// <summary>Reads packets until one is the last. False: the server is gone.</summary>
    static async ValueTask<bool> ReadAsync(Backend backend, Take take)
    {
        backend.Expect(LongestAnswer);
        try
        {
            while (true)
            {
                var message = await backend.Input.NextAsync();
                if (message.IsEnd)
                {
                    backend.Endpoint.Close();
                    return false;
                }
                if (take(message.WholePayload)) return true;
            }
        }
        finally
        {
            backend.Answered();
        }
    }

    static void SendClose(Backend backend, uint statementId)
    {
        var writer = backend.Pool.On.Writer;
        writer.Reset();
        writer.Begin(0);
        writer.UInt8((byte)Command.StmtClose);
        writer.UInt32(statementId);
        writer.End();
        backend.Endpoint.Send(writer.Written);
    }
}
