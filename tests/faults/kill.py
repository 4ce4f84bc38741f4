"""kill -9 at random moments, under load: two pipelines, one with a wait and batches, and vendors that fail one call in five. Afterwards every
acknowledged event has ended, once in effect, in order, and the chain verifies.

The sender keeps its own record of what was acknowledged; the doubles keep theirs of what arrived."""
import argparse
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import FOLDER, Senders, check  # noqa: E402
from harness.deployment import Deployment, call  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--rounds", type=int, default=200 if os.environ.get("MILEPOST_LONG") else 6)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.rounds} rounds")

    # Two minutes, which the postcard vendor's list may lag, pass in six seconds.
    with Deployment(arguments.milepost, FOLDER, speed=20) as d:
        d.start()
        # The double has an account's limits; this is no test of them.
        assert call(d.sandbox, "POST", "/hubspot/_limits", b'{"burst": 1000000, "daily": 10000000}')[0] < 300
        for vendor, path in (("hubspot", "*/batch/upsert"), ("postcard", "*")):
            d.fault(vendor=vendor, match={"method": "POST", "path": path}, times=1_000_000, every=5, answer={"status": 503, "body": "down"})
        # In many rounds fewer each second: what a double holds is read as one text in the end, of 16 MiB at most.
        senders = Senders(d, hooks=("kill", "later"), pause=(0.01, 0.06) if arguments.rounds <= 20 else (0.2, 0.5)).start()
        for _ in range(arguments.rounds):
            time.sleep(random.uniform(0.1, 0.9))
            d.kill_host()
            d.start_host()
        time.sleep(0.5)
        senders.finish()
        events = d.wait_until_ended(180 + 6 * arguments.rounds)
        check(d, senders, events)
        # Once more over the quiet store: nothing may happen again.
        before = writes(d)
        d.kill_host()
        d.start_host()
        d.wait_until_ended(60)
        assert writes(d) == before, f"a restart over a quiet store wrote again: {before}, then {writes(d)}"
        assert d.stop_host() == 0
        print(f"writes, none of them after a last restart: {before}")
        print(d.verify().strip())


def writes(d):
    """How many requests that change something each vendor has received."""
    return {vendor: len([request for request in d.requests(vendor) if request["method"] != "GET" and "login" not in request["target"]])
            for vendor in ("postcard", "hubspot")}


if __name__ == "__main__":
    main()
