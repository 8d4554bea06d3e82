using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Control.Recovery;

/// <summary>What an operator asks for by <c>headwater recover</c>.</summary>
/// <param name="Server">Null: the one server that has a tail.</param>
/// <param name="FromFiles">The data directory of a server that cannot start.</param>
public sealed record RecoveryWish(string? Server, string? FromFiles, bool DryRun)
{
    /// <summary>The request, or why there is none; and the sentence for the journal.</summary>
    public (RecoveryRequest? Request, string Sentence) On(ClusterView view, ControlRecord record)
    {
        if (record.Change is not null) return (null, "a change of primary is under way");
        var primary = view.Servers.FirstOrDefault(server => server.Id == record.Primary);
        if (primary is null || !Situation.Answers(primary)) return (null, "there is no primary to bring a tail to");
        ServerView? server;
        if (Server is not null)
        {
            server = view.Servers.FirstOrDefault(known => known.Id.Name == Server);
            if (server is null && FromFiles is null) return (null, $"{Server} is not known; known are {string.Join(", ", view.Servers.Select(static known => known.Id.Name))}");
        }
        else
        {
            var diverged = view.Servers.Where(known => known.Id != primary.Id && Situation.Answers(known) && Situation.Foreign(known, primary, view) is not null).ToList();
            if (FromFiles is not null) return (null, "--from-files needs --server: whose files they are");
            if (diverged.Count == 0) return (null, $"no server has a transaction that {primary.Id} has not");
            if (diverged.Count > 1) return (null, $"{string.Join(" and ", diverged.Select(static known => known.Id.Name))} have tails: name one with --server");
            server = diverged[0];
        }
        if (server?.Id == primary.Id) return (null, $"{primary.Id} is the primary");
        if (FromFiles is null && !Situation.Answers(server!)) return (null, $"{server!.Id} does not answer; --from-files reads its data directory");
        return (new RecoveryRequest
        {
            Server = server?.Id ?? new ServerId(Server!),
            Address = FromFiles is null ? server!.Address : null,
            FromFiles = FromFiles,
            Primary = primary.Id,
            PrimaryAddress = primary.Address,
            AppointedAt = record.AppointedAt,
            Asked = true,
            DryRun = DryRun,
        }, $"an operator asked for {(DryRun ? "a dry run of " : "")}the recovery of {server?.Id.Name ?? Server}'s tail{(FromFiles is null ? "" : $" from {FromFiles}")}");
    }
}
