using Headwater.Bench.Lab;

namespace Headwater.Bench.Split;

/// <summary>
/// Commands by user, as the server itself counts them with userstat on (https://mariadb.com/kb/en/information-schema-user_statistics-table/ ):
/// what the gateway does beyond the application's own statements shows here.
/// </summary>
sealed class UserCommands
{
    readonly Dictionary<string, (long Selects, long Updates, long Others, long Connections)> _byUser = [];

    public IEnumerable<string> Users => _byUser.Keys.Order();

    public (long Selects, long Updates, long Others) Of(string user)
    {
        var (selects, updates, others, _) = _byUser.GetValueOrDefault(user);
        return (selects, updates, others);
    }

    public long Connections(string user) => _byUser.GetValueOrDefault(user).Connections;

    public static UserCommands OnPrimary(Cluster cluster)
    {
        var commands = new UserCommands();
        using var root = Cluster.AsRoot(cluster.Run.Primary);
        root.Query("SELECT USER, SELECT_COMMANDS, UPDATE_COMMANDS, OTHER_COMMANDS, TOTAL_CONNECTIONS FROM information_schema.USER_STATISTICS WHERE USER <> 'root'");
        for (var i = 0; i < root.Rows; i++) commands._byUser[root.Text(i, 0)] = (root.Int64(i, 1), root.Int64(i, 2), root.Int64(i, 3), root.Int64(i, 4));
        return commands;
    }

    public UserCommands Since(UserCommands before)
    {
        var since = new UserCommands();
        foreach (var (user, now) in _byUser)
        {
            var then = before.Of(user);
            since._byUser[user] = (now.Selects - then.Selects, now.Updates - then.Updates, now.Others - then.Others, now.Connections - before.Connections(user));
        }
        return since;
    }
}
