namespace Headwater.Core.Rebuild;

/// <summary>What is done by itself about a replica that can follow no more.</summary>
public enum RebuildMode : byte
{
    /// <summary>It is told, with the command that rebuilds it.</summary>
    Propose,

    /// <summary>It is rebuilt, one replica at a time, and never one that others depend on.</summary>
    Auto,
    Off,
}
