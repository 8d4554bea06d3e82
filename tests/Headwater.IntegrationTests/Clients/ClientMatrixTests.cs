using Headwater.IntegrationTests.Fixtures;
using Xunit;

namespace Headwater.IntegrationTests.Clients;

/// <summary>
/// Real clients, unchanged. Each script runs against the primary directly and then through the gateway; every line that it prints is a
/// test here. The scripts lie in tests/clients and run by hand too: they need only HW_HOST, HW_PORT, HW_USER, HW_PASSWORD, HW_SCHEMA.
/// </summary>
public class ClientMatrixTests
{
    static readonly Dictionary<string, ClientScript> Scripts = new()
    {
        ["mariadb tools"] = new("client_cli", "bash", Script("shell", "cli.sh")),
        ["sysbench"] = new("client_sysbench", "bash", Script("shell", "sysbench.sh")),
        ["node mysql2"] = new("client_node", "node", Script("node", "client.js")),
        // Debian's python3-pymysql belongs to Debian's own Python
        ["pymysql"] = new("client_python", "/usr/bin/python3", Script("python", "client.py")),
        ["php pdo"] = new("client_pdo", "php", Script("php", "pdo.php")),
        ["php mysqli"] = new("client_mysqli", "php", "-d", "mysqli.allow_local_infile=1", Script("php", "mysqli.php")),
        ["DBD::MariaDB"] = new("client_dbd_mariadb", "perl", Script("perl", "client.pl"), "MariaDB"),
        ["DBD::mysql"] = new("client_dbd_mysql", "perl", Script("perl", "client.pl"), "mysql"),
    };

    static string Script(params string[] parts) => Repository.PathOf(["tests", "clients", .. parts]);

    /// <summary>Runs the script and gives its lines as cases; only when the tests run, not when they are listed.</summary>
    public static async Task<IReadOnlyCollection<TheoryDataRow<ClientCheck>>> ChecksOf(string client)
    {
        var rows = new List<TheoryDataRow<ClientCheck>>();
        foreach (var name in Target.Names)
        {
            // what sysbench and a direct connection make of each other is not our question
            if (client == "sysbench" && name == "direct") continue;
            foreach (var check in await RunAsync(Scripts[client], name))
                rows.Add(new(check) { TestDisplayName = $"{client}, {name}: {check.Name}", Skip = check.Skipped });
        }
        return rows;
    }

    static async Task<IReadOnlyList<ClientCheck>> RunAsync(ClientScript script, string name)
    {
        try
        {
            return await script.RunAsync(await Target.PrepareAsync(name, TestContext.Current.CancellationToken, script.Schema, script.Schema + "_2"));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return [new("the script started", false, null, error.ToString())];
        }
    }

    [Theory, MemberData(nameof(ChecksOf), "mariadb tools", DisableDiscoveryEnumeration = true)]
    public void The_tools_of_MariaDB_work_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "sysbench", DisableDiscoveryEnumeration = true)]
    public void Every_script_of_sysbench_runs_without_errors(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "node mysql2", DisableDiscoveryEnumeration = true)]
    public void Node_mysql2_works_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "pymysql", DisableDiscoveryEnumeration = true)]
    public void Python_PyMySQL_works_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "php pdo", DisableDiscoveryEnumeration = true)]
    public void PHP_PDO_works_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "php mysqli", DisableDiscoveryEnumeration = true)]
    public void PHP_mysqli_works_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "DBD::MariaDB", DisableDiscoveryEnumeration = true)]
    public void Perl_DBD_MariaDB_works_unchanged(ClientCheck check) => check.MustHold();

    [Theory, MemberData(nameof(ChecksOf), "DBD::mysql", DisableDiscoveryEnumeration = true)]
    public void Perl_DBD_mysql_works_unchanged(ClientCheck check) => check.MustHold();
}
