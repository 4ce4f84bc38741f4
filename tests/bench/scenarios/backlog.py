"""A backlog whose vendor is away: memory, and how soon a host that starts over it accepts."""
import time

from load import first_accepted, free_port, peak, resident

ONCE = True


def turn(bench):
    count = bench.options.backlog
    with bench.job(free_port()) as host:  # nobody listens there
        bench.fill(host, count, count, "open")
        bench.note(f"start with {count} unfinished events to the first accept, s", first_accepted(host))
        time.sleep(max(5, bench.seconds))
        bench.note(f"memory with a backlog of {count}, MiB", resident(host.host))
        bench.note(f"memory with a backlog of {count}, most MiB", peak(host.host))
        bench.note("backlog", count)


def compare(seen):
    count = int(seen["backlog"])
    yield f"start with {count:,} unfinished to the first accept, s", seen[f"start with {count} unfinished events to the first accept, s"], "<= 2"
    yield f"memory with a backlog of {count:,}, MiB", seen[f"memory with a backlog of {count}, most MiB"], "<= 250"
