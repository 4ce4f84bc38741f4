"""Durable accepts: 64 connections, 256, and one that sends one lead at a time. Each event is run through one audit step. The machine's speed
swings within minutes: what accepts are held against is measured right before and after them."""
from load import HERE, append_and_sync, load, peak, resident, started, wrk


def turn(bench):
    def append():
        return append_and_sync(host.folder, 1)

    def nginx():
        return wrk(bench.stub, "/", 2, 64)["rate"]

    def beside(measure, what):
        """What it gives, and the mean of `measure` before and after."""
        before = measure()
        got = what()
        return got, (before + measure()) / 2

    with bench.deployment(HERE / "accept") as host:
        bench.note("start, new store, s", started(host))
        bench.note("memory idle, MiB", resident(host.host))
        lone, alone = beside(append, lambda: wrk(host.hooks, "/hooks/crf", max(2, bench.seconds // 2), 1))
        bench.note("one connection, p50 ms", lone["p50"])
        bench.note("append + fdatasync beside it, p50 ms", alone)
        bench.note("one connection, p50 / append beside it", lone["p50"] / alone)
        for connections in (64, 256):
            got, yardstick = beside(nginx, lambda: load(host, bench.seconds, connections))
            bench.note(f"accept at {connections} / nginx beside it", got["rate"] / yardstick)
            bench.note(f"accept at {connections}, /s", got["rate"])
            bench.note(f"accept at {connections}, ended /s", got["delivered"])
            bench.note(f"accept at {connections}, p99 ms", got["p99"])
            bench.note(f"accept at {connections}, refused", got["refused"])
            bench.note(f"accept at {connections}, drain s", got["drain"])
            bench.note(f"accept at {connections}, processor us", got["micros"])
        bench.note("memory under load, MiB", peak(host.host))


def compare(seen):
    yield "accept at 64 / nginx", seen["accept at 64 / nginx beside it"], ">= 0.18"
    yield "accept at 64, p99 ms", seen["accept at 64, p99 ms"], "<= 15"
    yield "accept at 256 / at 64", seen["accept at 256, /s"] / seen["accept at 64, /s"], ">= 0.75"
    yield "one connection, p50 / append + fdatasync", seen["one connection, p50 / append beside it"], "<= 2.5"
    yield "accept at 64, drain s", seen["accept at 64, drain s"], "<= 2"
    yield "memory idle, MiB", seen["memory idle, MiB"], "<= 40"
    yield "memory under load, MiB", seen["memory under load, MiB"], "<= 128"
    yield "start, new store, s", seen["start, new store, s"], "<= 0.5"
