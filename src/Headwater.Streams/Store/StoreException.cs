namespace Headwater.Streams.Store;

/// <summary>A store cannot be opened or read on; the message is for people.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
