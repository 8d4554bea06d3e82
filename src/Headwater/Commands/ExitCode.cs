namespace Headwater.Commands;

/// <summary>What every command returns; printed by --help.</summary>
static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>headwater upgrade: the gateway that serves cannot be taken over from, so it would have to be stopped and started.</summary>
    public const int CannotTakeOver = 3;
}

/// <summary>Ends a command with one clear sentence on standard error.</summary>
sealed class CommandException(int exitCode, string sentence) : Exception(sentence)
{
    public int ExitCode { get; } = exitCode;
}
