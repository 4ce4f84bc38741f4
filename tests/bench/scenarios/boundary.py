"""The connector's decoder linked in against the library that the host loads: alone, and as a part of a whole accept."""
import json
import subprocess

from load import LEAD


def wanted(bench):
    return "" if bench.tool("bench_boundary") else "bench_boundary is not built: cmake --build --preset release --target bench_boundary"


def turn(bench):
    done = subprocess.run([bench.tool("bench_boundary"), str(bench.plugins), str(LEAD)], capture_output=True, text=True, check=True)
    for name, nanoseconds in json.loads(done.stdout).items():
        bench.note(f"boundary: {name}, ns", nanoseconds)


def compare(seen):
    yield "A/A: linked in / linked in again", seen["boundary: linked, ns"] / seen["boundary: again, ns"], None
    yield "speed of the decoder alone, loaded / linked in", seen["boundary: linked, ns"] / seen["boundary: loaded, ns"], None
    whole, crossing = seen["accept at 64, processor us"], (seen["boundary: loaded, ns"] - seen["boundary: linked, ns"]) / 1000
    yield "speed of an accept, loaded / linked in, by processor time", (whole - crossing) / whole, ">= 0.85"
