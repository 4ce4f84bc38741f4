"""What the machine gives today: nginx answering 200 to the same POST, twice in each round."""
from load import wrk


def turn(bench):
    bench.note("nginx, /s", wrk(bench.stub, "/", bench.seconds, 64)["rate"])
    bench.note("nginx again, /s", wrk(bench.stub, "/", bench.seconds, 64)["rate"])


def compare(seen):
    yield "A/A: nginx again / nginx", seen["nginx again, /s"] / seen["nginx, /s"], None
