using System.Reflection;

namespace Headwater;

static class BuildVersion
{
    public static readonly string Text =
        typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
