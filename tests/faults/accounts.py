"""Both sides of the books: senders that keep their own record of what was acknowledged, and the comparison with what the host and the doubles hold."""
import collections
import json
import pathlib
import random
import threading
import time

from harness.deployment import sign

FOLDER = pathlib.Path(__file__).resolve().parent / "kill"  # a pipeline with a record and a card for each event


class Sender(threading.Thread):
    """Sends one subject's events in order; resends each until it is answered, as a LOS does."""

    def __init__(self, deployment, hook, loan, stop, pause=(0.005, 0.03), most=None, padding=0):
        super().__init__(daemon=True)
        self.deployment, self.hook, self.loan, self.stop, self.pause, self.most = deployment, hook, loan, stop, pause, most
        self.padding = "p" * padding
        self.acknowledged = []
        self.answers = collections.Counter()

    def run(self):
        number = 0
        while not self.stop.is_set() and number != self.most:
            number += 1
            event = f"{self.hook}-{self.loan}-{number}"
            body = json.dumps({"eventId": event, "loan": {"id": self.loan, "number": number}, "padding": self.padding}).encode()
            while not self.deliver(event, body):
                if self.stop.is_set():
                    return  # not acknowledged: it may or may not be there
                time.sleep(0.02)
            time.sleep(random.uniform(*self.pause))

    def deliver(self, event, body):
        try:
            status, _ = self.deployment.post(f"/hooks/{self.hook}", body, {"X-Signature": sign(body)})
        except Exception:  # the host is down, or died while it answered
            status = 0
        self.answers[status] += 1
        if status in (200, 202):
            self.acknowledged.append(event)
        return status in (200, 202)


class Senders:
    """One for each hook and each of `count` subjects; `finish()` lets each end its delivery."""

    def __init__(self, deployment, count=12, hooks=("kill",), **how):
        self.stop = threading.Event()
        self.each = [Sender(deployment, hook, f"L-{1000 + i}", self.stop, **how) for hook in hooks for i in range(count)]

    def start(self):
        for sender in self.each:
            sender.start()
        return self

    def finish(self):
        self.stop.set()
        self.join()

    def join(self):
        for sender in self.each:
            sender.join()

    @property
    def acknowledged(self):
        return [event for sender in self.each for event in list(sender.acknowledged)]

    @property
    def answers(self):
        return sum((sender.answers for sender in self.each), collections.Counter())


def wait_for(what, seconds, condition):
    """The condition's value once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        time.sleep(0.05)
    return value


def sent_by_us(events):
    """Without those that the host makes of what befalls it."""
    return [event for event in events if event["pipeline"] in ("kill", "later")]


def check(d, senders, events, ends=("done",)):
    """Every acknowledged event is there, once, and has ended; one card for each that is done; nothing out of order."""
    events = sent_by_us(events)
    by_id = {event["id"]: event for event in events}
    acknowledged = senders.acknowledged
    assert len(set(acknowledged)) == len(acknowledged)
    lost = [event for event in acknowledged if event not in by_id]
    assert not lost, f"{len(lost)} acknowledged events are lost: {lost[:5]}"
    not_ended = {event: by_id[event]["state"] + ": " + by_id[event].get("fault", "") for event in acknowledged if by_id[event]["state"] not in ends}
    assert not not_ended, f"acknowledged, but not {ends}: {dict(list(not_ended.items())[:5])}"
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
        if not request["target"].endswith("/batch/upsert") or request["status"] != 200 or "fault" in request:
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
    print(f"{len(acknowledged)} acknowledged, {len(events)} journaled, {len(orders)} postcards, answers {dict(senders.answers)}")
