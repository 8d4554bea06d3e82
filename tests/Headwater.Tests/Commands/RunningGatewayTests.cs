using Headwater.Commands;
using Xunit;

namespace Headwater.Tests.Commands;

public sealed class RunningGatewayTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_serving_gateway_is_found_by_its_state_directory()
    {
        var written = new RunningGateway(1, 4711, "127.0.0.1:4480", "/etc/headwater.yaml", DateTimeOffset.UnixEpoch);
        written.Write(_directory);
        Assert.Equal(written, RunningGateway.Find(_directory));
        RunningGateway.Remove(_directory);
        Assert.Throws<CommandException>(() => RunningGateway.Find(_directory));
    }

    [Fact]
    public void A_gateway_of_up_is_found_by_run_json()
    {
        File.WriteAllText(Path.Combine(_directory, "run.json"), """{ "gateway": { "address": "127.0.0.1", "port": 4406, "http_port": 4480, "pid": 12 } }""");
        var found = RunningGateway.Find(_directory);
        Assert.Equal((12, "127.0.0.1:4480"), (found.Pid, found.Http));
    }

    [Theory]
    [InlineData("gateway.json", "not json")]
    [InlineData("run.json", "{}")]
    [InlineData("run.json", "{ \"gateway\": 1 }")]
    public void A_broken_file_is_named(string name, string text)
    {
        File.WriteAllText(Path.Combine(_directory, name), text);
        Assert.Contains(name, Assert.Throws<CommandException>(() => RunningGateway.Find(_directory)).Message);
    }
}
