"""`milepost check` of a thousand pipelines."""
import subprocess
import time

from load import HERE, many_pipelines

PIPELINES = 1000


def turn(bench):
    with bench.deployment(HERE / "accept") as host:
        many_pipelines(host, PIPELINES)
        began = time.monotonic()
        subprocess.run([bench.milepost, "check", "--config", host.folder], check=True, capture_output=True)
        bench.note("check of 1,000 pipelines, s", time.monotonic() - began)


def compare(seen):
    yield "check of 1,000 pipelines, s", seen["check of 1,000 pipelines, s"], "<= 1"
