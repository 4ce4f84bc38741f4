"""Events that wait at the start, each in a lane of its own, against as many in a hundredth of the lanes: how quickly they end."""
import time

from load import HERE, started


def turn(bench):
    count = bench.options.lanes
    for lanes in (count, max(1, count // 100)):
        with bench.deployment(HERE / "accept") as host:
            bench.fill(host, count, lanes, "open")
            began = time.monotonic()
            started(host)
            host.wait_until_open_is_empty(900)
            bench.note("lanes: many, ended /s" if lanes == count else "lanes: few, ended /s", count / (time.monotonic() - began))


def compare(seen):
    yield "a lane for each event / a hundred events a lane", seen["lanes: many, ended /s"] / seen["lanes: few, ended /s"], ">= 0.75"
