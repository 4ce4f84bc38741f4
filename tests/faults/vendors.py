"""Vendors on a bad day: they hang, trickle, reset, answer in HTML, answer 429 to all; one subject that no vendor takes among thousands of healthy
ones; and an outage of three days, in virtual time. Nothing is lost, nothing is done twice, nobody waits for anybody else."""
import argparse
import itertools
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import FOLDER, Senders, check, sent_by_us, wait_for  # noqa: E402
from faults.bad_vendor import BadVendor  # noqa: E402
from harness.deployment import Deployment, call, free_port, sign  # noqa: E402

DAY = 86400
LONG = bool(os.environ.get("MILEPOST_LONG"))


class Rig:
    """A deployment whose connections go through a vendor with moods."""

    def __init__(self, milepost, speed, timeout="2s"):
        self.d = Deployment(milepost, FOLDER, speed=speed)
        self.port = free_port()
        for file in (self.d.folder / "connections").glob("*.yaml"):
            text = file.read_text().replace(f"127.0.0.1:{self.d.sandbox}", f"127.0.0.1:{self.port}").replace("timeout: 10s", f"timeout: {timeout}")
            file.write_text(text)

    def __enter__(self):
        self.d.start_sandbox()
        self.proxy = BadVendor(self.port, self.d.sandbox).__enter__()
        assert call(self.d.sandbox, "POST", "/hubspot/_limits", b'{"burst": 1000000, "daily": 10000000}')[0] < 300
        return self

    def __exit__(self, *error):
        self.proxy.__exit__(*error)
        self.d.__exit__(*error)

    def start_host(self):
        self.d.start_host()
        return self.d


def finish(d, events):
    assert d.stop_host() == 0
    print(d.verify().strip(), "|", len(events), "events")


def bad_days(milepost):
    """Moods in shuffled rounds, at random for a fifth of all requests; then the vendors are well again."""
    with Rig(milepost, speed=20) as rig:
        d = rig.start_host()
        moods = ["refuse", "lose", "hang", "stall", "trickle", "html", "down", "storm", "broken"]
        deck = itertools.chain.from_iterable(random.sample(moods, len(moods)) for _ in itertools.count())
        turn = threading.Lock()

        def mood(*_):
            with turn:
                return next(deck) if random.random() < 0.2 else ""

        rig.proxy.mood = mood
        senders = Senders(d, 12, pause=(0.02, 0.1)).start()
        time.sleep(20 if LONG else 3)
        # A breaker may have kept all but a few away.
        wait_for("every mood was met", 60, lambda: set(rig.proxy.met) == {"", *moods})
        rig.proxy.mood = lambda *_: ""
        time.sleep(0.5)
        senders.finish()
        events = d.wait_until_ended(120)
        check(d, senders, events)
        finish(d, events)


def storm(milepost):
    """A vendor that answers 429 to all is left alone for as long as it asks, and by everyone."""
    with Rig(milepost, speed=1) as rig:
        d = rig.start_host()
        senders = Senders(d, 12, pause=(0.05, 0.1)).start()
        wait_for("it works", 10, lambda: len(d.requests("hubspot")) > 20)
        rig.proxy.mood = lambda *_: "storm"
        time.sleep(0.5)
        before = rig.proxy.met.get("storm", 0)
        time.sleep(4)
        asked = rig.proxy.met["storm"] - before
        # A second's rest each: at most what is in flight at once, 8 at each of two vendors, in each of five seconds.
        assert asked <= 80, f"{asked} requests in 4 s to vendors that asked for a second's rest"
        rig.proxy.mood = lambda *_: ""
        time.sleep(0.5)
        senders.finish()
        events = d.wait_until_ended(60)
        check(d, senders, events)
        print(f"{asked} requests in 4 s of 429")
        finish(d, events)


ONE_STEP = """pipeline: kill
source:
  use: webhook
  with: {path: /hooks/kill, verify: {hmac: {header: X-Signature, secret: !secret los_webhook}}}
event: {id: "${payload.eventId}", subject: "${payload.loan.id}"}
steps:
  - id: crm
    use: hubspot.upsert
    connection: hubspot-main
    with:
      object: deals
      key: {loan_id: "${payload.loan.id}"}
      properties: {dealname: "Loan ${payload.loan.id}", dealstage: docs, amount: "${payload.loan.number}"}
    retry: {attempts: 100, within: 7d}
"""


def poisoned(milepost):
    """One subject that the vendor answers 500 among thousands: they all end while it is still tried; at last it is one dead letter."""
    healthy, senders_at_once = (10_000 if LONG else 700), 8
    with Rig(milepost, speed=200) as rig:
        rig.d.set("pipelines/kill.yaml", ONE_STEP)
        rig.proxy.mood = lambda method, path, body: "broken" if b"POISON" in body else ""
        d = rig.start_host()
        body = b'{"eventId": "POISON-1", "loan": {"id": "POISON", "number": 1}}'
        assert d.post("/hooks/kill", body, {"X-Signature": sign(body)})[0] == 202
        senders = Senders(d, healthy, most=1, pause=(0, 0))
        for at in range(0, healthy, senders_at_once):
            for sender in senders.each[at:at + senders_at_once]:
                sender.start()
            for sender in senders.each[at:at + senders_at_once]:
                sender.join()
        assert len(senders.acknowledged) == healthy
        still_open = lambda: sent_by_us(d.api("/api/v1/events?limit=10&state=open")["events"])  # noqa: E731
        wait_for("all the healthy ones end", 60, lambda: len(still_open()) <= 1)
        left = still_open()
        assert [event["subject"] for event in left] == ["POISON"], "it is still tried, and nobody waited for it"
        rig.proxy.mood = lambda method, path, body: "invalid" if b"POISON" in body else ""
        events = sent_by_us(d.wait_until_ended(120))
        dead = [event for event in events if event["state"] == "dead"]
        assert [event["id"] for event in dead] == ["POISON-1"], dead
        assert {event["id"] for event in events if event["state"] == "done"} == set(senders.acknowledged)
        assert len(events) == healthy + 1
        print(f"{healthy} done, one dead letter: {dead[0]['fault']}")
        finish(d, events)


def outage(milepost, speed):
    """Three days without the CRM. What is accepted meanwhile waits, and is delivered once it is back; nothing is dead before `within`.

    The other vendor's tokens live for an hour of the same clock: `speed` leaves a login and a call room in it."""
    with Rig(milepost, speed) as rig:
        d = rig.d
        pipeline = (d.folder / "pipelines/kill.yaml").read_text()
        d.set("pipelines/kill.yaml", pipeline.replace("  - id: card\n", "    retry: {attempts: 1000, within: 7d}\n  - id: card\n"))
        d = rig.start_host()
        senders = Senders(d, 12, pause=(6000 / speed, 12000 / speed)).start()
        wait_for("it works", 10, lambda: len(d.requests("hubspot")) > 5)
        rig.proxy.mood = lambda method, path, body: "down" if path.startswith("/hubspot") else ""
        time.sleep(3 * DAY / speed)
        dead = d.api("/api/v1/events?limit=5&state=dead")["events"]
        assert not dead, f"given up before seven days: {dead[0]}"
        waiting = len(d.api("/api/v1/events?limit=500&state=open")["events"])
        assert waiting > 12, "events came in meanwhile"
        rig.proxy.mood = lambda *_: ""
        senders.finish()
        began = time.monotonic()
        events = d.wait_until_ended(60)
        print(f"{waiting} waited for the vendor; drained in {(time.monotonic() - began):.1f} s of real time")
        check(d, senders, events)
        finish(d, events)


CASES = {"bad_days": bad_days, "storm": storm, "poisoned": poisoned, "outage": outage}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--speed", type=int, default=30_000, help="of the outage's clock: a day in three seconds")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}")
    CASES[arguments.case](arguments.milepost, *([arguments.speed] if arguments.case == "outage" else []))


if __name__ == "__main__":
    main()
