"""Durable accepts per second, against nginx answering 200 to the same POST, interleaved in one run. Needs wrk and nginx.

    python3 tests/bench/accept.py build/release/bin/milepost [SECONDS] [ROUNDS]

Prints a line a round and the medians; also how long start-up takes, idle memory, and how long what was accepted takes to end."""
import random
import statistics
import sys
import time

from load import HERE, Deployment, Nginx, free_port, resident, wrk


def main():
    milepost, seconds, rounds = sys.argv[1], int((sys.argv + ["", "", "8"])[2] or 8), int((sys.argv + ["", "", "", "3"])[3] or 3)
    port = free_port()
    with Nginx(port), Deployment(milepost, HERE / "accept") as d:
        started = time.monotonic()
        d.start_host()
        print(f"start to first answer {time.monotonic() - started:.2f} s (first start: makes the store), idle {resident(d.host):.0f} MiB")
        ours, theirs, control = [], [], []
        for number in range(rounds):
            turns = [("nginx", port, "/"), ("nginx again", port, "/"), ("milepost", d.hooks, "/hooks/crf")]
            random.shuffle(turns)
            for name, to, path in turns:
                got = wrk(to, path, seconds, 64)
                rate, refused, p99 = got["rate"], got["refused"], got["p99"]
                {"nginx": theirs, "nginx again": control, "milepost": ours}[name].append(rate)
                print(f"round {number + 1}  {name:<12} {rate:9.0f}/s  p99 {p99:.2f} ms  refused {refused}")
                if name == "milepost":
                    ended = time.monotonic()
                    d.wait_until_open_is_empty(300)
                    print(f"         what was accepted had ended {time.monotonic() - ended:.1f} s after the load stopped; {resident(d.host):.0f} MiB")
        print(f"median: milepost {statistics.median(ours):.0f}/s, nginx {statistics.median(theirs):.0f}/s, again {statistics.median(control):.0f}/s: "
              f"{statistics.median(ours) / statistics.median(theirs):.3f} x nginx (A/A {statistics.median(control) / statistics.median(theirs):.2f})")
        started = time.monotonic()
        d.stop_host()
        stopped = time.monotonic()
        d.start_host()
        print(f"stop {stopped - started:.2f} s, start over the full store {time.monotonic() - stopped:.2f} s")


if __name__ == "__main__":
    main()
