using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>Breaks a planned switchover at a step, which the controller's journal tells before it is done.</summary>
sealed class SwitchoverFaults(ChaosLab lab)
{
    public static readonly IReadOnlyList<string> Steps = ["holding", "closing", "draining", "promoting", "repointing"];
    public static readonly IReadOnlyList<string> All = ["target killed", "target stopped", "primary killed", "primary stopped", "transaction held", "controller killed", "target cut off", "primary cut off"];

    /// <returns>Whom it was to go to, and whether the step was met: some last a few milliseconds only.</returns>
    public (LabServer Target, bool Reached) Break(string fault, string step, LabServer primary, ref Chance chance)
    {
        var others = lab.Servers.Where(server => server != primary).ToList();
        var target = others[chance.Below(others.Count)];
        var length = chance.Between(1500, 6000);
        using var held = fault == "transaction held" ? Hold(primary) : null;
        var from = new FileInfo(JournalFile).Length;
        // A step that is met is lengthened by what fails in it, so nothing needs to wait for the answer.
        var asked = new Thread(() =>
        {
            try
            {
                lab.Controlling.Post($"control/switchover?to={target.Name}");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // The controller was killed.
            }
        });
        asked.Start();
        var reached = Reached(step, target, from);
        var (server, what) = fault.StartsWith("target", StringComparison.Ordinal) ? (target, fault[7..]) : (primary, fault[(fault.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        server.RestartAfter = TimeSpan.FromMilliseconds(length);
        switch (fault == "controller killed" ? "controller" : what)
        {
            case "controller":
                lab.Controlling.Kill();
                Thread.Sleep(length / 4);
                lab.Controlling.StartAgain();
                break;
            case "killed":
                server.Signal(Guarded.Kill);
                break;
            case "stopped":
                try
                {
                    server.Signal(Guarded.Stop);
                    Thread.Sleep(length);
                }
                finally
                {
                    server.Signal(Guarded.Continue);
                }
                break;
            case "cut off":
                if (!lab.Network.Own) break;
                try
                {
                    foreach (var node in Everybody(server)) (lab.Network).Cut(node, server.Node);
                    Thread.Sleep(length);
                }
                finally
                {
                    foreach (var node in Everybody(server)) lab.Network.Mend(node, server.Node);
                }
                break;
            default:
                Thread.Sleep(length); // the transaction that is held
                break;
        }
        asked.Join();
        return (target, reached);
    }

    IEnumerable<Node> Everybody(LabServer but) => [.. lab.Servers.Where(server => server != but).Select(static server => server.Node), .. lab.Gateways.Select(static gateway => gateway.Node)];

    string JournalFile => Path.Combine(lab.Controlling.Directory, "control.journal");

    /// <summary>Waits for the step in the journal; false when the switchover was over without it, or when it had gone on.</summary>
    bool Reached(string step, LabServer target, long from)
    {
        var wanted = step == "repointing" ? $"\"rule\":\"promoted\",\"server\":\"{target.Name}\"" : $"\"step\":\"{char.ToUpperInvariant(step[0])}{step[1..]}\"";
        for (var until = Environment.TickCount64 + 5000; Environment.TickCount64 < until; Thread.Sleep(1))
        {
            using var file = new FileStream(JournalFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = from;
            using var reader = new StreamReader(file);
            var text = reader.ReadToEnd();
            if (text.Contains(wanted, StringComparison.Ordinal)) return true;
            if (text.Contains("\"rule\":\"undone\"", StringComparison.Ordinal) || step != "repointing" && text.Contains("\"rule\":\"promoted\"", StringComparison.Ordinal)) return false;
        }
        return false;
    }

    /// <summary>A transaction past the gateways that holds what it has written, and a table's metadata, until it is disposed of.</summary>
    static SqlClient? Hold(LabServer primary)
    {
        try
        {
            var client = ChaosLab.Directly(primary);
            client.Query($"USE {ChaosLab.Schema}");
            client.Query("BEGIN");
            client.Query("INSERT INTO chaos_register VALUES (1000000, 0)");
            return client;
        }
        catch (Exception e) when (e is SqlException or SocketException or IOException)
        {
            return null;
        }
    }
}
