"""All benchmarks: interleaved and shuffled, medians of the rounds, one table and JSON. docs/performance.md says what they are worth.

    scripts/bench [--seconds 8] [--rounds 3] [--only NAME …] [--json FILE] [--milepost build/release/bin/milepost]

Each scenario is a file of scenarios/. Needs wrk and nginx. Wants a machine that does nothing else: watch the A/A lines."""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from load import HERE, LEAD, Deployment, Nginx, free_port
from scenarios import ALL


class Bench:
    """What a scenario has to work with."""

    def __init__(self, options, stub, scratch):
        self.options, self.seconds, self.stub, self.scratch = options, options.seconds, stub, scratch
        self.milepost = pathlib.Path(options.milepost).resolve()
        self.plugins = self.milepost.parent.parent / "plugins"
        self.seen = {}

    def note(self, name, value):
        self.seen.setdefault(name, []).append(value)

    def tool(self, name):
        """One of our own, built beside the host; None where it is not."""
        path = self.milepost.parent / name
        return str(path) if path.exists() else None

    def deployment(self, folder):
        return Deployment(self.milepost, folder)

    @contextlib.contextmanager
    def job(self, vendor=None):
        """The deployment with one HTTP action; the vendor is nginx, unless a port says who."""
        with Deployment(self.milepost, HERE / "job") as host:
            stub = host.folder / "connections/stub.yaml"
            stub.write_text(stub.read_text().replace(f"127.0.0.1:{host.sandbox}", f"127.0.0.1:{vendor or self.stub}"))
            yield host

    def fill(self, host, count, lanes, state):
        """So many events into the store of a host that has not been started."""
        if not self.tool("bench_fill"):
            raise RuntimeError("bench_fill is not built: cmake --build --preset release --target bench_fill")
        data = host.folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        subprocess.run([self.tool("bench_fill"), str(data / "milepost.db"), "leads", str(count), str(lanes), state, str(LEAD)], check=True, capture_output=True)


def ulimit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))


def name_of(scenario):
    return scenario.__name__.rsplit(".", 1)[-1]


def measure(bench, scenarios):
    """Runs them, and returns what was left out or failed, with the reason: one that fails takes no other with it."""
    missing, todo = {}, []
    for scenario in scenarios:
        reason = scenario.wanted(bench) if hasattr(scenario, "wanted") else ""
        if reason:
            missing[name_of(scenario)] = reason
        else:
            todo.append(scenario)
    rounds = [[each for each in todo if not getattr(each, "ONCE", False)] for _ in range(bench.options.rounds)]
    rounds.append([each for each in todo if getattr(each, "ONCE", False)])
    for number, turns in enumerate(rounds):
        random.shuffle(turns)
        for scenario in turns:
            began = time.monotonic()
            try:
                scenario.turn(bench)
            except Exception as error:  # pylint: disable=broad-except
                missing[name_of(scenario)] = f"failed: {type(error).__name__}: {error}"
            word = f"round {number + 1} of {bench.options.rounds}" if number < bench.options.rounds else "once"
            print(f"{word:<14}{name_of(scenario):<18}{time.monotonic() - began:6.1f} s", file=sys.stderr)
    return missing


def compared(scenarios, median):
    """(what, value, mark to reach or None) of all that was measured."""
    rows = []
    for scenario in scenarios:
        with contextlib.suppress(KeyError):  # what it is held against was not measured
            for row in scenario.compare(median):
                rows.append(row)
    return rows


def reached(value, mark):
    relation, bound = mark.split()
    return value >= float(bound) if relation == ">=" else value <= float(bound)


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for name, value, more, *word in rows:
        print(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {more:<{widths[2]}}  {''.join(word)}".rstrip())


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Runs the benchmarks, prints one table.")
    parser.add_argument("--seconds", type=int, default=8, help="of load a turn (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="shuffled rounds (default 3)")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[name_of(each) for each in ALL], help="these scenarios, and the yardstick")
    parser.add_argument("--pipelines", type=int, default=1000, help="against one (default 1000)")
    parser.add_argument("--lanes", type=int, default=100_000, help="at once (default 100000)")
    parser.add_argument("--stored", type=int, default=500_000, help="stored events against ten thousand (default 500000; 5000000 in full)")
    parser.add_argument("--backlog", type=int, default=200_000, help="events whose vendor is away (default 200000; 1000000 in full)")
    parser.add_argument("--long", type=int, default=30, metavar="SECONDS", help="of long load (default 30; 600 in full)")
    parser.add_argument("--json", help="also write everything that was measured there")
    parser.add_argument("--milepost", default="build/release/bin/milepost")
    options = parser.parse_args()
    ulimit(20_000)
    scenarios = [each for each in ALL if not options.only or name_of(each) in [*options.only, "yardstick"]]
    began = time.monotonic()
    stub = free_port()
    with Nginx(stub), tempfile.TemporaryDirectory(prefix="milepost-bench-") as scratch:
        bench = Bench(options, stub, scratch)
        missing = measure(bench, scenarios)
    median = {name: statistics.median(values) for name, values in bench.seen.items()}
    lines = compared(scenarios, median)

    table([("measured", "median", "rounds")] + [(name, shown(median[name]), "  ".join(map(shown, values))) for name, values in bench.seen.items()])
    print()
    table([("figure", "value", "to reach", "")] + [(name, shown(value), mark or "", "" if not mark or reached(value, mark) else "missed") for name, value, mark in lines])
    for name, reason in missing.items():
        print(f"{name}: {reason}")
    print(f"{time.monotonic() - began:.0f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "cores": os.cpu_count(),
                       "options": vars(options), "rounds": bench.seen, "median": median,
                       "figures": [{"name": name, "value": value, "to_reach": mark} for name, value, mark in lines], "left_out": missing}, out, indent=2)
            out.write("\n")
    return 1 if any(reason.startswith("failed") for reason in missing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
