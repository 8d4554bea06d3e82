namespace Headwater.Lab.Stage;

sealed record LabClusterOptions
{
    /// <summary>db1 is the primary, the others follow it.</summary>
    public int Servers { get; init; } = 2;

    /// <summary>A controller will stand over the servers: each starts read_only and waits for its orders.</summary>
    public bool IsControlled { get; init; }

    /// <summary>Nobody follows anybody yet.</summary>
    public bool IsApart { get; init; }

    /// <summary>Lines of the option file of one server, by its number from 1, behind those that it has in every cluster of headwater up.</summary>
    public Func<int, string> Settings { get; init; } = static _ => "";
}
