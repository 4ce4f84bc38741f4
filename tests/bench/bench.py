"""All benchmarks: interleaved and shuffled, medians of the rounds, one table and JSON. docs/performance.md says what they are worth.

    scripts/bench [--seconds 8] [--rounds 3] [--json FILE] [--milepost build/release/bin/milepost]

Needs wrk and nginx. Wants a machine that does nothing else: watch the A/A line."""
import argparse
import datetime
import json
import os
import random
import resource
import statistics
import sys
import time

from load import HERE, Deployment, Nginx, append_and_sync, free_port, resident, wrk


def accepts(host, port, seconds, connections):
    """Accepts under load, then how long what was accepted takes to end."""
    result = wrk(host.hooks, "/hooks/crf", seconds, connections)
    result["peak"] = resident(host.host)
    ended = time.monotonic()
    host.wait_until_open_is_empty(600)
    result["drain"] = time.monotonic() - ended
    # Delivered: over the load and the drain, so that a backlog is not taken for speed.
    result["delivered"] = result["good"] / (seconds + result["drain"])
    return result


def started(host):
    began = time.monotonic()
    host.start_host()
    return time.monotonic() - began


def ulimit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))


def measure(options):
    ulimit(20_000)
    rounds, seen = options.rounds, {}

    def note(name, value):
        seen.setdefault(name, []).append(value)

    stub = free_port()
    with Nginx(stub), Deployment(options.milepost, HERE / "accept") as accept, Deployment(options.milepost, HERE / "job") as job:
        stub_file = job.folder / "connections/stub.yaml"
        stub_file.write_text(stub_file.read_text().replace(f"127.0.0.1:{job.sandbox}", f"127.0.0.1:{stub}"))
        note("start, new store, ms", started(accept) * 1e3)
        note("memory idle, MiB", resident(accept.host))
        started(job)

        def yardstick(name):
            return lambda: note(name, wrk(stub, "/", options.seconds, 64)["rate"])

        def accept_by(connections):
            def run():
                got = accepts(accept, stub, options.seconds, connections)
                note(f"accept at {connections}, /s", got["rate"])
                note(f"accept at {connections}, p99 ms", got["p99"])
                note(f"accept at {connections}, refused", got["refused"])
                note(f"accept at {connections}, drain s", got["drain"])
                note(f"accept at {connections}, ended /s", got["delivered"])
                note("memory under load, MiB", got["peak"])
            return run

        def one_by_one():
            note("append + fdatasync, p50 ms", append_and_sync(accept.scratch, 1))
            note("one connection, p50 ms", wrk(accept.hooks, "/hooks/crf", max(2, options.seconds // 2), 1)["p50"])

        def whole_job():
            got = accepts(job, stub, options.seconds, 64)
            note("one HTTP action, accepted /s", got["rate"])
            note("one HTTP action, delivered /s", got["delivered"])
            note("one HTTP action, drain s", got["drain"])

        turns = [yardstick("nginx, /s"), yardstick("nginx again, /s"), accept_by(64), accept_by(256), one_by_one, whole_job]
        for number in range(rounds):
            random.shuffle(turns)
            for turn in turns:
                turn()
            print(f"round {number + 1} of {rounds} done", file=sys.stderr)
        stored = accept.api("/api/v1/events?limit=1")["events"][0]["sequence"]
        note("events stored", stored)
        accept.stop_host()
        note("start, full store, ms", started(accept) * 1e3)
    return seen


def ratios(median):
    nginx = median["nginx, /s"]
    return {
        "A/A: nginx again / nginx": median["nginx again, /s"] / nginx,
        "accept at 64 / nginx": median["accept at 64, /s"] / nginx,
        "accept at 256 / at 64": median["accept at 256, /s"] / median["accept at 64, /s"],
        "one connection / append + fdatasync": median["one connection, p50 ms"] / median["append + fdatasync, p50 ms"],
        "one HTTP action delivered / nginx": median["one HTTP action, delivered /s"] / nginx,
    }


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Runs the benchmarks, prints one table.")
    parser.add_argument("--seconds", type=int, default=8, help="of load a turn (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="shuffled rounds (default 3)")
    parser.add_argument("--json", help="also write everything that was measured there")
    parser.add_argument("--milepost", default="build/release/bin/milepost")
    options = parser.parse_args()
    seen = measure(options)
    median = {name: statistics.median(values) for name, values in seen.items()}
    compared = ratios(median)
    rows = [("figure", "median", "rounds")]
    rows += [(name, shown(median[name]), "  ".join(shown(value) for value in values)) for name, values in seen.items()]
    rows += [("", "", "")] + [(name, shown(value), "") for name, value in compared.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    for name, value, values in rows:
        print(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {values}".rstrip())
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "cores": os.cpu_count(), "seconds": options.seconds,
                       "rounds": seen, "median": median, "ratios": compared}, out, indent=2)
            out.write("\n")


if __name__ == "__main__":
    main()
