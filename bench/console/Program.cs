using System.Globalization;
using System.Runtime.InteropServices;
using Headwater.Bench;
using Headwater.Bench.Browsing;
using Headwater.Bench.Lab;

// What the console costs, and pictures of it: see bench/README.md.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    if (args is ["screenshots", ..]) return await Screenshots.RunAsync(new Arguments(args.AsSpan(1)));
    return await ConsoleBench.RunAsync(new Arguments(args));
}
catch (UsageException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 64;
}

catch (Exception e) when (e is Microsoft.Playwright.PlaywrightException or TimeoutException)
{
    // Caught, so that what was started is ended.
    Console.Error.WriteLine($"bench: the browser did not come to see what it waited for: {e.Message}");
    return 70;
}
finally
{
    Cluster.DeleteAll();
}

static void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ChildProcess.StopAll();
    Cluster.DeleteAll();
    Environment.Exit(130);
}
