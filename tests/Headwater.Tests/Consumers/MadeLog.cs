using System.Buffers.Binary;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Tests.Consumers;

/// <summary>Transactions as a log would have them, made by hand.</summary>
static class MadeLog
{
    public static LoggedColumn Integer(string? name, int ordinal, int bytes, bool isUnsigned = false) =>
        new() { Ordinal = ordinal, Name = name, Type = LoggedType.Integer, Length = bytes, IsUnsigned = isUnsigned };

    /// <summary>A table <c>d.name</c> of an <c>id</c> of 4 bytes and a <c>v</c>.</summary>
    public static LoggedTable Table(string name, params LoggedColumn[] columns) =>
        new("d", name, columns.Length > 0 ? columns : [Integer("id", 0, 4), Integer("v", 1, 4)]);

    /// <summary>One row. A value that is not in the image is null.</summary>
    public static LoggedRows Row(LoggedTable table, RowKind kind, long?[]? before, long?[]? after)
    {
        var bytes = new List<byte>();
        var spans = new List<ValueSpan>();
        var images = new ImageColumns[2];
        for (var image = 0; image < 2; image++)
        {
            var values = image == 0 ? before : after;
            images[image] = values is null ? ImageColumns.None : new ImageColumns([.. values.Select(value => value is not null)]);
            for (var i = 0; i < (values?.Length ?? 0); i++)
            {
                if (values![i] is not { } value) continue;
                var raw = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(raw, value);
                spans.Add(new ValueSpan(bytes.Count, table.Columns[i].Length));
                bytes.AddRange(raw[..table.Columns[i].Length]);
            }
        }
        return new LoggedRows(table, kind, images[0], images[1], bytes.ToArray(), [.. spans], 1);
    }

    public static LoggedRows Insert(LoggedTable table, params long?[] after) => Row(table, RowKind.Insert, null, after);
    public static LoggedRows Delete(LoggedTable table, params long?[] before) => Row(table, RowKind.Delete, before, null);
    public static LoggedRows Update(LoggedTable table, long?[] before, long?[] after) => Row(table, RowKind.Update, before, after);

    public static LoggedStatement Text(string text, StatementKind kind = StatementKind.Definition) =>
        new() { Kind = kind, Schema = "d", Text = Encoding.UTF8.GetBytes(text) };

    public static Transaction Transaction(Gtid gtid, params LoggedChange[] changes) => Piece(gtid, true, TransactionFlags.Transactional, changes);

    public static Transaction Piece(Gtid gtid, bool isLast, TransactionFlags flags, params LoggedChange[] changes) => new()
    {
        Gtid = gtid,
        Seconds = 0,
        Flags = flags,
        End = TransactionEnd.Commit,
        Changes = changes,
        IsLast = isLast,
        Bytes = 100,
        Start = new LogPlace("log.000001", 4),
        Next = new LogPlace("log.000001", 104),
        Checksum = 0,
    };
}
