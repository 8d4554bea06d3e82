using Xunit;

namespace Headwater.IntegrationTests.Clients;

/// <summary>One line <c>ok</c> or <c>not ok</c> of a client's script, with what it said below.</summary>
public sealed record ClientCheck(string Name, bool Ok, string? Skipped, string Detail)
{
    public override string ToString() => Name;

    internal void MustHold() => Assert.True(Ok, Detail);

    /// <summary>Reads TAP as far as the scripts use it. A script without its closing plan, or with a wrong one, has not finished.</summary>
    internal static IReadOnlyList<ClientCheck> Parse(IEnumerable<string> output, int exitCode, string errors)
    {
        var checks = new List<ClientCheck>();
        var stray = new List<string>();
        var planned = -1;
        foreach (var line in output)
        {
            var ok = line.StartsWith("ok ", StringComparison.Ordinal);
            if (ok || line.StartsWith("not ok ", StringComparison.Ordinal))
            {
                var name = line[(line.IndexOf(" - ", StringComparison.Ordinal) + 3)..];
                var skip = name.IndexOf(" # SKIP", StringComparison.Ordinal);
                // the time in brackets differs from run to run and is no part of the name
                var time = name.LastIndexOf(" (", StringComparison.Ordinal);
                checks.Add(new(skip >= 0 ? name[..skip] : ok && time > 0 && name.EndsWith(" ms)", StringComparison.Ordinal) ? name[..time] : name,
                    ok, skip >= 0 ? name[(skip + 7)..].Trim() : null, ""));
            }
            else if (line.StartsWith('#') && checks.Count > 0 && !checks[^1].Ok)
            {
                checks[^1] = checks[^1] with { Detail = checks[^1].Detail + line[1..] + "\n" };
            }
            else if (line.StartsWith("1..", StringComparison.Ordinal) && int.TryParse(line.AsSpan(3), out var plan))
            {
                planned = plan;
            }
            else
            {
                stray.Add(line);
            }
        }
        var finished = planned == checks.Count && planned > 0 && exitCode == 0;
        checks.Add(new("the script came to its end", finished, null,
            finished ? "" : $"exit code {exitCode}, {checks.Count} checks, plan {planned}\n{string.Join('\n', stray.TakeLast(20))}\n{errors}"));
        return checks;
    }
}
