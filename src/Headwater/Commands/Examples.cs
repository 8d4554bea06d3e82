using System.CommandLine;

namespace Headwater.Commands;

/// <summary>The examples at the end of each command's --help.</summary>
static class Examples
{
    public static string Of(Command command) => command is RootCommand ? """
        headwater up                               a primary, two replicas and the gateway, here
        headwater serve --config headwater.yaml    the gateway before servers you have
        headwater config explain                   all that can be configured
        """ : command.Name switch
    {
        "up" => """
            headwater up                          a primary and two replicas in .headwater, SQL on 4406, HTTP on 4480
            headwater up --demo                   with a data set, a live workload and a live table
            headwater up --replicas 4 --dir /srv/headwater
            """,
        "serve" => """
            headwater serve --config /etc/headwater.yaml
            kill -HUP <pid>                       applies the changed file without dropping a session
            headwater upgrade                     a new program takes over without dropping a session
            """,
        "witness" => """
            headwater witness --config /etc/headwater.yaml    its section witness, the accounts of monitor and control
            """,
        "top" => """
            headwater top                         the gateway of .headwater in this directory
            headwater top --http 10.0.0.5:4480 --every 5
            headwater top --count 1               one screen, for a mail or a file
            """,
        "completion" => """
            source <(headwater completion bash)                             in this shell; for all, in ~/.bashrc
            headwater completion fish > ~/.config/fish/completions/headwater.fish
            """,
        "alerts" => """
            headwater alerts                                            what is amiss now
            headwater alerts prometheus --config headwater.yaml > /etc/prometheus/headwater.yml
            headwater alerts grafana > dashboard.json
            """,
        "console" or "password" => """
            headwater console password            asks for one and prints its hash, for http.users
            echo "$SECRET" | headwater console password
            """,
        "reload" => """
            headwater reload                      the gateway of .headwater in this directory
            headwater reload --http 127.0.0.1:4480
            headwater reload --pid 4711           by SIGHUP; the outcome is in the gateway's log
            """,
        "upgrade" => """
            headwater upgrade                     the gateway of .headwater in this directory
            headwater upgrade --dir /var/lib/headwater
            headwater upgrade --program ./headwater-0.2.0
            """,
        "recover" => """
            headwater recover --dry-run           what would become of each transaction
            headwater recover                     applies what overwrites nothing newer, puts the rest into quarantine
            headwater recover --server db1 --from-files /var/lib/mysql
            """,
        "rebuild" => """
            headwater rebuild db3 --dry-run       which server would be copied, and what could go wrong
            headwater rebuild db3
            headwater rebuild db3 --from db2 --overwrite    although it is well
            """,
        "add-replica" => """
            headwater add-replica 10.0.0.4:3306 --name db4 --dry-run
            headwater add-replica 10.0.0.4:3306 --name db4
            """,
        "status" => """
            headwater status
            headwater status --json --http 127.0.0.1:4480 | jq .servers
            """,
        "tail" => """
            headwater tail                        every change from now on, until Ctrl-C
            headwater tail --from 0-1-4711 --table 'shop.*' --format json | jq .after
            headwater tail --snapshot --table shop.orders --format sql --count 1000
            """,
        "switchover" => """
            headwater switchover --dry-run        what would be done, and what could go wrong
            headwater switchover --to db2
            """,
        "failover" => """
            headwater failover --accept-loss --dry-run    who would be promoted, and what could be lost
            headwater failover --accept-loss
            """,
        "audit" => """
            headwater audit                       exit code 0 when the promise is kept
            headwater audit --apply               mends what can be mended while the servers run
            """,
        "lab" => """
            headwater lab list
            headwater lab run time-runs-backwards
            headwater lab run all --html lab.html
            """,
        "list" => """
            headwater lab list
            headwater lab list --json | jq '.[].name'
            """,
        "run" => """
            headwater lab run split-brain         without the protection, then with it
            headwater lab run all --html lab.html    all of them, and a page with pictures over time
            headwater lab run all --json | jq '.results[] | [.scenario.name, .passed]'
            """,
        "conflicts" => """
            headwater conflicts --config /etc/headwater.yaml
            headwater conflicts --from 1-1-4711,2-2-90 --json | jq .conflicts
            """,
        "verify" => """
            headwater verify                      all tables of the cluster of .headwater in this directory
            headwater verify shop.orders --config /etc/headwater.yaml
            headwater verify --apply shop         mends the rows of replicas that differ
            """,
        "maintenance" => "headwater maintenance db3 on",
        "history" => """
            headwater history --last 20
            headwater history --json | jq 'select(.kind == "effect")'
            """,
        "config" => """
            headwater config check headwater.yaml
            headwater config explain reads.wait
            """,
        "check" => """
            headwater config check headwater.yaml
            headwater config check --show headwater.yaml    every value in force, secrets as ***
            """,
        "explain" => """
            headwater config explain                        all keys
            headwater config explain reads                  the keys of a section
            headwater config explain servers.tags --json
            """,
        _ => "",
    };
}
