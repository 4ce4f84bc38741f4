"""Durable accepts per second, against nginx answering 200 to the same POST, interleaved in one run. Needs wrk and nginx.

    python3 tests/bench/accept.py build/release/bin/milepost [SECONDS] [ROUNDS]

Prints a line a round and the medians; also how long start-up takes, idle memory, and how long what was accepted takes to end."""
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import ROOT, Deployment, free_port  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def wrk(port, path, seconds, connections):
    environment = {**os.environ, "LEAD": str(ROOT / "examples/events/crf-lead.json"), "SEED": str(random.randrange(1, 2**31))}
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(HERE / "accept.lua"), f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, env=environment, check=True).stdout
    requests, refused, micros = map(int, re.search(r"RESULT (\d+) (\d+) (\d+)", done).groups())
    p99 = re.search(r"99%\s+(\S+)", done).group(1)
    return (requests - refused) / (micros / 1e6), refused, p99


def nginx(folder, port):
    config = folder / "nginx.conf"
    config.write_text(f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;\nevents {{ worker_connections 1024; }}\n"
                      f"http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n"
                      f"server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }} }}\n")
    return subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)])


def resident(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1024


def main():
    milepost, seconds, rounds = sys.argv[1], int((sys.argv + ["", "", "8"])[2] or 8), int((sys.argv + ["", "", "", "3"])[3] or 3)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="milepost-bench-"))
    port = free_port()
    with Deployment(milepost, HERE / "accept") as d:
        started = time.monotonic()
        d.start_host()
        print(f"start to first answer {time.monotonic() - started:.2f} s (first start: makes the store), idle {resident(d.host):.0f} MiB")
        other = nginx(folder, port)
        time.sleep(0.5)
        ours, theirs, control = [], [], []
        for number in range(rounds):
            turns = [("nginx", port, "/"), ("nginx again", port, "/"), ("milepost", d.hooks, "/hooks/crf")]
            random.shuffle(turns)
            for name, to, path in turns:
                rate, refused, p99 = wrk(to, path, seconds, 64)
                {"nginx": theirs, "nginx again": control, "milepost": ours}[name].append(rate)
                print(f"round {number + 1}  {name:<12} {rate:9.0f}/s  p99 {p99}  refused {refused}")
                if name == "milepost":
                    ended = time.monotonic()
                    d.wait_until_open_is_empty(300)
                    print(f"         what was accepted had ended {time.monotonic() - ended:.1f} s after the load stopped; {resident(d.host):.0f} MiB")
        other.terminate()
        print(f"median: milepost {statistics.median(ours):.0f}/s, nginx {statistics.median(theirs):.0f}/s, again {statistics.median(control):.0f}/s: "
              f"{statistics.median(ours) / statistics.median(theirs):.3f} x nginx (A/A {statistics.median(control) / statistics.median(theirs):.2f})")
        started = time.monotonic()
        d.stop_host()
        stopped = time.monotonic()
        d.start_host()
        print(f"stop {stopped - started:.2f} s, start over the full store {time.monotonic() - stopped:.2f} s")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
