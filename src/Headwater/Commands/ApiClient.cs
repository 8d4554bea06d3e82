namespace Headwater.Commands;

/// <summary>Asks a running gateway over HTTP.</summary>
static class ApiClient
{
    public static async Task<(int Status, string Body)> SendAsync(HttpMethod method, string address, string path, CancellationToken ct, TimeSpan? patience = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = patience ?? TimeSpan.FromSeconds(30) };
        var start = address.StartsWith("http://", StringComparison.Ordinal) ? address.TrimEnd('/') : $"http://{address}";
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(start + path));
            using var response = await client.SendAsync(request, ct);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct));
        }
        catch (UriFormatException)
        {
            throw new CommandException(ExitCode.Usage, $"\"{address}\" is not an HTTP address; write it as 127.0.0.1:4480.");
        }
        catch (Exception trouble) when (trouble is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Failed, $"The gateway does not answer at {start}: {trouble.Message.TrimEnd('.')}.");
        }
    }
}
