"""examples/lender as it is: the playbook's flow, conditions that run out, and a card that comes back when the loan is declined."""
import datetime
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import ROOT, Deployment, call  # noqa: E402

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


def held_out(d):
    """One loan in ten gets no card, whatever comes; it is written down, and the loan can be asked."""
    for again in range(2):
        milestone(d, "L-1010", "Clear to Close")
        d.wait_until_ended()
    events = [event for event in d.events() if event.get("subject") == "L-1010" and event["pipeline"] == "milestones"]
    assert [event["state"] for event in events] == ["done", "done"], events
    loan = d.api("/api/v1/loans/L-1010")
    assert loan["state"]["held_out"] is True and loan["mail"] == [] and "held_out_at" in loan, loan
    assert [link["what"] for link in loan["chain"]] == ["held_out"] or [link["what"] for link in loan["chain"]] == ["stage", "held_out"], loan["chain"]
    rows = [row for row in d.all_of("/api/v1/audit?subject=L-1010", "rows") if row["action"] == "mail.gate"]
    assert [row["outcome"] for row in rows] == ["held_out", "held_out"], rows


def responds(d):
    """A call that names the card's code reaches the loan, and the deal's timeline."""
    mailed = len(d.state("hubspot")["postal_mail"])
    body = json.dumps({"eventId": "call-1", "code": "L-1001-approval", "channel": "phone", "occurredAt": now()}).encode()
    status, text = d.send(body, path="/hooks/responses", secret="demo-responses-secret")
    assert status == 202 and json.loads(text)["status"] == "accepted", text
    d.wait_until_ended()
    loan = d.api("/api/v1/loans/L-1001")
    assert [(told["state"], told["by"]) for told in loan["mail"][0]["told"]] == [("responded", "phone")], loan["mail"]
    assert ("responded", "phone") in [(link["what"], link.get("by")) for link in loan["chain"]], loan["chain"]
    assert len(d.state("hubspot")["postal_mail"]) == mailed + 1
    status, text = d.send(json.dumps({"eventId": "call-2", "code": "K-0", "channel": "phone"}).encode(), path="/hooks/responses", secret="demo-responses-secret")
    assert status == 202 and json.loads(text)["status"] == "quarantined", text


def reconciles(d):
    """Somebody drags a deal to another stage in the CRM: the next sweep finds it, tells of it, and puts it right."""
    deal = next(deal for deal in d.state("hubspot")["deals"] if deal["properties"].get("loan_id") == "L-1001")
    right = deal["properties"]["dealstage"]
    status, _, text = call(d.sandbox, "PATCH", f"/hubspot/crm/v3/objects/deals/{deal['id']}", json.dumps({"properties": {"dealstage": "153400101"}}),
                           {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"})
    assert status == 200, text
    stage = lambda: next(one for one in d.state("hubspot")["deals"] if one["id"] == deal["id"])["properties"]["dealstage"]  # noqa: E731
    told = lambda: [event for event in d.all_of("/api/v1/events?pipeline=milepost", "events") if event["type"] == "milepost.mismatch" and event["subject"] == "L-1001"]  # noqa: E731
    wait_for(d, lambda: told() and stage() == right)
    d.wait_until_ended()
    assert len(told()) == 1, told()
    fields = {(one["system"], one["field"]): one for one in d.api("/api/v1/signals")["groups"][0]["mismatch"]["fields"]}
    assert fields[("crm", "stage")]["mismatched"] >= 1 and fields[("crm", "amount")]["mismatched"] == 0, fields


def main():
    with Deployment(sys.argv[1], ROOT / "examples/lender", speed=120) as d:
        pipeline = d.folder / "pipelines/reconcile.yaml"
        pipeline.write_text(pipeline.read_text().replace("30 5 * * mon-fri", "*/10 * * * *"))  # every five seconds here
        d.start()
        for name in ("Application Started", "Prequalified", "Documents Out", "Submitted to UW", "Clear to Close"):
            milestone(d, "L-1001", name)
            d.wait_until_ended()
        events = [event for event in d.wait_until_ended() if event["pipeline"] == "milestones"]
        assert [event["state"] for event in events] == ["done"] * 5, [(event["id"], event["fault"]) for event in events if event["state"] != "done"]
        loan = d.api("/api/v1/loans/L-1001")
        assert [stay["stage"] for stay in loan["path"]] == ["inquiry", "pre-qual", "docs", "underwriting", "approval"], loan
        assert [piece["use"] for piece in loan["mail"]] == ["postcard.send"], loan
        assert len(d.state("postcard")["orders"]) == 1 and len(d.state("hubspot")["postal_mail"]) == 1
        responds(d)
        held_out(d)
        reconciles(d)
        # Nobody knows whether mail reaches this one: a person decides.
        milestone(d, "L-1002", "Clear to Close", addressStatus="unverified")
        assert [event["state"] for event in d.wait_until_ended() if event.get("subject") == "L-1002" and event["pipeline"] == "milestones"] == ["dead"]
        # A condition runs out, and is told on the deal's timeline, once.
        condition(d, "L-1001", "assigned", due="2026-11-02")
        wait_for(d, lambda: ended(d, "chase"))
        condition(d, "L-1001", "cleared")
        d.wait_until_ended()
        assert len(ended(d, "chase")) == 1 and len(d.state("hubspot")["notes"]) == 1
        assert d.api("/api/v1/loans/L-1001")["state"]["open_tasks"] == 0
        # Declined within the cooling-off time: the card is taken back.
        milestone(d, "L-1001", "Declined")
        wait_for(d, lambda: ended(d, "recall"))
        d.wait_until_ended()
        assert "recalled_at" in d.api("/api/v1/loans/L-1001")["mail"][0]
        groups = d.api("/api/v1/signals?by=branch")["groups"]
        assert [group["group"] for group in groups] == ["duluth"] and groups[0]["automation"]["changes"] == 8 and groups[0]["automation"]["by_hand"] == 1, groups
        assert d.stop_host() == 0
        d.verify()
    print("ok: a small lender's folder, as it is")


if __name__ == "__main__":
    main()
