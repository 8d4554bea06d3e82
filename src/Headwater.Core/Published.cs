namespace Headwater.Core;

/// <summary>
/// A value with one writer and any number of readers, replaced whole: the cluster view, the accounts, the catalogue.
/// Readers take <see cref="Current"/> once and work with what they took.
/// </summary>
public sealed class Published<T>(T initial) where T : class
{
    T _current = initial;

    public T Current => Volatile.Read(ref _current);

    /// <summary>Raised on the writer's thread after each replacement; handlers must not block.</summary>
    public event Action<T>? Changed;

    public void Publish(T next)
    {
        Volatile.Write(ref _current, next);
        Changed?.Invoke(next);
    }
}
