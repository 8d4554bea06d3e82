using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Headwater.Configuration;
using Headwater.Http;
using Headwater.Streams.Consumers;

namespace Headwater.Commands;

/// <summary><c>headwater tail</c>: the changes as they are committed, from a running gateway.</summary>
static class TailCommand
{
    public static Command Build()
    {
        var where = new Target();
        var from = new Option<string>("--from") { Description = "Where to begin: now, oldest (what is kept), or a position, as the end of an earlier tail has told it", DefaultValueFactory = _ => "now", HelpName = "position" };
        var tables = new Option<string[]>("--table") { Description = "Only these tables: a pattern of schema.table with * and ?; may be given several times", HelpName = "pattern" };
        var format = new Option<FeedFormat>("--format") { Description = "json: one object a line; text: one line for people; sql: statements that make the same changes elsewhere", DefaultValueFactory = _ => FeedFormat.Text, HelpName = "json|text|sql" };
        var count = new Option<long?>("--count") { Description = "Ends after so many changes", HelpName = "number" };
        var snapshot = new Option<bool>("--snapshot") { Description = "Begins with a copy of the tables at one position, without a gap or a repetition between it and what follows" };
        count.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<long?>() is <= 0) result.AddError("--count: allowed: a whole number from 1");
        });
        var command = new Command("tail", "Prints every change of the cluster as it is committed. Ends with Ctrl-C, and tells the position to go on from.") { from, tables, format, count, snapshot, where.Directory, where.Http };
        command.SetAction(async (parsed, ct) =>
        {
            var begin = parsed.GetValue(snapshot) ? "snapshot" : parsed.GetRequiredValue(from);
            if (!FeedBegin.TryParse(begin, out _)) throw new CommandException(ExitCode.Usage, $"--from: found \"{begin}\"; allowed: {FeedBegin.Allowed}.");
            if (parsed.GetValue(snapshot) && parsed.GetRequiredValue(from) != "now") throw new CommandException(ExitCode.Usage, "--snapshot and --from each say where to begin; allowed: one of them.");
            using var signals = new Signals(onReload: static () => { });
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            var query = new StringBuilder("/api/feed?from=").Append(Uri.EscapeDataString(begin)).Append("&format=").Append(Notations.NameOf(parsed.GetValue(format)));
            if (parsed.GetValue(count) is { } most) query.Append(CultureInfo.InvariantCulture, $"&count={most}");
            foreach (var table in parsed.GetValue(tables) ?? []) query.Append("&table=").Append(Uri.EscapeDataString(table));
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var tail = new Tail(output, error, parsed.GetValue(snapshot));
            var running = tail.RunAsync(where.HttpOf(parsed), query.ToString(), parsed.GetValue(count), stopping.Token);
            // Among the rows themselves nobody looks for a bar.
            if (parsed.GetValue(snapshot) && !(ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected))
                await new WorkScreen(error, TimeProvider.System).UntilAsync(Task.WhenAny(running, tail.Copied), () => new ValueTask<WorkShown?>(tail.Shown));
            var code = await running;
            await tail.FarewellAsync();
            return code;
        });
        return command;
    }
}

/// <summary>Reads server-sent events and prints what they hold.</summary>
/// <param name="beginsWithCopy">It has no place to go on from before the copy is whole.</param>
sealed class Tail(TextWriter output, TextWriter error, bool beginsWithCopy)
{
    // Of heartbeats every five seconds, three are missing.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    string? _place, _failure;
    readonly TaskCompletionSource _copied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile WorkShown? _shown;
    long _printed;
    long? _most;

    /// <summary>How far the copy has come that it begins with; null while nothing is told.</summary>
    public WorkShown? Shown => _shown;

    /// <summary>Ends when that copy is whole.</summary>
    public Task Copied => _copied.Task;

    public async Task<int> RunAsync(string address, string path, long? count, CancellationToken ct)
    {
        var start = address.StartsWith("http://", StringComparison.Ordinal) ? address.TrimEnd('/') : $"http://{address}";
        _most = count;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(start + path));
            request.Headers.Accept.ParseAdd("text/event-stream");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode != HttpStatusCode.OK) throw new CommandException(ExitCode.Failed, SentenceOf(await response.Content.ReadAsStringAsync(ct)));
            await using var body = await response.Content.ReadAsStreamAsync(ct);
            await PrintAsync(new StreamReader(body), ct);
            if (_failure is null && _printed != count) _failure = "The gateway has ended the stream.";
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Ctrl-C, which is how it ends.
        }
        catch (UriFormatException)
        {
            throw new CommandException(ExitCode.Usage, $"\"{address}\" is not an HTTP address; write it as 127.0.0.1:4480.");
        }
        catch (Exception trouble) when (trouble is HttpRequestException or IOException or TimeoutException)
        {
            _failure = _place is null ? $"The gateway does not answer at {start}: {trouble.Message}" : $"The connection to {start} broke: {trouble.Message}";
        }
        await output.FlushAsync(CancellationToken.None);
        return _failure is null && !IsCutShort ? ExitCode.Ok : ExitCode.Failed;
    }

    bool IsCutShort => beginsWithCopy && _place is null && _printed != _most;

    /// <summary>What stands when it has ended, and why it has.</summary>
    public async Task FarewellAsync()
    {
        if (_place is not null) await error.WriteLineAsync($"headwater: go on with: headwater tail --from {(_place.Length == 0 ? "oldest" : _place)}");
        else if (IsCutShort && _printed > 0) await error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"headwater: Ended within the copy, which is not whole: {_printed:N0} rows of it were printed. It cannot be gone on with; begin anew with --snapshot."));
        if (_failure is not null) await error.WriteLineAsync($"headwater: {_failure}");
    }

    async Task PrintAsync(StreamReader lines, CancellationToken ct)
    {
        string? id = null, kind = null;
        var data = new List<string>();
        while (await lines.ReadLineAsync(ct).AsTask().WaitAsync(Patience, ct) is { } line)
        {
            if (line.Length == 0)
            {
                if (kind == "error") _failure = SentenceOf(string.Concat(data));
                else if (kind == "progress") Show(string.Concat(data));
                else if (kind is null && data.Count > 0) await PrintAsync(data);
                // What is printed is what the reader has.
                _place = id ?? _place;
                if (_place is not null) _copied.TrySetResult();
                (id, kind) = (null, null);
                data.Clear();
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal)) data.Add(line.Length > 6 ? line[6..] : "");
            else if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
        }
    }

    // Each change goes out at once, so that whoever reads a pipe sees it when it comes.
    async Task PrintAsync(List<string> data)
    {
        foreach (var line in data) await output.WriteLineAsync(line);
        await output.FlushAsync(CancellationToken.None);
        _printed++;
    }

    void Show(string told)
    {
        try
        {
            _shown = JsonSerializer.Deserialize(told, FeedAnswersJson.Default.CopiedJson) is { } copied ? new WorkShown(copied.Doing, copied.Progress) : null;
        }
        catch (JsonException)
        {
            // Of another version, then; the rows come all the same.
        }
    }

    static string SentenceOf(string body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, FeedAnswersJson.Default.FeedErrorJson)!.Sentence;
        }
        catch (JsonException)
        {
            return body.Split('\n')[0];
        }
    }
}
