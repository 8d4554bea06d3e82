using Headwater.Gateway.Backends;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>Makes a backend stand at a session's settings.</summary>
internal static class BackendSettings
{
    /// <summary>
    /// What the backend has and the settings have not is undone by a reset, or, where it must keep what the session holds there, by DEFAULT. Null: done.
    /// </summary>
    public static async ValueTask<LeaseFailure?> LayAsync(Backend backend, SessionSettings wanted, bool mayReset)
    {
        var statistics = backend.Pool.On.Statistics;
        string? statement = null;
        if ((mayReset && backend.NeedsReset) || (!ReferenceEquals(backend.Settings, wanted) && !wanted.TryStatementFrom(backend.Settings, out statement, unset: !mayReset)))
        {
            if (await ResetAsync(backend) is { } failure) return failure;
            wanted.TryStatementFrom(backend.Settings, out statement);
        }
        if (backend.Settings.Schema != wanted.Schema && wanted.Schema is not null)
        {
            if (await backend.RunCommandAsync(Command.InitDb, wanted.Schema) is not { } used) return LeaseFailure.Lost(backend);
            if (used.Failed) return new LeaseFailure(used.ErrorCode, used.ErrorState, used.ErrorMessage, false);
            statistics.SettingsLaid++;
        }
        if (statement is not null)
        {
            if (await backend.RunAsync(statement) is not { } set) return LeaseFailure.Lost(backend);
            if (set.Failed) return new LeaseFailure(set.ErrorCode, set.ErrorState, $"{set.ErrorMessage} (while laying the session's settings on {backend.Server.Id})", false);
            statistics.SettingsLaid++;
        }
        backend.Settings = wanted;
        return null;
    }

    static async ValueTask<LeaseFailure?> ResetAsync(Backend backend)
    {
        backend.Pool.On.Statistics.SettingsReset++;
        if (await backend.RunCommandAsync(Command.ResetConnection) is not { Failed: false }) return LeaseFailure.Lost(backend);
        if (await backend.RunAsync(BackendLogin.TrackEverything) is not { Failed: false }) return LeaseFailure.Lost(backend);
        backend.InsertIdOf = null;
        // What the login's IGNORE_SPACE did to sql_mode is undone by a reset, though not for the client's sake.
        if ((backend.Profile.Capabilities & Capabilities.IgnoreSpace) != 0
            && await backend.RunAsync("SET @@session.sql_mode=CONCAT(@@session.sql_mode, ',IGNORE_SPACE')") is not { Failed: false }) return LeaseFailure.Lost(backend);
        backend.Statements.Clear();
        backend.TextStatements.Clear();
        backend.Variables = UserVariables.None;
        backend.NeedsReset = false;
        // A reset keeps the schema: https://mariadb.com/kb/en/com_reset_connection/ .
        backend.Settings = backend.Pool.On.Interner.Intern(new SessionSettings(backend.Settings.Schema, []));
        return null;
    }
}
