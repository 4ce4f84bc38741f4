"""The whole job: each lead becomes one HTTP action, through plugin boundary, ledger and audit, to nginx as the vendor."""
from load import load, started


def turn(bench):
    with bench.job() as host:
        started(host)
        got = load(host, bench.seconds, 64)
        bench.note("one HTTP action, accepted /s", got["rate"])
        bench.note("one HTTP action, delivered /s", got["delivered"])
        bench.note("one HTTP action, drain s", got["drain"])
        bench.note("one HTTP action, processor us", got["micros"])


def compare(seen):
    yield "one HTTP action delivered / nginx", seen["one HTTP action, delivered /s"] / seen["nginx, /s"], ">= 0.06"
    yield "one HTTP action, drain s", seen["one HTTP action, drain s"], "<= 2"
