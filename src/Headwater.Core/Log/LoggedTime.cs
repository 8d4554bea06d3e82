using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Headwater.Core.Log;

/// <summary>Dates and times as they are stored, written as the server writes them; timestamps in UTC. Source: MariaDB's sql-common/my_time.c.</summary>
static class LoggedTime
{
    public static void Append(StringBuilder text, LoggedType type, ReadOnlySpan<byte> raw, int scale)
    {
        switch (type)
        {
            case LoggedType.Date:
                var date = raw[0] | raw[1] << 8 | raw[2] << 16;
                AppendDate(text, date >> 9, date >> 5 & 15, date & 31);
                break;
            case LoggedType.Time: AppendTime(text, raw, scale); break;
            case LoggedType.DateTime: AppendDateTime(text, raw, scale); break;
            case LoggedType.Timestamp:
                AppendTimestamp(text, BinaryPrimitives.ReadUInt32BigEndian(raw));
                AppendFraction(text, BigEndian(raw[4..]), raw.Length - 4, scale);
                break;
            case LoggedType.OldTimestamp: AppendTimestamp(text, BinaryPrimitives.ReadUInt32LittleEndian(raw)); break;
            case LoggedType.OldTime:
                var time = (raw[0] | raw[1] << 8 | raw[2] << 16) << 8 >> 8;
                if (time < 0) text.Append('-');
                time = Math.Abs(time);
                AppendOldClock(text, time);
                break;
            default:
                var packed = BinaryPrimitives.ReadUInt64LittleEndian(raw);
                var (day, clock) = (packed / 1_000_000, packed % 1_000_000);
                if (day > 99991231 || day / 100 % 100 > 12 || day % 100 > 31) throw WithFraction();
                AppendDate(text, (long)(day / 10000), (long)(day / 100 % 100), (long)(day % 100));
                text.Append(' ');
                AppendOldClock(text, (long)clock);
                break;
        }
    }

    static void AppendOldClock(StringBuilder text, long clock)
    {
        if (clock / 100 % 100 > 59 || clock % 100 > 59) throw WithFraction();
        AppendClock(text, clock / 10000, clock / 100 % 100, clock % 100);
    }

    // The old format with a fraction is another one of the same name; its values mostly make no sense as this one.
    static InvalidOperationException WithFraction() => new("The log has a time with a fraction in the format of mysql56_temporal_format=OFF, which it does not mark as such.");

    // The whole is one signed number, offset so that it is positive; hours above 23 have ten bits.
    static void AppendTime(StringBuilder text, ReadOnlySpan<byte> raw, int scale)
    {
        var fractionBytes = raw.Length - 3;
        var packed = BigEndian(raw) - (0x80L << 8 * (raw.Length - 1));
        if (packed < 0) text.Append('-');
        packed = Math.Abs(packed);
        var whole = packed >> 8 * fractionBytes;
        AppendClock(text, whole >> 12 & 0x3FF, whole >> 6 & 63, whole & 63);
        AppendFraction(text, packed & (1L << 8 * fractionBytes) - 1, fractionBytes, scale);
    }

    static void AppendDateTime(StringBuilder text, ReadOnlySpan<byte> raw, int scale)
    {
        var packed = BigEndian(raw[..5]) - 0x8000000000;
        var months = packed >> 22;
        AppendDate(text, months / 13, months % 13, packed >> 17 & 31);
        text.Append(' ');
        AppendClock(text, packed >> 12 & 31, packed >> 6 & 63, packed & 63);
        AppendFraction(text, BigEndian(raw[5..]), raw.Length - 5, scale);
    }

    static void AppendTimestamp(StringBuilder text, uint seconds)
    {
        if (seconds == 0) text.Append("0000-00-00 00:00:00");
        else text.Append(DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
    }

    static void AppendDate(StringBuilder text, long year, long month, long day) =>
        text.Append(CultureInfo.InvariantCulture, $"{year:D4}-{month:D2}-{day:D2}");

    static void AppendClock(StringBuilder text, long hours, long minutes, long seconds) =>
        text.Append(CultureInfo.InvariantCulture, $"{hours:D2}:{minutes:D2}:{seconds:D2}");

    // One byte holds hundredths, two ten-thousandths, three microseconds.
    static void AppendFraction(StringBuilder text, long value, int bytes, int scale)
    {
        if (scale == 0) return;
        var shown = value.ToString(CultureInfo.InvariantCulture).PadLeft(bytes * 2, '0');
        text.Append('.').Append(shown.AsSpan(0, Math.Min(scale, shown.Length)));
    }

    static long BigEndian(ReadOnlySpan<byte> bytes)
    {
        long value = 0;
        foreach (var b in bytes) value = value << 8 | b;
        return value;
    }
}
