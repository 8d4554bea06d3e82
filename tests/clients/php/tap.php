<?php
// TAP in a few lines, shared by the two PHP clients.
declare(strict_types=1);

function env(string $name): string { return (string)getenv($name); }

function same(mixed $expected, mixed $found): void
{
    if ($expected !== $found) throw new RuntimeException('expected ' . short($expected) . ', found ' . short($found));
}

function short(mixed $value): string
{
    $text = var_export($value, true);
    return strlen($text) > 400 ? substr($text, 0, 400) . '...' : $text;
}

/** @param array<string, callable> $checks */
function run_checks(array $checks, callable $open): void
{
    $number = 0;
    $c = $open();
    foreach ($checks as $name => $check) {
        $number++;
        $started = microtime(true);
        try {
            $skip = $check($c);
            echo "ok $number - $name" . (is_string($skip) ? " # SKIP $skip" : sprintf(' (%d ms)', (microtime(true) - $started) * 1000)) . "\n";
        } catch (Throwable $error) {
            echo "not ok $number - $name\n";
            foreach (array_slice(explode("\n", (string)$error), 0, 10) as $line) echo "# $line\n";
            $c = null;
            $c = $open();
        }
    }
    echo "1..$number\n";
}
