using System.Text;

namespace Headwater.Configuration;

/// <summary>docs/configuration.md, from the table of keys: <c>headwater config docs</c> prints it, and a test keeps the file in step.</summary>
static class ConfigDocument
{
    const string Opening = """
        # Configuration

        `headwater serve --config headwater.yaml` reads one YAML file. The smallest one names the servers and the monitoring account:

        ```yaml
        servers: [10.0.0.1, 10.0.0.2, 10.0.0.3]
        monitor:
          user: headwater
          password_file: monitor.password
        ```

        Everything else has a default. Roles, replication links, flavour and capabilities are discovered and followed, never configured.

        - `headwater config check headwater.yaml` says what is wrong: file, line, column, key, what was found and what is allowed.
          `--show` prints every value in force, secrets as `***`.
        - `headwater config explain reads.wait` tells what a key means; without a key, all of them; `--json` for programs.
        - SIGHUP, or `headwater reload`, applies a changed file without dropping a session. It is applied whole or refused whole: with an error
          in the file, or a change to a key that needs a restart, the old configuration stays in force and the log says why.
        - Durations are written `200ms`, `10s`, `5m`, `1h`; sizes `512KB`, `64MB`, `1GB` (powers of 1024).
        - `${NAME}` in any value is replaced by the environment variable; `$${` stands for a plain `${`.
        - Relative paths begin at the file's directory.

        This page is generated from the table that the program itself reads by (`headwater config docs`); do not edit it.

        A fuller example:

        ```yaml
        cluster: shop
        servers:
          - 10.0.0.1
          - 10.0.0.2
          - { address: 10.0.0.3, name: reports, tags: [analytics] }
          - { address: 10.0.0.4, tags: [backup] }
        monitor:
          user: headwater
          password: ${HEADWATER_MONITOR_PASSWORD}
        listeners:
          - { address: "0.0.0.0:4406", socket: /run/headwater/headwater.sock, tls: optional }
          - { address: "0.0.0.0:4407", level: bounded 2s, tag: analytics }
        users:
          - { name: analyst, tag: analytics, level: eventual, max_sessions: 20 }
        reads: { level: session, wait: 100ms, max_lag: 10s }
        log: { format: json, slow: 500ms }
        ```


        """;

    /// <summary>The fuller example, for the test that keeps it readable.</summary>
    public static string FullerExample => Opening.Split("```yaml\n")[2].Split("```")[0];

    public static string SmallestExample => Opening.Split("```yaml\n")[1].Split("```")[0];

    public static string Write()
    {
        var text = new StringBuilder(Opening);
        text.Append("## Keys of the file itself\n\n");
        foreach (var key in Keys.In("").OfType<ValueKey>()) Value(text, key);
        foreach (var section in Keys.All.OfType<SectionKey>())
        {
            text.Append("## `").Append(section.PlainPath).Append("`\n\n").Append(section.Meaning).Append('\n');
            if (section.IsList) text.Append("\nA list").Append(section.Required ? ", required." : $"; absent: {section.DefaultInWords}.").Append('\n');
            text.Append('\n');
            foreach (var key in Keys.In(section.Path).OfType<ValueKey>()) Value(text, key);
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    static void Value(StringBuilder text, ValueKey key)
    {
        text.Append("### `").Append(key.PlainPath).Append("`\n\n").Append(key.Meaning).Append("\n\n");
        text.Append("- ").Append(key.Type).Append(": ").Append(key.Allowed).Append('\n');
        text.Append("- default: ").Append(key.Required ? "none, it is required" : key.Default is { } value ? $"`{value}`" : key.DefaultInWords).Append('\n');
        if (key.Example is not null) text.Append("- example: `").Append(key.Example).Append("`\n");
        if (!key.Reloadable) text.Append("- a change needs a restart\n");
        if (key.IsSecret) text.Append("- a secret: never shown or logged\n");
        text.Append('\n');
    }
}
