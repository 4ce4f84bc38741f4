"""From the start to the first accepted lead, with 100 pipelines."""
from load import HERE, first_accepted, many_pipelines


def turn(bench):
    with bench.deployment(HERE / "accept") as host:
        many_pipelines(host, 100)
        first_accepted(host, "/hooks/crf-0")  # the plugins' reports are kept from now on
        host.stop_host()
        bench.note("start with 100 pipelines to the first accept, s", first_accepted(host, "/hooks/crf-1"))


def compare(seen):
    yield "start with 100 pipelines to the first accept, s", seen["start with 100 pipelines to the first accept, s"], "<= 0.5"
