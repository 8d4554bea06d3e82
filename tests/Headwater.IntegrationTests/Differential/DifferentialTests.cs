using Headwater.IntegrationTests.Fixtures;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.IntegrationTests.Differential;

/// <summary>
/// Every statement of corpus.txt, directly on the primary and through the gateway, each side from the same fresh schema: the same bytes.
/// What may differ, and nothing else: ids of connections and prepared statements, the order in which session trackers are listed (a hash's, in
/// the server too), and values that corpus.txt marks as of a connection, a server or the time. Both sides come to the server by its Unix
/// socket, so that the host in USER() and in error messages is the same.
/// </summary>
public class DifferentialTests
{
    const string Schema = "differential";
    const int Shown = 40;

    const Capabilities Tracking = Capabilities.SessionTrack, Short = Capabilities.DeprecateEof, Extended = Capabilities.MariaDbExtendedMetadata;
    const Capabilities Newest = Tracking | Short | Extended | Capabilities.MariaDbCacheMetadata | Capabilities.MariaDbStmtBulk | Capabilities.MariaDbProgress;

    /// <summary>HEADWATER_TRANSCRIPT=path writes what the last run was answered, for reading.</summary>
    static readonly string? Transcribed = Environment.GetEnvironmentVariable("HEADWATER_TRANSCRIPT");

    [Theory]
    [InlineData("none of the newer capabilities", Capabilities.None, false)]
    [InlineData("none of the newer capabilities", Capabilities.None, true)]
    [InlineData("DEPRECATE_EOF", Short, false)]
    [InlineData("DEPRECATE_EOF", Short, true)]
    [InlineData("SESSION_TRACK", Tracking, false)]
    [InlineData("DEPRECATE_EOF and SESSION_TRACK", Short | Tracking, true)]
    [InlineData("extended metadata", Extended, true)]
    [InlineData("found rows, no schema, ignore space", Capabilities.FoundRows | Capabilities.IgnoreSpace, false)]
    [InlineData("all that MariaDB's own connectors ask for", Newest, false)]
    [InlineData("all that MariaDB's own connectors ask for", Newest, true)]
    public async Task A_statement_gives_the_same_bytes_as_directly(string asked, Capabilities capabilities, bool binary)
    {
        var ct = TestContext.Current.CancellationToken;
        // The sessions of 16 MB values take most of the time, and lengths do not depend on what else was agreed.
        var corpus = Corpus.Read().Where(session => capabilities is Capabilities.None or Newest || !session.Name.StartsWith("lengths", StringComparison.Ordinal)).ToList();
        capabilities &= await OfferedAsync(Target.Names[^1], ct);   // what a side does not offer cannot be asked of it
        var direct = await PlayAsync(Target.Names[0], corpus, capabilities, binary, ct);
        var gateway = await PlayAsync(Target.Names[^1], corpus, capabilities, binary, ct);
        if (Transcribed != null) await File.WriteAllLinesAsync(Transcribed, Difference.InWords(gateway), ct);
        var differences = Difference.Between(direct, gateway);
        Assert.True(direct.Count > 400, $"only {direct.Count} answers to compare");
        Assert.True(differences.Count == 0,
            $"{asked}, {(binary ? "binary" : "text")} protocol: {differences.Count} of {direct.Count} answers differ\n  {string.Join("\n  ", differences.Take(Shown))}");
        TestContext.Current.SendDiagnosticMessage($"{asked}, {(binary ? "binary" : "text")} protocol: {direct.Count} answers the same");
    }

    [Fact]
    public async Task The_gateway_offers_what_the_server_offers()
    {
        var ct = TestContext.Current.CancellationToken;
        const Capabilities all = Newest | Capabilities.FoundRows | Capabilities.IgnoreSpace | Capabilities.NoSchema | RawClient.Plain | Capabilities.Compress | Capabilities.ConnectAttributes;
        // Left out by decision: progress reports, unit results, and metadata that a client keeps per statement, which here may run on another server each time.
        const Capabilities left = Capabilities.MariaDbProgress | Capabilities.MariaDbBulkUnitResults | Capabilities.MariaDbCacheMetadata;
        var missing = await OfferedAsync(Target.Names[0], ct) & ~await OfferedAsync(Target.Names[^1], ct) & all & ~left;
        Assert.Equal(Capabilities.None, missing);
    }

    static async Task<Capabilities> OfferedAsync(string name, CancellationToken ct)
    {
        await OneAtATime.WaitAsync(ct);
        try
        {
            var target = await Target.PrepareAsync(name, ct, Schema);
            await using var client = await RawClient.ConnectAsync(target.At, target.Account, ct);
            return client.Greeting.Capabilities;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    static readonly SemaphoreSlim OneAtATime = new(1);   // both sides use one schema name: results carry it

    static async Task<IReadOnlyList<Exchange>> PlayAsync(string name, IReadOnlyList<CorpusSession> corpus, Capabilities more, bool binary, CancellationToken ct)
    {
        await OneAtATime.WaitAsync(ct);
        try
        {
            var target = await Target.PrepareAsync(name, ct, Schema);
            var administrator = target.Administrator with { Schema = Schema };
            foreach (var session in corpus.Where(IsPreparation))
            {
                await using var client = await RawClient.ConnectAsync(target.Primary, administrator, ct);
                foreach (var step in session.Steps) await client.DoAsync(step.Text, ct);
            }
            await target.CaughtUpAsync(ct);
            return await Transcript.PlayAsync([.. corpus.Where(session => !IsPreparation(session))], target.At, target.Account, RawClient.Plain | more, binary, () => target.CaughtUpAsync(ct), ct);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    static bool IsPreparation(CorpusSession session) => session.Name.StartsWith("administrator:", StringComparison.Ordinal);
}
