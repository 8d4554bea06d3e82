using System.Globalization;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Reader;

/// <summary>What a reader that ran alone in a process has said of itself.</summary>
sealed record Counted(long Transactions, long Rows, long Bytes, double Seconds, double Cpu, long EarlyPeak, long Peak, long Allocated, long Collections)
{
    public static string Program => Environment.ProcessPath!;

    public static Counted Run(params string[] arguments)
    {
        var (code, output) = ChildProcess.Run(Program, [ReaderChild.Verb, .. arguments], TimeSpan.FromMinutes(30));
        if (code != 0) throw new UsageException($"the reader's process ended with {code}: {output}");
        var words = output.Trim().Split(' ');
        long Whole(int i) => long.Parse(words[i], CultureInfo.InvariantCulture);
        double Real(int i) => double.Parse(words[i], CultureInfo.InvariantCulture);
        return new Counted(Whole(0), Whole(1), Whole(2), Real(3), Real(4), Whole(5), Whole(6), Whole(7), Whole(8));
    }
}
