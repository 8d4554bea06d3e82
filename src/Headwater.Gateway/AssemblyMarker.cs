namespace Headwater.Gateway;

internal static class AssemblyMarker;
