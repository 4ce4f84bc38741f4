"""`milepost audit verify`, against one core that hashes as many bytes as a row and its details have."""
import hashlib
import subprocess
import time

from load import HERE


def hashed_per_second():
    row, details, count = b"r" * 560, b"d" * 130, 100_000
    began = time.monotonic()
    for _ in range(count):
        hashlib.sha256(row).digest()
        hashlib.sha256(details).digest()
    return count / (time.monotonic() - began)


def turn(bench):
    with bench.deployment(HERE / "accept") as host:
        events = max(10_000, bench.options.stored // 2)
        bench.fill(host, events, events, "done")
        command = [host.milepost, "audit", "verify", "--config", str(host.folder)]
        subprocess.run(command, check=True, capture_output=True)  # the file is in memory from now on
        began = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        bench.note("audit verify, rows /s", 2 * events / (time.monotonic() - began))
        bench.note("two hashes of a row's size, by one core, /s", hashed_per_second())


def compare(seen):
    yield "audit verify, rows /s", seen["audit verify, rows /s"], ">= 300000"
    yield "audit verify / hashing alone", seen["audit verify, rows /s"] / seen["two hashes of a row's size, by one core, /s"], None
