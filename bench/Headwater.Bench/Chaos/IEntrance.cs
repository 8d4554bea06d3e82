using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>A gateway, as a session of the load meets it.</summary>
interface IEntrance
{
    SqlClient Connect(TimeSpan? patience = null);

    /// <summary>Killed by us, or back for too short a time to be blamed for what is cut.</summary>
    bool Excused { get; }
}
