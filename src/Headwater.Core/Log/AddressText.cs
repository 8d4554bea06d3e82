using System.Globalization;
using System.Net;
using System.Text;

namespace Headwater.Core.Log;

/// <summary>The types that are stored as short binaries and shown as names.</summary>
static class AddressText
{
    public static void Append(StringBuilder text, string declared, ReadOnlySpan<byte> bytes)
    {
        switch (declared)
        {
            case "uuid":
                for (var i = 0; i < bytes.Length; i++)
                {
                    if (i is 4 or 6 or 8 or 10) text.Append('-');
                    text.Append(CultureInfo.InvariantCulture, $"{bytes[i]:x2}");
                }
                break;
            default: text.Append(new IPAddress(bytes)); break;
        }
    }
}
