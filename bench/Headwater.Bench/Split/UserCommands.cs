using Headwater.Bench.Lab;

namespace Headwater.Bench.Split;

/// <summary>
/// Commands by user, as the server itself counts them with userstat on (https://mariadb.com/kb/en/information-schema-user_statistics-table/ ):
/// what the gateway does beyond the application's own statements shows here.
/// </summary>
sealed class UserCommands
{
    readonly Dictionary<string, (long Selects, long Updates, long Others)> _byUser = [];

    public IEnumerable<string> Users => _byUser.Keys.Order();

    public (long Selects, long Updates, long Others) Of(string user) => _byUser.GetValueOrDefault(user);

    public static UserCommands OnPrimary(Cluster cluster)
    {
        var commands = new UserCommands();
        using var root = Cluster.AsRoot(cluster.Run.Primary);
        root.Query("SELECT USER, SELECT_COMMANDS, UPDATE_COMMANDS, OTHER_COMMANDS FROM information_schema.USER_STATISTICS WHERE USER <> 'root'");
        for (var i = 0; i < root.Rows; i++) commands._byUser[root.Text(i, 0)] = (root.Int64(i, 1), root.Int64(i, 2), root.Int64(i, 3));
        return commands;
    }

    public UserCommands Since(UserCommands before)
    {
        var since = new UserCommands();
        foreach (var (user, now) in _byUser)
        {
            var then = before.Of(user);
            since._byUser[user] = (now.Selects - then.Selects, now.Updates - then.Updates, now.Others - then.Others);
        }
        return since;
    }
}
