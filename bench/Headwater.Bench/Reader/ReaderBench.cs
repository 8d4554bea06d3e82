using Headwater.Bench.Lab;
using Headwater.Bench.Report;

namespace Headwater.Bench.Reader;

/// <summary>The reader of logs, held against mariadb-binlog, killed, cut off and timed.</summary>
static class ReaderBench
{
    public static int Run(Arguments arguments)
    {
        var options = ReaderOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"), ("mariadb-binlog", "--version"));
        Console.WriteLine($"seed       {options.Seed}");
        var bars = new Bars();
        var directory = Cluster.FreshDirectory("bench-reader", options.Keep);
        try
        {
            foreach (var part in options.Parts)
            {
                Console.WriteLine();
                var folder = Path.Combine(directory, part);
                switch (part)
                {
                    case "values": ValuesRun.Run(options, folder, bars); break;
                    case "names": NamesRun.Run(options, folder, bars); break;
                    case "large": LargeRun.Run(options, folder, bars); break;
                    case "resume": ResumeRun.Run(options, folder, bars); break;
                    case "rate": RateRun.Run(options, folder, bars); break;
                    case "fresh": FreshRun.Run(options, folder, bars); break;
                }
                if (!options.Keep && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            }
        }
        finally
        {
            if (!options.Keep) Directory.Delete(directory, recursive: true);
        }
        Console.WriteLine();
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }
}
