namespace Headwater.Servers;

internal static class AssemblyMarker;
