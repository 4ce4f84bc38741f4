"""Ten thousand stored events against many."""
from load import HERE, load, started

ONCE = True


def turn(bench):
    few, many = 10_000, bench.options.stored
    with bench.deployment(HERE / "accept") as small, bench.deployment(HERE / "accept") as large:
        bench.fill(small, few, few, "done")
        bench.fill(large, many, many, "done")
        for host, number in 2 * [(small, few), (large, many)]:
            bench.note(f"start over {number} events, s", started(host))
            bench.note(f"accept over {number} events, /s", load(host, bench.seconds, 64)["delivered"])
            host.stop_host()
    bench.note("stored: few", few)
    bench.note("stored: many", many)


def compare(seen):
    few, many = int(seen["stored: few"]), int(seen["stored: many"])
    yield f"accept over {many:,} stored events / over {few:,}", seen[f"accept over {many} events, /s"] / seen[f"accept over {few} events, /s"], ">= 0.75"
