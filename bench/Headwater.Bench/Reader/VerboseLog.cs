using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Bench.Reader;

/// <summary>A value as mariadb-binlog writes it: <c>###   @1=TEXT /* TYPE meta=… nullable=… is_null=… */</c>.</summary>
readonly record struct VerboseValue(int Ordinal, ReadOnlyMemory<byte> Text, ReadOnlyMemory<byte> Comment);

abstract record VerboseItem;
sealed record VerboseGtid(Gtid Gtid) : VerboseItem;
sealed record VerboseStatement(ReadOnlyMemory<byte> Text) : VerboseItem;
sealed record VerboseRow(RowKind Kind, string Table, List<VerboseValue> Before, List<VerboseValue> After) : VerboseItem;

/// <summary>
/// What <c>mariadb-binlog -vv --base64-output=DECODE-ROWS</c> writes, one thing at a time. Its form, which is nowhere specified: sql/log_event_client.cc,
/// print_verbose_one_row. A byte up to 0x1F is written as <c>\x0a</c>, all others, quotes too, as they are: so a line is a line, and its last
/// <c>/*</c> begins the comment. A statement's text ends at a line that is only <c>/*!*/;</c>.
/// </summary>
sealed class VerboseLog : IDisposable
{
    readonly Process _process;
    readonly Stream _output;
    readonly Task<string> _errors;
    byte[] _buffer = new byte[1 << 20];
    int _start, _end, _length;
    bool _isPeeked;

    public VerboseLog(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.BaseStream;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Null at the end.</summary>
    public VerboseItem? Next()
    {
        while (Line() is var line && !line.IsEmpty)
        {
            if (line.StartsWith("### "u8) && RowKindOf(line, out var kind, out var table)) return Row(kind, table);
            if (!IsHeader(line)) continue;
            var what = line[(line.IndexOf((byte)'\t') + 1)..];
            if (what.StartsWith("GTID "u8))
            {
                var text = what[5..];
                if (!Gtid.TryParse(text[..text.IndexOfAny((byte)' ', (byte)'\n')], out var gtid)) throw new UsageException($"mariadb-binlog wrote {Encoding.UTF8.GetString(line)}");
                return new VerboseGtid(gtid);
            }
            // What ends a transaction is no statement in it.
            if (what.StartsWith("Query"u8) && Statement() is { } statement && !statement.Text.Span.SequenceEqual("COMMIT"u8) && !statement.Text.Span.SequenceEqual("ROLLBACK"u8)) return statement;
        }
        _process.WaitForExit();
        return _process.ExitCode == 0 ? null : throw new UsageException($"mariadb-binlog ended with {_process.ExitCode}: {_errors.Result}");
    }

    // #261122  3:45:28 server id 1  end_log_pos 445 …
    static bool IsHeader(ReadOnlySpan<byte> line) => line.Length > 20 && line[0] == '#' && char.IsAsciiDigit((char)line[1]) && line.IndexOf("server id "u8) is > 0 and < 30 && line.Contains((byte)'\t');

    static bool RowKindOf(ReadOnlySpan<byte> line, out RowKind kind, out string table)
    {
        var rest = line[4..];
        var (word, found) = rest.StartsWith("INSERT INTO "u8) ? (12, RowKind.Insert) : rest.StartsWith("UPDATE "u8) ? (7, RowKind.Update) : rest.StartsWith("DELETE FROM "u8) ? (12, RowKind.Delete) : (0, RowKind.Insert);
        kind = found;
        table = word == 0 ? "" : Encoding.UTF8.GetString(rest[word..].TrimEnd((byte)'\n'));
        return word != 0;
    }

    VerboseRow Row(RowKind kind, string table)
    {
        var (before, after) = (new List<VerboseValue>(), new List<VerboseValue>());
        if (kind != RowKind.Insert)
        {
            Expect("### WHERE\n"u8);
            Image(before);
        }
        if (kind != RowKind.Delete)
        {
            Expect("### SET\n"u8);
            Image(after);
        }
        return new VerboseRow(kind, table, before, after);
    }

    void Expect(ReadOnlySpan<byte> line)
    {
        if (!Line().SequenceEqual(line)) throw new UsageException($"mariadb-binlog did not write {Encoding.UTF8.GetString(line)}");
    }

    void Image(List<VerboseValue> values)
    {
        while (Line() is var line && line.StartsWith("###   @"u8))
        {
            var text = line.TrimEnd((byte)'\n')[7..];
            if (!Utf8Parser.TryParse(text, out int ordinal, out var used)) throw new UsageException("mariadb-binlog wrote a value without a number");
            text = text[(used + 1)..];
            var comment = text.LastIndexOf(" /* "u8);
            values.Add(new VerboseValue(ordinal - 1, text[..comment].ToArray(), text[(comment + 4)..].ToArray()));
        }
        _isPeeked = true;
    }

    VerboseStatement Statement()
    {
        var text = new ArrayBufferWriter<byte>();
        while (Line() is var line && !line.IsEmpty)
        {
            if (line.SequenceEqual("/*!*/;\n"u8)) return new VerboseStatement(text.WrittenMemory[..^1]);
            // Settings stand before it, each on a line that ends so.
            if (line.EndsWith("/*!*/;\n"u8)) text.Clear();
            else text.Write(line);
        }
        throw new UsageException("mariadb-binlog ended inside a statement");
    }

    // With its line break; empty at the end.
    ReadOnlySpan<byte> Line()
    {
        if (_isPeeked)
        {
            _isPeeked = false;
            return _buffer.AsSpan(_start, _length);
        }
        _start += _length;
        for (var searched = 0; ;)
        {
            var at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                _length = searched + at + 1;
                return _buffer.AsSpan(_start, _length);
            }
            searched = _end - _start;
            if (_start > 0) Buffer.BlockCopy(_buffer, _start, _buffer, 0, searched);
            (_start, _end) = (0, searched);
            if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
            var read = _output.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                _length = searched;
                return _buffer.AsSpan(0, _length);
            }
            _end += read;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
