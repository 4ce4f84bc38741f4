"""A plugin's library is exchanged under load, by a rename and by writing over it, for a connection in the host's process and for one in a child of
its own; now and then it is a file that is no library. No delivery is refused, every event is ordered once, by the old library or by the new one,
and the audit trail says by which."""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import Senders, wait_for  # noqa: E402
from faults.isolation import Vendor, children  # noqa: E402
from faults.reload import reloads  # noqa: E402
from harness.deployment import Deployment  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "exchange"


def main():
    parser = argparse.ArgumentParser()
    for name in ("milepost", "courier"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, default=200 if os.environ.get("MILEPOST_LONG") else 12)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.rounds} exchanges")
    library = pathlib.Path(arguments.courier).read_bytes()

    with Deployment(arguments.milepost, FOLDER) as d:
        folder = d.folder / "plugins"
        folder.mkdir()
        installed = folder / "courier.so"
        shutil.copy(arguments.courier, installed)
        vendor = Vendor(d.sandbox)
        d.start_host()
        senders = Senders(d, count=4, hooks=("inside", "apart"), pause=(0.01, 0.05)).start()
        refused = 0
        for number in range(arguments.rounds):
            damaged = number % 4 == 2
            # Bytes behind the end are no part of it, but another digest: another build.
            build = b"no library" if damaged else library + b"build %d" % number
            if number % 2:
                installed.write_bytes(build)
            else:
                beside = folder / "courier.new"
                beside.write_bytes(build)
                beside.rename(installed)
            d.host.send_signal(signal.SIGHUP)
            wait_for(f"exchange {number}", 60, lambda: sum(reloads(d).values()) > number)
            refused += damaged
            assert d.ready()[1]["folder"]["taken"] != damaged, d.ready()
            time.sleep(random.uniform(0.05, 0.2))
        assert reloads(d) == {"done": arguments.rounds - refused, "refused": refused}, reloads(d)
        time.sleep(0.5)
        senders.finish()
        strange = {status: count for status, count in senders.answers.items() if status not in (200, 202)}
        assert not strange, f"deliveries that were not taken: {strange}"
        events = [event for event in d.wait_until_ended(120) if event["pipeline"] != "milepost"]
        bad = {event["id"]: event.get("fault") for event in events if event["state"] != "done"}
        assert not bad, bad
        acknowledged = set(senders.acknowledged)
        assert acknowledged <= {event["id"] for event in events}, "an acknowledged event is lost"
        assert set(vendor.orders) == {event["id"] for event in events} and all(len(keys) == 1 for keys in vendor.orders.values())

        for pipeline in ("inside", "apart"):
            history = d.api(f"/api/v1/pipelines/{pipeline}/history?limit=500")["history"]
            assert len(history) == 1 + arguments.rounds - refused, (pipeline, len(history))
            rows = d.all_of(f"/api/v1/audit?kind=outcome&pipeline={pipeline}", "rows")
            builds = {row["plugin"] for row in rows if row.get("step") == "order"}
            assert len(builds) > 2, f"{pipeline}: the trail names the builds {builds}"
        shown = subprocess.run([arguments.milepost, "audit", "list", "--kind", "admin", "--json", "--config", str(d.folder)], capture_output=True, text=True, check=True).stdout
        assert "another build of the plugin courier" in shown, shown[:2000]
        # Of the old accounts' children none is left.
        wait_for("one child", 20, lambda: len(children(d.host.pid)) == 1)
        assert d.stop_host() == 0
        print(f"{arguments.rounds} exchanges, {refused} of them refused, {len(events)} events, each ordered once")
        print(d.verify().strip())


if __name__ == "__main__":
    main()
