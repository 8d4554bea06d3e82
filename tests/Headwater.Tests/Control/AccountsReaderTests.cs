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

    [Theory]
    [InlineData("""{"access":256}""", AccountRights.SeesOthers, AccountTls.None)]
    [InlineData("""{"access":32768}""", AccountRights.EndsOthers, AccountTls.None)]
    [InlineData("""{"access":4294967296}""", AccountRights.EndsOthers, AccountTls.None)]
    [InlineData("""{"access":549755812863,"ssl_type":0}""", AccountRights.EndsOthers | AccountRights.SeesOthers, AccountTls.None)]
    [InlineData("""{"access":127,"ssl_type":1,"ssl_cipher":""}""", AccountRights.None, AccountTls.Any)]
    [InlineData("""{"ssl_type":2}""", AccountRights.None, AccountTls.Certificate)]
    [InlineData("""{"ssl_type":3,"x509_subject":"/CN=a","auth_or":[{},{"plugin":"unix_socket"}]}""", AccountRights.None, AccountTls.Certificate)]
    public void Rights_and_what_is_required_of_the_connection_are_understood(string priv, AccountRights rights, AccountTls tls)
    {
        var all = ImmutableArray.CreateBuilder<Account>();
        AccountsReader.Add(all, "%", "u", priv);
        Assert.NotEmpty(all);
        Assert.All(all, account => Assert.Equal((rights, tls), (account.Rights, account.Tls)));
        var without = ImmutableArray.CreateBuilder<Account>();
        AccountsReader.Add(without, "%", "u", "{}");
        Assert.False(AccountsReader.Same(new Accounts([all[0]]), new Accounts([without[0]])), "a change is published");
    }
}
