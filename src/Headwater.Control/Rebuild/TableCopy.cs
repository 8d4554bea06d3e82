using System.Buffers;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Headwater.Core.Rebuild;
using Headwater.Servers;
using Headwater.Wire.MySql;

namespace Headwater.Control.Rebuild;

/// <summary>The target did not take a table as it is on the source.</summary>
sealed class CopyRefusedException(string sentence) : Exception(sentence);

/// <summary>The source's definition of a table is not that of the snapshot any more, so its rows cannot be read in it.</summary>
sealed class DefinitionChangedException(string sentence) : Exception(sentence);

/// <summary>
/// The rows of one table, from one server to another: read as they come, written as they come, some blocks in between and never more. A slow target slows
/// the reading down.
/// </summary>
sealed class TableCopy(ServerConnection source, ServerConnection target, CopiedTable table, Func<long, long, CancellationToken, ValueTask> moved)
{
    // One statement is one transaction on the target: large enough not to wait for the disk all the time, small enough to be undone soon.
    const int BlockBytes = 256 << 10, BlocksAhead = 8, StatementBytes = 32 << 20;
    const ushort DefinitionChanged = 1412, NoSuchTable = 1146, NoSuchColumn = 1054, UnknownDatabase = 1049, Truncated = 1265;
    readonly Channel<Block> _blocks = Channel.CreateBounded<Block>(new BoundedChannelOptions(BlocksAhead) { SingleReader = true, SingleWriter = true });

    readonly record struct Block(byte[] Bytes, int Length, int Rows);

    public long Rows { get; private set; }
    public long Bytes { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadAsync(ended.Token);
        try
        {
            await WriteAsync(ended.Token);
        }
        finally
        {
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_blocks.Reader.TryRead(out var block)) ArrayPool<byte>.Shared.Return(block.Bytes);
        }
        await reading;
    }

    async Task ReadAsync(CancellationToken ct)
    {
        try
        {
            var rows = await source.ReadAsync(Encoding.UTF8.GetBytes(table.Read), ct);
            var block = ArrayPool<byte>.Shared.Rent(BlockBytes * 2);
            int length = 0, count = 0;
            while (await rows.NextAsync(ct))
            {
                // No value can become more than twice as long.
                var needed = length + LoadText.Longest(rows.Row.Length) + 2 * rows.Columns;
                if (needed > block.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(needed);
                    block.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(block);
                    block = larger;
                }
                length += Encode(rows.Row.Span, rows.Columns, block.AsSpan(length));
                count++;
                if (length < BlockBytes) continue;
                await _blocks.Writer.WriteAsync(new Block(block, length, count), ct);
                block = ArrayPool<byte>.Shared.Rent(BlockBytes * 2);
                (length, count) = (0, 0);
            }
            if (count > 0) await _blocks.Writer.WriteAsync(new Block(block, length, count), ct);
            else ArrayPool<byte>.Shared.Return(block);
        }
        catch (ServerException e) when (e.Code is DefinitionChanged or NoSuchTable or NoSuchColumn or UnknownDatabase)
        {
            throw new DefinitionChangedException($"{table.Name}: {e.Message}");
        }
        finally
        {
            // However the reading has ended, what is being written is brought to its end, so that its connection can go on.
            _blocks.Writer.Complete();
        }
    }

    static int Encode(ReadOnlySpan<byte> row, int columns, Span<byte> into)
    {
        var reader = new PayloadReader(row);
        var at = 0;
        for (var i = 0; i < columns; i++)
        {
            at += reader.TryNull() ? LoadText.WriteNull(into[at..]) : LoadText.Write(reader.LengthEncodedBytes(), into[at..]);
            into[at++] = LoadText.After(last: i == columns - 1);
        }
        return at;
    }

    async Task WriteAsync(CancellationToken ct)
    {
        while (await _blocks.Reader.WaitToReadAsync(ct))
        {
            long sent = 0;
            var result = await target.LoadAsync(table.Load, StatementAsync(), ct);
            // LOCAL goes on past errors, which are then warnings: each row has to be there, and as it was.
            if ((long)result.AffectedRows != sent) throw new CopyRefusedException($"{table.Name}: of {sent} rows {result.AffectedRows} were taken; {await WarningsAsync(_ => true, ct)}");
            if (result.Warnings > 0 && await WarningsAsync(IsTrouble, ct) is { Length: > 0 } warnings) throw new CopyRefusedException($"{table.Name}: a value would not be what it is: {warnings}");

            async IAsyncEnumerable<ReadOnlyMemory<byte>> StatementAsync()
            {
                long bytes = 0;
                while (bytes < StatementBytes && await _blocks.Reader.WaitToReadAsync(ct) && _blocks.Reader.TryRead(out var block))
                {
                    yield return block.Bytes.AsMemory(0, block.Length);
                    ArrayPool<byte>.Shared.Return(block.Bytes);
                    bytes += block.Length;
                    sent += block.Rows;
                    Rows += block.Rows;
                    Bytes += block.Length;
                    await moved(block.Rows, block.Length, ct);
                }
            }
        }
    }

    bool IsTrouble(string?[] warning) => !(table.HasLabels && warning[1] == Truncated.ToString(CultureInfo.InvariantCulture)
        && table.Columns.Any(column => column.Kind == Core.Verify.ColumnKind.Bits && warning[2]!.Contains($"'{column.Name}'", StringComparison.Ordinal)));

    async Task<string> WarningsAsync(Func<string?[], bool> counts, CancellationToken ct) =>
        string.Join("; ", (await target.QueryAsync("SHOW WARNINGS", ct)).Rows.Where(counts).Take(3).Select(static row => row[2]));
}
