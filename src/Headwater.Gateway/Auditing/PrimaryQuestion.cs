using Headwater.Core.Positions;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>
/// Asks the primary what a client has asked a copy, as the same user, by a backend of the pool: an idle one, or a new one where the pool has room. It goes back as one that has to
/// be reset, or not at all when anything went wrong on it. What the server says of a failure may hold values, so only its number is told on.
/// </summary>
internal static class PrimaryQuestion
{
    // Nobody's uncommitted rows, whatever the servers' default; and what takes longer than a second is not worth the primary's time, whose load is what the copies are for.
    static readonly string[] Standing = ["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET @@session.max_statement_time=1"];
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(3);

    public static async ValueTask<PrimaryAnswer> AskAsync(GatewayThread on, AskedStatement asked)
    {
        if (on.View.Primary is not { } primary || on.PoolOf(primary.State) is not { } pool) return PrimaryAnswer.None("no primary is known");
        var (backend, why) = await pool.BorrowAsync(asked.Profile, asked.Settings.Schema);
        if (backend is null) return PrimaryAnswer.None($"the primary could not be asked: {why}");
        var answer = PrimaryAnswer.None("the primary's answer could not be read");
        try
        {
            answer = await AskAsync(backend, asked);
        }
        catch (MalformedPacketException)
        {
            // Said already.
        }
        finally
        {
            if (answer.Rows is null) pool.Destroy(backend);
            else
            {
                backend.NeedsReset = true;
                pool.Return(backend);
            }
        }
        return answer;
    }

    static async ValueTask<PrimaryAnswer> AskAsync(Backend backend, AskedStatement asked)
    {
        if (await BackendSettings.LayAsync(backend, asked.Settings, mayReset: true) is { } unlaid) return PrimaryAnswer.None($"the primary refuses the session's settings (error {unlaid.Code})");
        uint? prepared = null;
        if (asked.Prepare is not null && (prepared = await PrepareAsync(backend, asked)) is null) return PrimaryAnswer.None("the statement could not be prepared at the primary");
        foreach (var statement in Standing)
            if (await backend.RunAsync(statement) is not { Failed: false }) return PrimaryAnswer.None("the primary was lost");
        backend.Endpoint.Send(prepared is { } id ? asked.Numbered(id) : asked.Request);
        var rows = new ResultDigest((backend.Profile.Capabilities & Capabilities.DeprecateEof) != 0);
        if (!await ReadAsync(backend, rows.Add)) return PrimaryAnswer.None("the primary was lost, or took too long");
        if (!rows.IsComplete) return PrimaryAnswer.None($"the primary answered with {rows.Error}");
        // Asked afterwards: nothing that was shown is missing in it, for a commit is logged before it is shown. And who may not be written to is perhaps the primary no more, and others know.
        if (await backend.RunAsync("SELECT @@gtid_binlog_pos, @@read_only") is not { Failed: false, Rows: [[{ } text, { } readOnly]] } || !Position.TryParse(text, out var until))
            return PrimaryAnswer.None("where the primary stood could not be read");
        return readOnly is "0" or "OFF" ? new PrimaryAnswer(rows, until, "") : PrimaryAnswer.None("the primary is read-only at the moment");
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
        // One that was taken into a schema cannot be taken out of it again.
        if (asked.Settings.Schema is null && asked.PreparedUnder.Schema is not null) backend.MustClose = true;
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
                if (message.IsEnd) return false;
                if (take(message.WholePayload)) return true;
            }
        }
        finally
        {
            backend.Answered();
        }
    }
}
