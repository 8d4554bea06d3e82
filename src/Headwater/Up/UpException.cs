namespace Headwater.Up;

/// <summary>The cluster cannot start; the message is written for the person at the terminal and says what to do.</summary>
internal sealed class UpException(string message, Exception? inner = null) : Exception(message, inner);
