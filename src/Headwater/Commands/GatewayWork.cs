using System.Text.Json;
using Headwater.Http;

namespace Headwater.Commands;

/// <summary>Long work that a running gateway is asked for: shown until the answer is there. Whoever waits no longer ends nothing.</summary>
/// <param name="rule">Of the finding that tells how far it has come.</param>
/// <param name="stopped">What stands when it is waited for no longer.</param>
/// <param name="gone">What stands when the gateway has gone away meanwhile.</param>
sealed class GatewayWork(string http, string rule, string stopped, string gone, TextWriter error)
{
    bool _isHeard;

    public async Task<(int Status, string Body)> AskAsync(string path, CancellationToken ct)
    {
        using var signals = new Signals(onReload: static () => { });
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
        var asked = ApiClient.SendAsync(HttpMethod.Post, http, path, stopping.Token, Timeout.InfiniteTimeSpan);
        await new WorkScreen(error, TimeProvider.System).UntilAsync(asked, () => LookAsync(stopping.Token));
        try
        {
            return await asked;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Failed, stopped);
        }
        catch (CommandException e) when (_isHeard)
        {
            throw new CommandException(ExitCode.Failed, $"{e.Message} It had begun, and is cut short. {gone}");
        }
    }

    async ValueTask<WorkShown?> LookAsync(CancellationToken ct)
    {
        try
        {
            var (_, body) = await ApiClient.SendAsync(HttpMethod.Get, http, "/api/control", ct);
            if (JsonSerializer.Deserialize(body, ApiJson.Default.ControlJson)?.Findings.FirstOrDefault(finding => finding.Rule == rule) is not { } finding) return null;
            _isHeard = true;
            return WorkShown.Of(finding);
        }
        catch (Exception trouble) when (trouble is CommandException or JsonException or OperationCanceledException)
        {
            // The answer itself tells what there is to tell.
            return null;
        }
    }
}
