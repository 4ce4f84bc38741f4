"""kill -9 at random moments, under load: two pipelines, one with a wait and batches, and vendors that fail one call in five. Afterwards every
acknowledged event has ended, once in effect, in order, and the chain verifies.

The sender keeps its own record of what was acknowledged; the doubles keep theirs of what arrived."""
import argparse
import collections
import json
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment, call, sign  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "kill"
SUBJECTS = 12


class Sender(threading.Thread):
    """Sends one subject's events in order; resends until it is answered, as a LOS does."""

    def __init__(self, deployment, hook, loan, stop):
        super().__init__(daemon=True)
        self.deployment, self.hook, self.loan, self.stop = deployment, hook, loan, stop
        self.acknowledged = []
        self.answers = collections.Counter()

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            event = f"{self.hook}-{self.loan}-{number}"
            body = json.dumps({"eventId": event, "loan": {"id": self.loan, "number": number}}).encode()
            while True:
                try:
                    status, _ = self.deployment.post(f"/hooks/{self.hook}", body, {"X-Signature": sign(body)})
                    self.answers[status] += 1
                except Exception:  # the host is down, or died while it answered
                    status = 0
                if status in (200, 202):
                    self.acknowledged.append(event)
                    break
                if self.stop.is_set():
                    return  # not acknowledged: it may or may not be there
                time.sleep(0.02)
            time.sleep(random.uniform(0.01, 0.06))


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
        stop = threading.Event()
        for vendor, path in (("hubspot", "*/batch/upsert"), ("postcard", "*")):
            d.fault(vendor=vendor, match={"method": "POST", "path": path}, times=1_000_000, every=5, answer={"status": 503, "body": "down"})
        senders = [Sender(d, hook, f"L-{1000 + i}", stop) for hook in ("kill", "later") for i in range(SUBJECTS)]
        for sender in senders:
            sender.start()
        for _ in range(arguments.rounds):
            time.sleep(random.uniform(0.1, 0.9))
            d.kill_host()
            d.start_host()
        time.sleep(0.5)
        stop.set()
        for sender in senders:
            sender.join()
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


def check(d, senders, events):
    by_id = {event["id"]: event for event in events}
    acknowledged = [event for sender in senders for event in sender.acknowledged]
    lost = [event for event in acknowledged if event not in by_id]
    assert not lost, f"{len(lost)} acknowledged events are lost: {lost[:5]}"
    not_done = {event: by_id[event]["state"] + ": " + by_id[event].get("fault", "") for event in acknowledged if by_id[event]["state"] != "done"}
    assert not not_done, f"acknowledged, but not done: {dict(list(not_done.items())[:5])}"
    assert len(by_id) == len(events), "an event was journaled twice"

    # One postcard for each event that is done, by our reference; and none for anything else.
    held = d.state("postcard")
    assert "orders" in held, f"the double's state cannot be read: {json.dumps(held)[:500]}"
    orders = held["orders"]
    orders = list(orders.values()) if isinstance(orders, dict) else orders
    references = collections.Counter(order["extRefNbr"] for order in orders)
    twice = {reference: count for reference, count in references.items() if count > 1}
    assert not twice, f"mailed twice: {twice}"
    done = [event for event in events if event["state"] == "done" and event["pipeline"] == "kill"]
    assert len(references) == len(done), f"{len(references)} postcards for {len(done)} events"

    # What reached the CRM for each loan never goes back: a repeat of the same is allowed, an older one after a newer is not.
    seen = collections.defaultdict(int)
    for request in d.requests("hubspot"):
        if not request["target"].endswith("/batch/upsert") or request["status"] != 200:
            continue
        for item in json.loads(request["body"])["inputs"]:
            if "amount" not in item["properties"]:
                continue  # the other pipeline's
            loan, number = item["id"], int(item["properties"]["amount"])
            assert number >= seen[loan], f"{loan}: {number} arrived after {seen[loan]}"
            seen[loan] = number

    # And in the audit trail the outcomes of one loan's step stand in the order of acceptance.
    order = collections.defaultdict(list)
    sequence = {event["receipt"]: event["sequence"] for event in events}
    for row in d.all_of("/api/v1/audit?kind=outcome", "rows"):
        if row.get("step") == "card" and row["outcome"] in ("created", "unchanged", "updated"):
            order[row["subject"]].append(sequence[row["event"]])
    for loan, numbers in order.items():
        assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers), f"{loan}: out of order: {numbers}"
    answers = sum((sender.answers for sender in senders), collections.Counter())
    print(f"{len(acknowledged)} acknowledged, {len(events)} journaled, {len(orders)} postcards, answers {dict(answers)}")


if __name__ == "__main__":
    main()
