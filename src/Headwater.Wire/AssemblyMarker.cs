namespace Headwater.Wire;

internal static class AssemblyMarker;
