"""The mail gate over real sockets: what is known to be wrong does not go, what is not known waits for a person, and what went out comes back in time."""
import datetime
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness.deployment import Deployment  # noqa: E402
from loans import Flow, text  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
GOOD = {"stage": "approval", "do_not_mail": False, "fraud_score": 0.2, "address_status": "deliverable", "consent": True, "mail": True,
        "address": {"name": "Ines Okafor", "line1": "77 Birch Ct", "city": "Duluth", "state": "MN", "zip": "55802"}}


def gate(f, loan):
    rows = [row for row in f.d.all_of(f"/api/v1/audit?subject={loan}", "rows") if row["action"] == "mail.gate"]
    return [(row["outcome"], row["details"].get("reason", "")) for row in rows]


def cards(f):
    return [request for request in f.d.requests("postcard") if request["method"] == "POST" and request["target"].endswith("/order/postcard")]


def mail(f, loan, **change):
    f.send(loan, **{**GOOD, "time": text(datetime.datetime.now(datetime.timezone.utc)), **change})


def events_of(f, loan, pipeline="mail"):
    return [event for event in f.d.events() if event["subject"] == loan and event["pipeline"] == pipeline]


def what_goes_and_what_does_not(f):
    f.cli("mail", "suppress", "B-13", "--reason", "asked by letter")
    assert "asked by letter" in f.cli("mail", "suppressed")
    old = text(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3))
    cases = {
        "L-GOOD": ({}, "passed", ""),
        "L-NEAR": ({"fraud_score": 0.84}, "passed", ""),
        "L-FRAUD": ({"fraud_score": 0.85}, "refused", "the fraud score 0.85 is not below 0.85"),
        "L-DNM": ({"do_not_mail": True}, "refused", "do not mail"),
        "L-GONE": ({"address_status": "undeliverable"}, "refused", "the address is undeliverable"),
        "L-NO": ({"consent": False}, "refused", "consent was not given"),
        "L-DENIED": ({"stage": "denied"}, "refused", "the loan is denied"),
        "L-ADVERSE": ({"stage": "adverse"}, "refused", "the loan is adverse"),
        "L-BACK": ({"stage": "withdrawn"}, "refused", "the loan is withdrawn"),
        "L-LIST": ({"borrower": "B-13"}, "refused", "B-13 is on the suppression list: asked by letter"),
        "L-DNM?": ({"do_not_mail": None}, "held", "it is not known whether mail is wanted (do_not_mail)"),
        "L-FRAUD?": ({"fraud_score": "low"}, "held", "the fraud score is not known"),
        "L-WHERE?": ({"address_status": None}, "held", "the address is not verified"),
        "L-CONSENT?": ({"consent": None}, "held", "it is not known whether consent was given"),
        "L-STAGE?": ({"stage": None}, "held", "the loan's stage is not known"),
        "L-OLD": ({"time": old}, "held", "the data is older than 2d: of "),
    }
    for loan, (change, _, _) in cases.items():
        mail(f, loan, **{"borrower": loan, **change})
    f.d.wait_until_ended()
    for loan, (_, outcome, reason) in cases.items():
        name = loan.replace("?", "%3F")
        found = gate(f, name)
        assert len(found) == 1 and found[0][0] == outcome and found[0][1].startswith(reason), (loan, found)
        state = events_of(f, loan)[0]["state"]
        assert state == ("dead" if outcome == "held" else "done"), (loan, state)
    assert len(cards(f)) == 2, cards(f)
    held = f.cli("events", "dead-letters")
    assert "mail gate: the address is not verified" in held, held
    assert "mail gate: do not mail" in f.cli("why", "L-DNM")


def a_person_settles_what_was_not_known(f):
    mail(f, "L-DNM?", mail=False, borrower="B-1")
    f.d.wait_until_ended()
    f.cli("events", "retry", "--subject", "L-DNM?", "--reason", "asked by phone")
    f.d.wait_until_ended()
    assert [outcome for outcome, _ in gate(f, "L-DNM%3F")] == ["held", "passed"]
    assert len(cards(f)) == 3


def once_whatever_is_sent_again(f):
    for _ in range(3):
        mail(f, "L-GOOD", borrower="B-2")
    f.d.wait_until_ended()
    assert len(cards(f)) == 3
    shown = f.d.api("/api/v1/loans/L-GOOD")["mail"]
    assert [(piece["step"], piece["use"]) for piece in shown] == [("card", "postcard.send")], shown


def one_card_whatever_the_loan_is_called(f):
    """A loan that has its card is renumbered, and then merged into another: neither name gets a second one, and the piece is the other loan's."""
    mail(f, "L-OLD", borrower="B-4")
    f.d.wait_until_ended()
    before = len(cards(f))
    mail(f, "L-OLD", mail=False, borrower="B-4", known_as="L-NEW")
    mail(f, "L-NEW", borrower="B-4")
    mail(f, "L-OLD", borrower="B-4")
    f.d.wait_until_ended()
    mail(f, "L-TWIN", mail=False, borrower="B-5", stage="docs")
    mail(f, "L-NEW", mail=False, borrower="B-4", known_as="L-TWIN")
    mail(f, "L-TWIN", borrower="B-5")
    f.d.wait_until_ended()
    assert len(cards(f)) == before, cards(f)[before:]
    shown = f.d.api("/api/v1/loans/L-OLD")
    assert shown["subject"] == "L-TWIN" and shown["names"] == ["L-NEW", "L-OLD"] and shown["state"]["stage"] == "approval", shown
    assert [(piece["step"], piece["use"]) for piece in shown["mail"]] == [("card", "postcard.send")], shown
    skipped = [row["details"]["reason"] for row in f.d.all_of("/api/v1/audit?subject=L-NEW", "rows") if row.get("step") == "card" and row["outcome"] == "skipped" and row["kind"] == "outcome"]
    assert skipped == ["once: it was done before"] * 2, skipped


def comes_back_in_time(f):
    """The borrower of one moves between order and print; the other's loan is denied: both cards are asked back, once, and cancelled."""
    mail(f, "L-GOOD", mail=False, address={**GOOD["address"], "line1": "1 Elm St"})
    mail(f, "L-NEAR", mail=False, stage="denied")
    mail(f, "L-NEAR", mail=False, stage="adverse")
    deadline = time.monotonic() + 60
    while len([event for event in f.d.wait_until_ended() if event["pipeline"] == "recall"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    f.d.wait_until_ended()
    recalled = {event["subject"]: event["state"] for event in f.d.events() if event["pipeline"] == "recall"}
    assert recalled == {"L-GOOD": "done", "L-NEAR": "done"}, (recalled, f.d.events())
    assert len(f.told("mail_recall")) == 2
    reasons = {json.loads(f.d.api(f"/api/v1/events/{event['receipt']}")["payload"])["reason"] for event in f.told("mail_recall")}
    assert reasons == {"the loan's address has changed", "the loan is denied"}, reasons
    assert "recalled_at" in f.loan("L-GOOD")["mail"][0]


def a_day_has_a_budget(d, f):
    """With a budget a piece waits for the draw, and the lane goes on."""
    assert d.stop_host() == 0
    before = (d.folder / "loans.yaml").read_text()
    d.set("loans.yaml", before + "  budget: {a_day: 1, at: \"00:00\", best: loan.chance}\n")
    d.start_host()
    mail(f, "L-QUEUE", borrower="B-3")
    mail(f, "L-QUEUE", mail=False)
    deadline = time.monotonic() + 60
    while [event["state"] for event in events_of(f, "L-QUEUE")] != ["waiting", "done"]:
        assert time.monotonic() < deadline, events_of(f, "L-QUEUE")
        time.sleep(0.05)
    assert "waits for its turn" in f.cli("why", "L-QUEUE"), f.cli("why", "L-QUEUE")
    assert len(cards(f)) == 4
    mail(f, "L-QUEUE", mail=False, stage="withdrawn")


def main():
    with Deployment(sys.argv[1], HERE / "mail") as d:
        d.start()
        f = Flow(d)
        for check in (what_goes_and_what_does_not, a_person_settles_what_was_not_known, once_whatever_is_sent_again, one_card_whatever_the_loan_is_called, comes_back_in_time):
            check(f)
        a_day_has_a_budget(d, f)
        assert d.stop_host() == 0
        d.verify()
    print("ok: mail goes only where all is known to be well, once, and comes back in time")


if __name__ == "__main__":
    main()
