using System.Collections.Immutable;
using Headwater.Control;
using Headwater.Core.Topology;

namespace Headwater.Tests.Control;

public class AccountsReaderTests
{
    [Theory]
    [InlineData("""{}""", "mysql_native_password: open")]
    [InlineData("""{"access":1,"plugin":"mysql_native_password","authentication_string":"*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"}""", "mysql_native_password: 14e65567abdb5135d0cfd9a70b3032c179a49ee7")]
    [InlineData("""{"plugin":"mysql_native_password","authentication_string":"","account_locked":true}""", "mysql_native_password: locked")]
    [InlineData("""{"plugin":"mysql_native_password","authentication_string":"invalid","auth_or":[{},{"plugin":"unix_socket"}]}""", "mysql_native_password: locked, unix_socket: open")]
    [InlineData("""{"plugin":"ed25519","authentication_string":"ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"}""", "ed25519: 648814444520e4f56043a2ec9215e63be7992d2d270bc6dee873e36164786096")]
    [InlineData("""{"plugin":"ed25519","authentication_string":"nonsense"}""", "ed25519: locked")]
    [InlineData("""{"is_role":true}""", "")]
    public void What_the_server_stores_is_understood(string priv, string expected)
    {
        var all = ImmutableArray.CreateBuilder<Account>();
        AccountsReader.Add(all, "%", "u", priv);
        Assert.Equal(expected, string.Join(", ", all.Select(static a =>
            $"{a.Plugin}: {(a.Locked ? "locked" : a.Authentication.IsEmpty ? "open" : Convert.ToHexStringLower(a.Authentication.AsSpan()))}")));
    }
}
