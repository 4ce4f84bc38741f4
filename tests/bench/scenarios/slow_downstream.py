"""A vendor that takes 20 ms for an answer, eight at a time: the backlog grows, and intake must not feel it."""
from load import SlowVendor, free_port, peak, started, wrk


def turn(bench):
    port = free_port()
    with SlowVendor(port, 0.02), bench.job(port) as host:
        stub = host.folder / "connections/stub.yaml"
        stub.write_text(stub.read_text().replace("in_flight: 32", "in_flight: 8"))
        started(host)
        got = wrk(host.hooks, "/hooks/crf", bench.seconds, 64)
        bench.note("slow downstream, accepted /s", got["rate"])
        bench.note("slow downstream, refused", got["refused"])
        bench.note("slow downstream, memory MiB", peak(host.host))


def compare(seen):
    yield "accepted, downstream slower / one HTTP action's", seen["slow downstream, accepted /s"] / seen["one HTTP action, accepted /s"], ">= 0.75"
    yield "slow downstream, memory MiB", seen["slow downstream, memory MiB"], "<= 128"
