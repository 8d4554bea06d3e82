using System.Security.Cryptography;
using System.Text;

namespace Headwater.Logging;

/// <summary>Tells this machine's log entries from another's.</summary>
static class MachineId
{
    /// <summary>
    /// Sixteen hex digits of a hash of /etc/machine-id; the id itself should not leave the machine, says machine-id(5).
    /// The host name where there is none.
    /// </summary>
    public static string Read()
    {
        try
        {
            var id = File.ReadAllText("/etc/machine-id").Trim();
            if (id.Length > 0) return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(id), "headwater"u8)[..8]);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            // Containers often have none.
        }
        return Environment.MachineName;
    }
}
