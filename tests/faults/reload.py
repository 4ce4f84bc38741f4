"""Reloads under load: pipelines and connections are edited, added, taken away and broken while webhooks come in, and the vendors fail one call in
five. No delivery is refused, every acknowledged event ends, once in effect, in order; and the history says which version was live when."""
import argparse
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import FOLDER, Senders, check, wait_for  # noqa: E402
from harness.deployment import Deployment, call  # noqa: E402

EXTRA = """pipeline: extra
source: {{use: webhook, with: {{path: /hooks/extra, verify: none}}}}
event: {{id: "${{payload.id}}", subject: none}}
steps:
  - use: audit
    with: {{action: extra-{number}}}
"""


class Editor:
    """Edits the folder, and knows how often the pipeline `kill` went live."""

    def __init__(self, d):
        self.d = d
        self.original = {file: (d.folder / file).read_text() for file in ("pipelines/kill.yaml", "pipelines/later.yaml", "connections/hubspot-main.yaml", "connections/postcards.yaml")}
        self.versions = {"kill": 1, "later": 1, "extra": 0}
        self.refused = 0

    def edit(self, number):
        """One change; whether the folder is sound after it."""
        d = self.d
        what = number % 6
        if what == 0:
            d.set("pipelines/kill.yaml", self.original["pipelines/kill.yaml"].replace("action: seen", f"action: seen-{number}"))
            self.versions["kill"] += 1
        elif what == 1:
            d.set("connections/hubspot-main.yaml", self.original["connections/hubspot-main.yaml"].replace("timeout: 10s", f"timeout: {10 + number % 50}s"))
        elif what == 2:
            d.set("pipelines/extra.yaml", EXTRA.format(number=number))
            self.versions["extra"] += 1
        elif what == 3:
            d.set("pipelines/later.yaml", self.original["pipelines/later.yaml"].replace("action: seen", f"action: seen-{number}"))
            d.set("connections/postcards.yaml", self.original["connections/postcards.yaml"].replace("in_flight: 8", f"in_flight: {4 + number % 8}"))
            self.versions["later"] += 1
        elif what == 4:
            d.set("pipelines/broken.yaml", "pipeline: broken\nsteps: [\n")
            self.refused += 1
            return False
        else:
            (d.folder / "pipelines/broken.yaml").unlink()
            (d.folder / "pipelines/extra.yaml").unlink()
            self.versions["extra"] += 1
        return True


def reloads(d):
    """How many have come to an end, by outcome."""
    key = (d.folder / "data" / "owner.key").read_text().strip()
    text = call(d.admin, "GET", "/metrics", headers={"Authorization": f"Bearer {key}"})[2].decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("milepost_reloads_total{"):
            found[line.split('outcome="')[1].split('"')[0]] = int(float(line.rsplit(" ", 1)[1]))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--rounds", type=int, default=1002 if os.environ.get("MILEPOST_LONG") else 60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.rounds} reloads")

    with Deployment(arguments.milepost, FOLDER, speed=20) as d:
        d.start()
        assert call(d.sandbox, "POST", "/hubspot/_limits", b'{"burst": 1000000, "daily": 10000000}')[0] < 300
        for vendor, path in (("hubspot", "*/batch/upsert"), ("postcard", "*")):
            d.fault(vendor=vendor, match={"method": "POST", "path": path}, times=1_000_000, every=5, answer={"status": 503, "body": "down"})
        # The double tells its state in one answer, which has an end: the long form sends less often.
        senders = Senders(d, hooks=("kill", "later"), pause=(0.01, 0.06) if arguments.rounds <= 100 else (0.1, 0.5)).start()
        editor = Editor(d)
        began = time.monotonic()
        for number in range(arguments.rounds):
            sound = editor.edit(number)
            d.host.send_signal(signal.SIGHUP)
            wait_for(f"reload {number}", 60, lambda: sum(reloads(d).values()) > number)
            status, ready = d.ready()
            assert status == 200 and ready["folder"]["taken"] == sound, ready
            assert sound or any(fault["file"] == "pipelines/broken.yaml" for fault in ready["folder"]["faults"]), ready
            time.sleep(random.uniform(0, 0.05))
        seconds = time.monotonic() - began
        assert reloads(d) == {"done": arguments.rounds - editor.refused, "refused": editor.refused}, reloads(d)
        time.sleep(0.5)
        senders.finish()
        refused = {status: count for status, count in senders.answers.items() if status not in (200, 202)}
        assert not refused, f"deliveries that were not taken (0: no answer): {refused}"
        events = d.wait_until_ended(180 + arguments.rounds)
        check(d, senders, events)

        for pipeline, count in editor.versions.items():
            history = d.api(f"/api/v1/pipelines/{pipeline}/history?limit=500")["history"]
            assert len(history) == min(count, 500), (pipeline, count, len(history))
            versions = {entry["version"] for entry in history}
            if count < 500:
                strangers = {event["version"] for event in events if event["pipeline"] == pipeline} - versions
                assert not strangers, f"events of {pipeline} ran on versions that the history does not have: {strangers}"
        ran = {event["version"] for event in events if event["pipeline"] == "kill"}
        assert len(ran) > 1, "no event met a change"
        assert d.stop_host() == 0
        print(f"{arguments.rounds} reloads in {seconds:.1f} s, {editor.refused} of them refused; events of one pipeline ran on {len(ran)} versions")
        print(d.verify().strip())


if __name__ == "__main__":
    main()
