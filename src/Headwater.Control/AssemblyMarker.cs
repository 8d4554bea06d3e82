namespace Headwater.Control;

internal static class AssemblyMarker;
