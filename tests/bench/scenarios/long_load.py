"""Load for a long time: the last part against the first, and what became of the memory. 600 s in full (--long 600)."""
from load import HERE, load, peak, resident, started

ONCE = True
PARTS = 3


def turn(bench):
    seconds = max(1, bench.options.long // PARTS)
    with bench.deployment(HERE / "accept") as host:
        started(host)
        for part in range(PARTS):
            got = load(host, seconds, 64)
            bench.note(f"long load, part {part + 1}, ended /s", got["delivered"])
            bench.note(f"long load, part {part + 1}, p99 ms", got["p99"])
            bench.note(f"long load, part {part + 1}, memory MiB", resident(host.host))
        bench.note("long load, most memory MiB", peak(host.host))


def compare(seen):
    yield "long load, last part / first", seen[f"long load, part {PARTS}, ended /s"] / seen["long load, part 1, ended /s"], ">= 0.75"
    yield "long load, most memory MiB", seen["long load, most memory MiB"], "<= 128"
