"""examples/lender as it is: the playbook's flow, conditions that run out, and a card that comes back when the loan is declined."""
import datetime
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import ROOT, Deployment  # noqa: E402

NUMBER = 0


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def milestone(d, loan, name, reason=None, **borrower):
    global NUMBER
    NUMBER += 1
    event = json.loads((ROOT / "examples/lender/events/approval.json").read_text())
    event |= {"eventId": f"m{NUMBER}", "occurredAt": now(), "reason": reason}
    event["loan"] |= {"id": loan, "milestone": name}
    event["borrower"] |= borrower
    status, text = d.send(json.dumps(event).encode())
    assert status == 202, text


def condition(d, loan, kind, due=None):
    global NUMBER
    NUMBER += 1
    event = {"eventId": f"c{NUMBER}", "type": f"condition.{kind}", "occurredAt": now(), "loan": {"id": loan}, "user": {"id": "u-9"},
             "condition": {"id": "pay-stubs", "title": "Two pay stubs", "due": due}}
    status, text = d.send(json.dumps(event).encode(), path="/hooks/los/conditions")
    assert status == 202, text


def wait_for(d, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, d.events()
        time.sleep(0.05)


def ended(d, pipeline):
    return [event for event in d.events() if event["pipeline"] == pipeline and event["state"] == "done"]


def main():
    with Deployment(sys.argv[1], ROOT / "examples/lender", speed=120) as d:
        d.start()
        for name in ("Application Started", "Prequalified", "Documents Out", "Submitted to UW", "Clear to Close"):
            milestone(d, "L-1001", name)
            d.wait_until_ended()
        events = d.wait_until_ended()
        assert [event["state"] for event in events] == ["done"] * 5, [(event["id"], event["fault"]) for event in events if event["state"] != "done"]
        loan = d.api("/api/v1/loans/L-1001")
        assert [stay["stage"] for stay in loan["path"]] == ["inquiry", "pre-qual", "docs", "underwriting", "approval"], loan
        assert [piece["use"] for piece in loan["mail"]] == ["postcard.send"], loan
        assert len(d.state("postcard")["orders"]) == 1 and len(d.state("hubspot")["notes"]) == 1
        # Nobody knows whether mail reaches this one: a person decides.
        milestone(d, "L-1002", "Clear to Close", addressStatus="unverified")
        assert [event["state"] for event in d.wait_until_ended() if event["subject"] == "L-1002"] == ["dead"]
        # A condition runs out, and is told on the deal's timeline, once.
        condition(d, "L-1001", "assigned", due="2026-11-02")
        wait_for(d, lambda: ended(d, "chase"))
        condition(d, "L-1001", "cleared")
        d.wait_until_ended()
        assert len(ended(d, "chase")) == 1 and len(d.state("hubspot")["notes"]) == 2
        assert d.api("/api/v1/loans/L-1001")["state"]["open_tasks"] == 0
        # Declined within the cooling-off time: the card is taken back.
        milestone(d, "L-1001", "Declined")
        wait_for(d, lambda: ended(d, "recall"))
        d.wait_until_ended()
        assert "recalled_at" in d.api("/api/v1/loans/L-1001")["mail"][0]
        groups = d.api("/api/v1/signals?by=branch")["groups"]
        assert [group["group"] for group in groups] == ["duluth"] and groups[0]["automation"]["changes"] == 7 and groups[0]["automation"]["by_hand"] == 1, groups
        assert d.stop_host() == 0
        d.verify()
    print("ok: a small lender's folder, as it is")


if __name__ == "__main__":
    main()
