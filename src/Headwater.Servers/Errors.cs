using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

static class Errors
{
    /// <summary>ER_HANDSHAKE_ERROR, for refusals of our own while logging in.</summary>
    public const ushort Handshake = 1043;

    public static ServerException Of(in ErrPacket error) =>
        new(error.Code, Encoding.ASCII.GetString(error.SqlState), Encoding.UTF8.GetString(error.Message));
}
