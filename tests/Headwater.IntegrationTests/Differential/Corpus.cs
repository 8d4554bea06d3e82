using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Differential;

/// <summary>Reads corpus.txt; its head says how it is written.</summary>
internal static partial class Corpus
{
    public static IReadOnlyList<CorpusSession> Read() => Parse(File.ReadAllLines(Repository.PathOf("tests", "Headwater.IntegrationTests", "Differential", "corpus.txt")));

    internal static IReadOnlyList<CorpusSession> Parse(IReadOnlyList<string> lines)
    {
        var sessions = new List<CorpusSession>();
        var steps = new List<CorpusStep>();
        var directives = new List<string>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                steps = [];
                sessions.Add(new(line[3..], steps));
            }
            else if (line[0] == '@')
            {
                directives.Add(line[1..]);
            }
            else if (line[0] == '>')
            {
                steps[^1] = steps[^1] with { Executions = [.. steps[^1].Executions, Parameters(line[1..], i + 1)] };
            }
            else
            {
                var number = i + 1;
                if (line == "<<<")
                {
                    var block = new StringBuilder();
                    for (i++; lines[i] != ">>>"; i++) block.Append(block.Length > 0 ? "\n" : "").Append(lines[i]);
                    line = block.ToString();
                }
                steps.Add(Step(number, Expand(line), directives));
                directives.Clear();
            }
        }
        return sessions;
    }

    static CorpusStep Step(int number, string text, List<string> directives)
    {
        var step = new CorpusStep(number, StepKind.Statement, text, Comparison.Exact);
        foreach (var directive in directives)
        {
            var (name, rest) = directive.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? (directive[..space], directive[(space + 1)..]) : (directive, "");
            step = name switch
            {
                "shape" => step with { Comparison = Comparison.Shape },
                "kind" => step with { Comparison = Comparison.Kind },
                "any-order" => step with { Comparison = Comparison.AnyOrder },
                "text" => step with { TextOnly = true },
                "binary" => step with { BinaryOnly = true },
                "cursor" => step with { FetchRows = int.Parse(rest, CultureInfo.InvariantCulture) },
                "long-data" => step with { LongData = true },
                "file" => step with { LocalFile = Encoding.UTF8.GetBytes(Regex.Unescape(Expand(rest))) },
                "command" => step with { Kind = Enum.Parse<StepKind>(rest.Replace("_", "", StringComparison.Ordinal), ignoreCase: true), TextOnly = true },
                _ => throw new FormatException($"corpus.txt, line {number}: no directive is called {name}."),
            };
        }
        return step;
    }

    /// <summary><c>{x*250}</c> is 250 times x.</summary>
    static string Expand(string text) => Repeated().Replace(text, match =>
        string.Concat(Enumerable.Repeat(match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))));

    [GeneratedRegex(@"\{([^{}*]+)\*(\d+)\}")]
    private static partial Regex Repeated();

    static IReadOnlyList<CorpusParameter> Parameters(string text, int line) =>
        text.Trim().Length == 0 ? [] : [.. text.Split(" | ").Select(part => Parameter(part.Trim(), line))];

    static CorpusParameter Parameter(string text, int line)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (type, value) = colon < 0 ? (text, "") : (text[..colon], Expand(text[(colon + 1)..]));
        return type switch
        {
            "null" => new(6, false, null),
            "tiny" => new(1, false, [(byte)sbyte.Parse(value, CultureInfo.InvariantCulture)]),
            "utiny" => new(1, true, [byte.Parse(value, CultureInfo.InvariantCulture)]),
            "short" => new(2, false, Bytes(2, long.Parse(value, CultureInfo.InvariantCulture))),
            "ushort" => new(2, true, Bytes(2, long.Parse(value, CultureInfo.InvariantCulture))),
            "int" => new(3, false, Bytes(4, long.Parse(value, CultureInfo.InvariantCulture))),
            "uint" => new(3, true, Bytes(4, long.Parse(value, CultureInfo.InvariantCulture))),
            "long" => new(8, false, Bytes(8, long.Parse(value, CultureInfo.InvariantCulture))),
            "ulong" => new(8, true, Bytes(8, unchecked((long)ulong.Parse(value, CultureInfo.InvariantCulture)))),
            "float" => new(4, false, BitConverter.GetBytes(float.Parse(value, CultureInfo.InvariantCulture))),
            "double" => new(5, false, BitConverter.GetBytes(double.Parse(value, CultureInfo.InvariantCulture))),
            "decimal" => new(246, false, LengthEncoded(Encoding.UTF8.GetBytes(value))),
            "string" => new(253, false, LengthEncoded(Encoding.UTF8.GetBytes(value))),
            "text" => new(254, false, LengthEncoded(Encoding.UTF8.GetBytes(value))),
            "blob" => new(252, false, LengthEncoded(value.StartsWith("0x", StringComparison.Ordinal) ? Convert.FromHexString(value.AsSpan(2)) : Encoding.UTF8.GetBytes(value))),
            "date" => new(10, false, Moment(DateTime.Parse(value, CultureInfo.InvariantCulture), 4)),
            "datetime" => new(12, false, Moment(DateTime.Parse(value, CultureInfo.InvariantCulture), 11)),
            "timestamp" => new(7, false, Moment(DateTime.Parse(value, CultureInfo.InvariantCulture), 7)),
            "time" => new(11, false, Duration(TimeSpan.Parse(value, CultureInfo.InvariantCulture))),
            "zerotime" => new(11, false, [0]),
            "zerodate" => new(10, false, [0]),
            _ => throw new FormatException($"corpus.txt, line {line}: no parameter type is called {type}."),
        };
    }

    static byte[] Bytes(int count, long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..count];
    }

    static byte[] LengthEncoded(byte[] value)
    {
        var writer = new Headwater.Wire.MySql.PacketWriter();
        writer.LengthEncodedBytes(value);
        return writer.Written.ToArray();
    }

    static byte[] Moment(DateTime moment, byte length)
    {
        byte[] all = [length, (byte)moment.Year, (byte)(moment.Year >> 8), (byte)moment.Month, (byte)moment.Day, (byte)moment.Hour, (byte)moment.Minute, (byte)moment.Second,
            .. Bytes(4, moment.Ticks % TimeSpan.TicksPerSecond / 10)];
        return all[..(length + 1)];
    }

    static byte[] Duration(TimeSpan span)
    {
        var size = span.Duration();
        return [12, (byte)(span < TimeSpan.Zero ? 1 : 0), .. Bytes(4, size.Days), (byte)size.Hours, (byte)size.Minutes, (byte)size.Seconds, .. Bytes(4, size.Ticks % TimeSpan.TicksPerSecond / 10)];
    }
}
