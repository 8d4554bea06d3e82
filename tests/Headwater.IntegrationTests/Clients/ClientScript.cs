using System.Diagnostics;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Clients;

/// <summary>A client in its own language: a program that takes address and account from the environment and prints TAP.</summary>
internal sealed record ClientScript(string Schema, string Program, params string[] Arguments)
{
    /// <summary>How long one script may take. The slowest needs 40 s on two busy cores.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(300);

    public async Task<IReadOnlyList<ClientCheck>> RunAsync(Target target)
    {
        var start = new ProcessStartInfo(Program, Arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in Environment(target)) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return ClientCheck.Parse((await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), process.ExitCode, Tail(await errors));
    }

    Dictionary<string, string> Environment(Target target) => new()
    {
        ["HW_HOST"] = target.At.Host,
        ["HW_PORT"] = $"{target.At.Port}",
        ["HW_SOCKET"] = target.Socket ?? "",
        ["HW_USER"] = target.Account.User,
        ["HW_PASSWORD"] = target.Account.Password,
        ["HW_SCHEMA"] = Schema,
        ["HW_SCHEMA_2"] = Schema + "_2",
        ["HW_ADMIN_USER"] = target.Administrator.User,
        ["HW_ADMIN_PASSWORD"] = target.Administrator.Password,
        ["HW_TLS"] = target.OffersTls ? "1" : "0",
        ["NODE_PATH"] = Repository.PathOf("artifacts", "clients", "node", "node_modules"),
        ["LC_ALL"] = "C.UTF-8",
    };

    static string Tail(string text) => text.Length <= 3000 ? text : text[^3000..];
}
