using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Headwater.Bench.Lab;

/// <summary>A machine of the laboratory: where its programs run, and its address.</summary>
sealed partial class Node(string name, string address, int number, int keeper)
{
    public string Name => name;
    public string Address => address;
    public int Number => number;

    /// <summary>The process that holds the node's network namespace; 0: it has none of its own.</summary>
    public int Keeper => keeper;
    public string Hardware => Network.HardwareOf(number);

    /// <summary>Does something short on this node: a socket belongs to the network in which it was made. On a thread of its own, which ends in the network it began in.</summary>
    public T Enter<T>(Func<T> what)
    {
        if (keeper == 0) return what();
        T? result = default;
        Exception? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var here = File.OpenHandle("/proc/thread-self/ns/net");
                using var there = File.OpenHandle($"/proc/{keeper}/ns/net");
                if (SetNamespace(there, CloneNewNet) != 0) throw new IOException($"the network of {name} cannot be entered");
                try
                {
                    result = what();
                }
                finally
                {
                    if (SetNamespace(here, CloneNewNet) != 0) Environment.FailFast("the network could not be left again");
                }
            }
            catch (Exception e)
            {
                failed = e;
            }
        });
        thread.Start();
        thread.Join();
        return failed is null ? result! : throw failed;
    }

    const int CloneNewNet = 0x40000000;

    [LibraryImport("libc", EntryPoint = "setns")]
    private static partial int SetNamespace(SafeFileHandle namespaceFile, int kind);

    /// <summary>The command as one that runs on this node, with the same process id.</summary>
    public IEnumerable<string> Run(IEnumerable<string> command) => keeper == 0 ? command : ["nsenter", "--target", $"{keeper}", "--net", "--", .. command];
}

/// <summary>
/// Nodes with a network namespace each, on a bridge in the namespace that this program was started in, which must be its own (<c>unshare --net</c>, see bench/run):
/// whatever happens to us, the kernel removes all of it with the last process. A direction is cut by giving the receiver a hardware address that nobody has, so the
/// packets leave and reach no one, as with a host that has vanished; no firewall is needed. Where no namespaces are permitted all nodes are 127.0.0.1, and nothing can be cut.
/// </summary>
sealed class Network : IDisposable
{
    const string Nowhere = "02:68:77:ff:ff:ff", Bridge = "hwbridge";
    const int Outside = 254, Refuser = 250;
    readonly List<Process> _keepers = [];
    readonly List<Node> _nodes = [];
    Node? _refuser;

    public Network(bool own)
    {
        Own = own;
        if (!own) return;
        Ip("link set lo up", $"link add {Bridge} address {HardwareOf(Outside)} type bridge", $"addr add {AddressOf(Outside)}/24 dev {Bridge}", $"link set {Bridge} up");
        _refuser = Add("refuser", Refuser);
    }

    /// <summary>False: no direction can be cut.</summary>
    public bool Own { get; }

    /// <summary>In a namespace of our own there is nothing yet but the loopback interface. Any other interface would be somebody's: nothing is touched then.</summary>
    public static bool Permitted() => NetworkInterface.GetAllNetworkInterfaces().All(static card => card.Name is "lo" or Bridge);

    public static string HardwareOf(int number) => $"02:68:77:00:00:{number:x2}";
    static string AddressOf(int number) => $"10.77.0.{number}";

    public Node Add(string name, int number)
    {
        if (!Own) return new Node(name, "127.0.0.1", number, 0);
        // cat ends when our end of its input closes, and its namespace with it.
        var keeper = Process.Start(new ProcessStartInfo("unshare", ["--net", "--", "cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _keepers.Add(keeper);
        keeper.StandardInput.WriteLine("ready");
        keeper.StandardInput.Flush();
        keeper.StandardOutput.ReadLine();
        var node = new Node(name, AddressOf(number), number, keeper.Id);
        Ip($"link add hw{number} type veth peer name in{number} address {node.Hardware}", $"link set hw{number} master {Bridge}", $"link set hw{number} up", $"link set in{number} netns {keeper.Id}");
        IpIn(node, "link set lo up", $"link set in{number} name eth0", $"addr add {node.Address}/24 dev eth0", "link set eth0 up", Neighbour(Outside, HardwareOf(Outside)));
        Ip(Neighbour(number, node.Hardware, Bridge));
        foreach (var other in _nodes)
        {
            IpIn(node, Neighbour(other.Number, other.Hardware));
            IpIn(other, Neighbour(number, node.Hardware));
        }
        _nodes.Add(node);
        RetransmitSoon(node);
        return node;
    }

    // As the guide advises for machines of databases, where the kernel knows it (since 6.15) and lets us.
    static void RetransmitSoon(Node node) => node.Enter(() =>
    {
        try
        {
            if (!File.Exists("/proc/sys/net/ipv4/tcp_rto_max_ms")) return false;
            File.WriteAllText("/proc/sys/net/ipv4/tcp_rto_max_ms", "1000");
            File.WriteAllText("/proc/sys/net/ipv4/tcp_retries2", "100");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    /// <summary>What <paramref name="from"/> sends to <paramref name="to"/> vanishes.</summary>
    public void Cut(Node from, Node to) => IpIn(from, Neighbour(to.Number, Nowhere));

    /// <summary>Nothing reaches the node and nothing of it reaches anybody, with one command: its cable is out of the switch.</summary>
    public static void Unplug(Node node) => Ip($"link set hw{node.Number} nomaster");

    public static void Plug(Node node) => Ip($"link set hw{node.Number} master {Bridge}");

    /// <summary>What <paramref name="from"/> sends to <paramref name="to"/> is answered by a reset, as by a firewall that rejects.</summary>
    public void Refuse(Node from, Node to)
    {
        // The refuser has that address too, and no open port.
        IpIn(_refuser!, $"addr replace {to.Address}/32 dev lo");
        IpIn(from, Neighbour(to.Number, HardwareOf(Refuser)));
    }

    public void Mend(Node from, Node to) => IpIn(from, Neighbour(to.Number, to.Hardware));

    /// <summary>After the last <see cref="Mend"/> of what was refused: who has the address of a packet's sender drops it.</summary>
    public void EndRefusing(Node to) => IpIn(_refuser!, $"addr del {to.Address}/32 dev lo");

    static string Neighbour(int number, string hardware, string device = "eth0") => $"neigh replace {AddressOf(number)} lladdr {hardware} nud permanent dev {device}";

    static void Ip(params IEnumerable<string> lines) => Batch("ip", ["-batch", "-"], lines);

    static void IpIn(Node node, params IEnumerable<string> lines) => Batch("nsenter", ["--target", $"{node.Keeper}", "--net", "--", "ip", "-batch", "-"], lines);

    static void Batch(string program, string[] arguments, IEnumerable<string> lines)
    {
        var (exitCode, output) = ChildProcess.Run(program, arguments, TimeSpan.FromSeconds(20), string.Join('\n', lines) + "\n");
        if (exitCode != 0) throw new UsageException($"the network could not be set up: {output}");
    }

    public void Dispose()
    {
        foreach (var keeper in _keepers)
        {
            keeper.StandardInput.Close();
            keeper.WaitForExit();
            keeper.Dispose();
        }
        _keepers.Clear();
        if (Own) Ip($"link del {Bridge}");
    }
}
