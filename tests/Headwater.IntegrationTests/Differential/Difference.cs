using System.Text;

namespace Headwater.IntegrationTests.Differential;

/// <summary>Compares two transcripts of the same corpus and says in words where they part.</summary>
internal static class Difference
{
    public static IReadOnlyList<string> Between(IReadOnlyList<Exchange> direct, IReadOnlyList<Exchange> gateway)
    {
        var found = new List<string>();
        var other = gateway.ToLookup(Key);
        var seen = new HashSet<(int, string)>();
        foreach (var expected in direct)
        {
            if (!seen.Add(Key(expected))) throw new InvalidOperationException($"Two exchanges are called {Key(expected)}.");
            var got = other[Key(expected)].FirstOrDefault();
            if (got == null) found.Add($"{Where(expected)}: no answer through the gateway");
            else if (Describe(expected, got) is { } difference) found.Add($"{Where(expected)}: {difference}");
        }
        found.AddRange(gateway.Where(exchange => !seen.Contains(Key(exchange))).Select(extra => $"{Where(extra)}: only through the gateway: {Show(extra.Answer[0])}"));
        return found;
    }

    /// <summary>A transcript to be read by people: what was sent, and OK, the error, or how many packets.</summary>
    public static IEnumerable<string> InWords(IEnumerable<Exchange> transcript) => transcript.Select(exchange =>
        $"{Where(exchange)}: {(exchange.Answer.Count == 0 ? "nothing" : exchange.Answer[^1][0] == 0xFF ? Show(exchange.Answer[^1]) : exchange.Answer[0][0] == 0 ? "ok" : $"{exchange.Answer.Count} packets")}");

    static (int, string) Key(Exchange exchange) => (exchange.Step.Line, exchange.What);

    static string Where(Exchange exchange) => $"[{exchange.Session.Name}] {exchange.Step}, {exchange.What}";

    static string? Describe(Exchange expected, Exchange got)
    {
        var (left, right) = (expected.Answer, got.Answer);
        if (left.Count == 0 || right.Count == 0) return left.Count == right.Count ? null : $"{left.Count} packets directly, {right.Count} through the gateway";
        switch (expected.Step.Comparison)
        {
            case Comparison.Kind or Comparison.Shape:
                if (KindOf(left[0]) != KindOf(right[0])) return Pair(0, left[0], right[0]);
                if (expected.Step.Comparison == Comparison.Shape && left.Count != right.Count) return $"{left.Count} packets directly, {right.Count} through the gateway";
                var metadata = KindOf(left[0]) == "rows" && expected.Step.Kind != StepKind.Statistics ? 1 + left[0][0] : 0;
                return FirstDifference(left.Take(metadata).ToList(), right.Take(metadata).ToList());
            case Comparison.AnyOrder:
                return FirstDifference(left.OrderBy(Convert.ToHexString, StringComparer.Ordinal).ToList(), right.OrderBy(Convert.ToHexString, StringComparer.Ordinal).ToList());
            default:
                return FirstDifference(left, right);
        }
    }

    static string? FirstDifference(IReadOnlyList<byte[]> left, IReadOnlyList<byte[]> right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
            if (!left[i].AsSpan().SequenceEqual(right[i]))
                return Pair(i, left[i], right[i]);
        return left.Count == right.Count ? null : $"{left.Count} packets directly, {right.Count} through the gateway; the next is {Show(left.Count > right.Count ? left[right.Count] : right[left.Count])}";
    }

    static string Pair(int packet, byte[] expected, byte[] got) => $"packet {packet + 1}\n      expected {Show(expected)}\n      got      {Show(got)}";

    static string KindOf(byte[] packet) => packet[0] switch { 0x00 => "ok", 0xFF => "error", _ => "rows" };

    static string Show(byte[] packet)
    {
        var shown = packet.AsSpan(0, Math.Min(packet.Length, 120));
        var text = new StringBuilder();
        foreach (var b in shown) text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
        return $"{packet.Length} bytes {Convert.ToHexString(shown)}{(packet.Length > shown.Length ? "…" : "")} |{text}|";
    }
}
