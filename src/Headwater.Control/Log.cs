using Microsoft.Extensions.Logging;

namespace Headwater.Control;

/// <summary>All that Control says, with stable numbers.</summary>
static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "cluster {Cluster}, epoch {Epoch}: the primary is {Primary}: {Reason}")]
    public static partial void PrimaryIs(ILogger log, string cluster, long epoch, string primary, string reason);

    [LoggerMessage(2001, LogLevel.Warning, "cluster {Cluster}: no primary is known: {Reason}")]
    public static partial void NoPrimary(ILogger log, string cluster, string reason);

    [LoggerMessage(2002, LogLevel.Information, "server {Server} is {Role} and {Health}: {Reason}")]
    public static partial void ServerIs(ILogger log, string server, string role, string health, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "server {Server} is {Health} (was {Before}): {Reason}")]
    public static partial void ServerIsOut(ILogger log, string server, string health, string before, string reason);

    [LoggerMessage(2004, LogLevel.Information, "server {Server} begins incarnation {Incarnation}: {Reason}")]
    public static partial void NewIncarnation(ILogger log, string server, int incarnation, string reason);

    [LoggerMessage(2005, LogLevel.Information, "server {Server} joins: {Reason}")]
    public static partial void Joined(ILogger log, string server, string reason);

    [LoggerMessage(2006, LogLevel.Information, "server {Server} is watched no more: it left the configuration")]
    public static partial void Left(ILogger log, string server);

    [LoggerMessage(2007, LogLevel.Warning, "the look at {Server} took {Milliseconds} ms although it should have ended earlier: this process was held up, so nothing is concluded from it")]
    public static partial void HeldUp(ILogger log, string server, long milliseconds);

    [LoggerMessage(2008, LogLevel.Information, "{Accounts} accounts learnt from {Server}")]
    public static partial void AccountsLearnt(ILogger log, int accounts, string server);

    [LoggerMessage(2009, LogLevel.Warning, "the accounts cannot be learnt from {Server}: {Reason}")]
    public static partial void AccountsNotLearnt(ILogger log, string server, string reason);

    [LoggerMessage(2010, LogLevel.Warning, "{Server} does not let the monitor see what proves visibility (BINLOG MONITOR is needed): {Reason}")]
    public static partial void ProofRefused(ILogger log, string server, string reason);

    [LoggerMessage(2011, LogLevel.Debug, "the position connection to {Server} ended: {Reason}")]
    public static partial void PositionsLost(ILogger log, string server, string reason);

    [LoggerMessage(2012, LogLevel.Information, "catalogue learnt from {Server}: {Routines} routines, {Views} views that are not plain reads")]
    public static partial void CatalogueLearnt(ILogger log, string server, int routines, int views);

    [LoggerMessage(2013, LogLevel.Warning, "the catalogue cannot be learnt from {Server}: {Reason}")]
    public static partial void CatalogueNotLearnt(ILogger log, string server, string reason);

    [LoggerMessage(2014, LogLevel.Warning, "the position of {Server} went backwards: it is looked at anew")]
    public static partial void Rewound(ILogger log, string server);
}
