using Headwater.Core.Consumers;

namespace Headwater.Streams.Sinks;

/// <summary>Where changes are handed on to: a broker, a receiver of HTTP. Opened anew after each failure.</summary>
interface ISink : IAsyncDisposable
{
    /// <exception cref="SinkException">It cannot be reached, or refuses.</exception>
    Task OpenAsync(CancellationToken ct);

    /// <summary>Returns when all of them are safe on the other side, in their order. After a failure any of them may be there, beside those that are told to be.</summary>
    /// <exception cref="SinkException">Not all of them are known to be.</exception>
    Task SendAsync(IReadOnlyList<ChangeRecord> batch, CancellationToken ct);
}

/// <summary>The other side does not take what it is given. The sentence is for an operator.</summary>
/// <param name="sentence">What it says, or does not.</param>
/// <param name="confirmed">How many from the beginning of the batch are safe all the same.</param>
sealed class SinkException(string sentence, Exception? cause = null, int confirmed = 0) : Exception(sentence, cause)
{
    public int Confirmed => confirmed;
}
