"""What becomes of a loan when its events come late, twice, out of order, from wrong clocks and with unknown words: exact expectations."""
import datetime
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Flow:
    def __init__(self, d):
        self.d = d
        self.number = 0

    def send(self, loan, expect="accepted", **more):
        self.number += 1
        event = {"id": more.pop("id", f"e{self.number}"), "loan": loan, **{key: value for key, value in more.items() if value is not None}}
        status, answer = self.d.send(json.dumps(event).encode())
        assert status == (202 if expect == "accepted" else 200) and json.loads(answer)["status"] == expect, (event, status, answer)
        return event

    def rest(self):
        events = self.d.wait_until_ended()
        assert all(event["state"] == "done" for event in events), [event for event in events if event["state"] != "done"]

    def loan(self, name):
        return self.d.api(f"/api/v1/loans/{name}")

    def path(self, name):
        return [stay["stage"] for stay in self.loan(name)["path"]]

    def tracks(self, name):
        return [row["outcome"] for row in self.d.all_of(f"/api/v1/audit?subject={name}", "rows") if row["action"] == "track"]

    def told(self, kind, subject=None):
        found = self.d.all_of(f"/api/v1/events?pipeline=milepost&type=milepost.{kind}", "events")
        return [event for event in found if subject in (None, event["subject"])]

    def cli(self, *arguments):
        done = subprocess.run([self.d.milepost, *arguments, "--config", str(self.d.folder)], capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout


def from_the_future(f):
    """An event whose time is decades ahead counts from its arrival, and holds off nothing that follows."""
    f.send("L-FUTURE", stage="docs", time="2099-01-01T00:00:00Z")
    f.rest()
    since = f.loan("L-FUTURE")["state"]["stage_since"]
    assert since < "2099", since
    f.send("L-FUTURE", stage="underwriting")
    f.rest()
    assert f.path("L-FUTURE") == ["docs", "underwriting"], f.loan("L-FUTURE")
    rows = [row for row in f.d.all_of("/api/v1/audit?subject=L-FUTURE", "rows") if row["action"] == "track"]
    assert rows[0]["details"]["ahead_of_arrival"] == "2099-01-01T00:00:00.000000Z", rows[0]


def back_and_forth(f):
    """Ten times back without a reason: ten refusals, told and audited, and the loan stays. Ten times with one: twenty moves."""
    begun = datetime.datetime(2026, 11, 2, 9, tzinfo=datetime.timezone.utc)
    for i in range(20):
        stage = "docs" if i % 2 else "underwriting"
        f.send("L-SWING", stage=stage, time=text(begun + datetime.timedelta(hours=i)))
    f.rest()
    assert f.path("L-SWING") == ["underwriting"], f.path("L-SWING")
    assert f.tracks("L-SWING") == ["updated", "refused"] * 10, f.tracks("L-SWING")
    assert len(f.told("stage_refused", "L-SWING")) == 10
    for i in range(20):
        f.send("L-SWING", stage="underwriting" if i % 2 else "docs", reason="the income is shown anew", time=text(begun + datetime.timedelta(days=2, hours=i)))
    f.rest()
    assert f.path("L-SWING") == ["underwriting"] + ["docs", "underwriting"] * 10, f.path("L-SWING")
    assert len(f.told("stage_refused", "L-SWING")) == 10, "a reason is given: nobody is told"


def clock_two_hours_off(f):
    """A source whose clock is two hours ahead is ordered by arrival; one that is two hours behind keeps its own order."""
    now = datetime.datetime.now(datetime.timezone.utc)
    for stage in ("inquiry", "pre-qual", "docs"):
        f.send("L-AHEAD", stage=stage, time=text(now + datetime.timedelta(hours=2)))
        f.rest()
    assert f.path("L-AHEAD") == ["inquiry", "pre-qual", "docs"], f.path("L-AHEAD")
    assert f.loan("L-AHEAD")["state"]["stage_since"] < text(now + datetime.timedelta(hours=1))
    for minutes, stage in ((2, "docs"), (1, "pre-qual"), (0, "inquiry")):
        f.send("L-BEHIND", stage=stage, time=text(now - datetime.timedelta(hours=2) + datetime.timedelta(minutes=minutes)))
    f.rest()
    assert f.path("L-BEHIND") == ["inquiry", "pre-qual", "docs"], f.path("L-BEHIND")


def a_month_replayed(f):
    """Thirty days of events, shuffled, then all of them again: nothing changes, and no revision is added."""
    begun = datetime.datetime(2026, 10, 1, 9, tzinfo=datetime.timezone.utc)
    month = []
    for loan in range(10):
        for day, stage in enumerate(("inquiry", "pre-qual", "docs", "underwriting", "approval", "funding")):
            month.append({"id": f"m{loan}-{day}", "stage": stage, "time": text(begun + datetime.timedelta(days=5 * day, hours=loan)), "loan": f"L-M{loan}"})
    shuffled = sorted(month, key=lambda event: hash_of(event["id"]))
    for event in shuffled:
        f.send(**event)
    f.rest()
    before = [f.loan(f"L-M{loan}") for loan in range(10)]
    stages = ["inquiry", "pre-qual", "docs", "underwriting", "approval", "funding"]
    assert all([stay["stage"] for stay in loan["path"]] == stages for loan in before), before
    assert all([stay["days"] for stay in loan["path"][:-1]] == [5] * 5 for loan in before), before
    for event in month:
        f.send(expect="duplicate", **event)
    f.rest()
    after = [f.loan(f"L-M{loan}") for loan in range(10)]
    for one in before + after:
        one["state"].pop("days_in_stage"), one["state"].pop("business_days_in_stage"), [stay.pop("days") for stay in one["path"]], [stay.pop("business_days") for stay in one["path"]]
    assert before == after


def hash_of(value):
    import hashlib

    return hashlib.sha256(value.encode()).hexdigest()


def nobody_mapped_it(f):
    """An unknown word is the admin's task, once; the loan keeps its stage; once it is mapped, the loan has the stage that was meant."""
    f.send("L-WORD", stage="docs", time="2026-11-02T09:00:00Z")
    for minute in range(3):
        f.send("L-WORD", stage="Clear to Close", time=f"2026-11-02T10:0{minute}:00Z")
    f.send("L-WORD2", stage="Clear to Close")
    f.rest()
    assert f.path("L-WORD") == ["docs"], f.path("L-WORD")
    assert f.loan("L-WORD2")["path"] == []
    told = f.told("unmapped_value")
    assert [event["subject"] for event in told] == ["milepost:unmapped:los"], told
    payload = json.loads(f.d.api(f"/api/v1/events/{told[0]['receipt']}")["payload"])
    assert payload["value"] == "Clear to Close" and payload["remedy"] == "name it in loans.yaml, under synonyms.los", payload
    assert 'nobody mapped the stage "Clear to Close"' in f.cli("why", "L-WORD")
    assert f.d.stop_host() == 0
    f.d.set("loans.yaml", (f.d.folder / "loans.yaml").read_text().replace("synonyms:\n", "synonyms:\n  los: {clear to close: approval}\n"))
    f.d.start_host()
    deadline = time.monotonic() + 30
    while f.path("L-WORD") != ["docs", "approval"] or f.path("L-WORD2") != ["approval"]:
        assert time.monotonic() < deadline, (f.path("L-WORD"), f.path("L-WORD2"))
        time.sleep(0.05)
    assert len(f.told("unmapped_value")) == 1


def synonyms_and_tasks(f):
    f.send("L-TASK", stage="SUBMITTED TO UW", branch="duluth", task={"id": "c-1", "title": "Pay stubs", "due": "2026-11-03"})
    f.send("L-TASK", task={"id": "c-2", "due": "2099-01-01"})
    f.rest()
    state = f.loan("L-TASK")["state"]
    assert (state["stage"], state["open_tasks"], state["overdue_tasks"]) == ("underwriting", 2, 1), state
    shown = f.cli("loans", "show", "L-TASK")
    assert "Pay stubs" in shown and "underwriting" in shown, shown
    listed = f.cli("loans", "list", "--branch", "duluth", "--overdue")
    assert "L-TASK" in listed and "2, 1 overdue" in listed and "L-FUTURE" not in listed, listed
    assert len(json.loads(f.cli("loans", "history", "L-TASK", "--json"))["revisions"]) == 2
    assert "no loans" in f.cli("loans", "list", "--stage", "denied")


def main():
    with Deployment(sys.argv[1], HERE / "loans") as d:
        d.start()
        f = Flow(d)
        for check in (from_the_future, back_and_forth, clock_two_hours_off, a_month_replayed, synonyms_and_tasks, nobody_mapped_it):
            check(f)
        assert d.stop_host() == 0
        d.verify()
    # Half an hour in a second: what runs out is told once, also over a restart.
    with Deployment(sys.argv[1], HERE / "loans", speed=1800) as d:
        d.start()
        f = Flow(d)
        f.send("L-SLOW", stage="docs", task={"id": "c-1", "due": text(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=20))})
        deadline = time.monotonic() + 60
        while not f.told("loan_stuck"):
            assert time.monotonic() < deadline, d.log()[-2000:]
            time.sleep(0.05)
        assert d.stop_host() == 0
        d.start_host()
        while not f.told("task_overdue") or len([e for e in d.events() if e["pipeline"] == "alerts" and e["state"] == "done"]) < 2:
            assert time.monotonic() < deadline, d.log()[-2000:]
            time.sleep(0.05)
        assert [event["subject"] for event in f.told("loan_stuck")] == ["L-SLOW"]
        assert [event["subject"] for event in f.told("task_overdue")] == ["L-SLOW"]
        assert f.loan("L-SLOW")["state"]["stuck"] is True
        assert d.stop_host() == 0
    print("ok: loans keep one true state, whatever comes late, twice, from wrong clocks or in unknown words")


if __name__ == "__main__":
    main()
