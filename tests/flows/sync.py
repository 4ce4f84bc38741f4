"""Two-way sync over the real executable: a CRM and an LOS that both hold the loan, both edited by people, each with its own ways of writing. Exact expectations."""
import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment  # noqa: E402
from harness.office import Office  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def phone(value):
    digits = "".join(c for c in str(value) if c.isdigit())[-10:]
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


class Flow:
    def __init__(self, d, crm, los):
        self.d, self.crm, self.los = d, crm, los

    def rest(self):
        """Nothing is under way, and nothing follows."""
        quiet, deadline = 0, time.monotonic() + 60
        while quiet < 6:
            events = self.d.wait_until_ended()
            count = len(self.d.all_of("/api/v1/events", "events"))
            quiet = quiet + 1 if count == getattr(self, "seen", None) else 0
            self.seen = count
            assert time.monotonic() < deadline, events[-5:]
            time.sleep(0.1)
        assert all(event["state"] == "done" for event in events), [event for event in events if event["state"] != "done"]

    def state(self, loan):
        return self.d.api(f"/api/v1/loans/{loan}")["state"]

    def tracks(self, loan):
        """(system, outcome, {field: verdict}) of each track."""
        rows = [row for row in self.d.all_of(f"/api/v1/audit?subject={loan}", "rows") if row["action"] == "track"]
        return [(row["details"]["sync"]["system"], row["outcome"], row["details"]["sync"]["fields"]) for row in rows if "sync" in row["details"]]

    def conflicts(self, loan):
        rows = [row for row in self.d.all_of(f"/api/v1/audit?subject={loan}", "rows") if row["action"] == "field_conflict"]
        return [(row["user"], row["outcome"], row["details"]["field"], row["details"]["value"], row["details"]["loan"]) for row in rows]

    def told(self, kind, loan):
        return self.d.all_of(f"/api/v1/events?pipeline=milepost&type=milepost.{kind}&subject={loan}", "events")

    def writes(self, office, loan):
        return [fields for name, fields in office.writes if name == loan]


def what_the_one_says_the_other_gets(f):
    f.crm.edit("L-1", email="ines@x.test", phone="2185550143")
    f.rest()
    assert f.los.loans["L-1"] == {"email": "ines@x.test", "phone": "(218) 555-0143"}, f.los.loans
    assert f.state("L-1")["phone"] == "2185550143", "the first way of writing it stays"
    assert f.writes(f.crm, "L-1") == [], "the CRM has it already"
    # The LOS told of our write, in its own words: an echo, of which nothing comes.
    assert f.tracks("L-1") == [("crm", "updated", {"email": "taken", "phone": "taken"}), ("los", "echo", {"email": "echo", "phone": "echo"})], f.tracks("L-1")
    f.los.edit("L-1", phone="2185550199", stage="underwriting", amount="312500.00")
    f.rest()
    assert f.crm.loans["L-1"] == {"email": "ines@x.test", "phone": "(218) 555-0199", "stage": "underwriting", "amount": "312500"}, f.crm.loans
    assert len(f.writes(f.crm, "L-1")) == 1 and len(f.writes(f.los, "L-1")) == 1
    assert f.conflicts("L-1") == []


def a_foreign_change_is_a_conflict(f):
    f.los.edit("L-1", user="u-los", email="bo@x.test")
    f.rest()
    assert f.state("L-1")["email"] == "ines@x.test"
    assert f.los.loans["L-1"]["email"] == "ines@x.test", "the owner's value is written back"
    assert f.conflicts("L-1") == [("u-los", "kept", "email", "bo@x.test", "ines@x.test")], f.conflicts("L-1")
    told = f.told("field_conflict", "L-1")
    assert len(told) == 1
    payload = json.loads(f.d.api(f"/api/v1/events/{told[0]['receipt']}")["payload"])
    assert (payload["loan"], payload["system"], payload["owner"], payload["rule"], payload["actor"]) == ("L-1", "los", "crm", "kept", "u-los"), payload
    assert f.crm.loans["L-1"]["email"] == "ines@x.test"
    # Taken, where the rule says so.
    f.crm.edit("L-1", nickname="Ines")
    f.rest()
    f.los.edit("L-1", nickname="I. O.")
    f.rest()
    assert f.crm.loans["L-1"]["nickname"] == "I. O." and f.state("L-1")["nickname"] == "I. O."
    assert f.conflicts("L-1")[-1][1:] == ("overruled", "nickname", "I. O.", "Ines")


def a_person_decides(f):
    f.crm.edit("L-1", amount="400000")
    f.rest()
    state = f.state("L-1")
    assert state["amount"] == "312500.00" and state["tasks"]["conflict:amount"]["state"] == "assigned", state
    assert (f.crm.loans["L-1"]["amount"], f.los.loans["L-1"]["amount"]) == ("400000", "312500.00")
    f.los.edit("L-1", amount="400000.00")
    f.rest()
    assert f.state("L-1")["tasks"]["conflict:amount"]["state"] == "cleared", (f.state("L-1"), f.tracks("L-1"), f.d.all_of("/api/v1/audit?subject=L-1", "rows")[-3:])
    assert [row[1:3] for row in f.conflicts("L-1")] == [("kept", "email"), ("overruled", "nickname"), ("task", "amount")]


def one_edit_on_both_sides(f):
    """Both change a field before either has heard of the other: the later one counts, on both sides."""
    f.crm.edit("L-2", phone="2185550100")
    f.rest()
    f.los.held = []
    f.los.edit("L-2", phone="2185550101")
    time.sleep(0.02)
    f.crm.edit("L-2", phone="2185550102")
    time.sleep(0.02)
    held, f.los.held = f.los.held, None
    for event in held:
        f.los.tell(event)
    f.rest()
    assert f.state("L-2")["phone"] == "2185550102"
    assert phone(f.crm.loans["L-2"]["phone"]) == phone(f.los.loans["L-2"]["phone"]) == "(218) 555-0102", (f.crm.loans["L-2"], f.los.loans["L-2"])


def an_echo_late_twice_and_over_a_restart(f):
    f.los.held = []
    for number in range(3):
        f.crm.edit("L-3", phone=f"218555030{number}")
        f.rest()
    echoes, f.los.held = f.los.held, None
    assert len(echoes) == 3
    assert f.d.stop_host() == 0
    f.d.start_host()
    for event in (echoes[1], echoes[0], echoes[2]):
        f.los.tell(event)
    for event in echoes:
        f.los.tell(event, "duplicate")
    f.los.tell({**echoes[2], "id": "again"})
    f.rest()
    assert [outcome for system, outcome, _ in f.tracks("L-3") if system == "los"] == ["echo", "unchanged", "echo", "unchanged"], f.tracks("L-3")
    assert f.state("L-3")["phone"] == "2185550302" and len(f.writes(f.crm, "L-3")) == 0 and len(f.writes(f.los, "L-3")) == 3


def clocks_that_are_off(f):
    """A CRM whose clock is two hours ahead, and an event of the next decade: its echoes are echoes, and later changes count."""
    f.crm.clock = datetime.timedelta(hours=2)
    f.crm.edit("L-4", phone="2185550400")
    f.rest()
    f.los.edit("L-4", phone="2185550401")
    f.rest()
    f.crm.edit("L-4", phone="2185550402")
    f.rest()
    assert f.state("L-4")["phone"] == "2185550402" and phone(f.los.loans["L-4"]["phone"]) == "(218) 555-0402"
    f.crm.clock = datetime.timedelta(days=3650)
    f.crm.edit("L-4", phone="2185550403")
    f.rest()
    f.crm.clock = datetime.timedelta()
    f.los.edit("L-4", phone="2185550404")
    f.rest()
    assert phone(f.crm.loans["L-4"]["phone"]) == phone(f.los.loans["L-4"]["phone"]) == "(218) 555-0404"
    assert [outcome for _, outcome, _ in f.tracks("L-4")].count("echo") == 5, f.tracks("L-4")


def a_stage_that_swings(f):
    """Ten times to and fro, each with a reason: the CRM is told each time, in order, and tells nothing new."""
    before = len(f.writes(f.crm, "L-5"))
    f.los.edit("L-5", stage="underwriting")
    for i in range(10):
        event = f.los.change("L-5", {"stage": "approval" if i % 2 else "docs"}, "u-1")
        f.los.tell({**event, "reason": "shown anew"})
    f.rest()
    assert f.state("L-5")["stage"] == f.crm.loans["L-5"]["stage"] == "approval"
    assert 1 <= len(f.writes(f.crm, "L-5")) - before <= 11
    assert f.told("stage_refused", "L-5") == [] and f.conflicts("L-5") == []
    f.crm.edit("L-5", stage="won")  # its word for approval
    f.rest()
    f.crm.edit("L-5", stage="in review")
    f.rest()
    assert f.state("L-5")["stage"] == f.crm.loans["L-5"]["stage"] == "approval", "the LOS owns the stage"
    assert [row[1:] for row in f.conflicts("L-5")] == [("kept", "stage", "underwriting", "approval")]


def a_month_replayed(f):
    """All that was ever told is told again, under the old ids and under new ones: nothing is written anywhere."""
    writes = len(f.crm.writes), len(f.los.writes)
    loans = json.dumps([f.state(f"L-{n}")["phone"] for n in (1, 2, 3, 4)])
    for office in (f.crm, f.los):
        for event in {event["id"]: event for event in office.told}.values():
            office.tell(event, "duplicate")
            if event["loan"] != "L-4":  # an event of the future happens when it arrives, and a new id is a new event
                office.tell({**event, "id": "new-" + event["id"]})
    f.rest()
    assert (len(f.crm.writes), len(f.los.writes)) == writes, "a replay writes nothing"
    assert json.dumps([f.state(f"L-{n}")["phone"] for n in (1, 2, 3, 4)]) == loans


def renumbered_in_the_los(f):
    f.los.edit("L-6", phone="2185550600", stage="docs")
    f.rest()
    event = f.los.change("L-6", {"phone": "2185550601"}, "u-1")
    f.los.tell({**event, "renumbered": "L-6000"})
    f.rest()
    f.crm.edit("L-6", phone="2185550602")  # the CRM has it under the old number still
    f.rest()
    shown = f.d.api("/api/v1/loans/L-6")
    assert (shown["subject"], shown["names"], shown["state"]["phone"]) == ("L-6000", ["L-6"], "2185550602"), shown
    assert [loan["subject"] for loan in f.d.api("/api/v1/loans?limit=100")["loans"]].count("L-6") == 0, "it is listed once"
    assert f.los.loans["L-6000"]["phone"] == "(218) 555-0602", f.los.loans
    why = subprocess.run([f.d.milepost, "why", "L-6", "--config", str(f.d.folder)], capture_output=True, text=True)
    assert why.returncode == 0 and "L-6000  before: L-6" in why.stdout and "L-6 is L-6000 now" in why.stdout, why.stdout + why.stderr
    rows = [row for row in f.d.all_of("/api/v1/audit?subject=L-6000", "rows") if row["action"] == "loan.renamed"]
    assert [row["details"] for row in rows] == [{"from": "L-6", "to": "L-6000"}], rows


def one_that_writes_in_lower_case(f):
    f.crm.edit("L-7", email="Ines.OKAFOR@X.test")
    f.rest()
    assert (f.state("L-7")["email"], f.los.loans["L-7"]["email"]) == ("Ines.OKAFOR@X.test", "ines.okafor@x.test")
    assert f.tracks("L-7") == [("crm", "updated", {"email": "taken"}), ("los", "echo", {"email": "echo"})], f.tracks("L-7")
    assert f.writes(f.crm, "L-7") == [] and f.conflicts("L-7") == []


def nothing_new_is_written_nowhere_after_a_restart_either(f):
    """A pipeline that tracks and writes: what it tracked was no news, and its write has to wait for a connection, and for another start."""
    f.crm.edit("L-8", nickname="Nessie")
    f.rest()
    assert f.los.loans["L-8"] == {"nickname": "Nessie"} and len(f.writes(f.los, "L-8")) == 1, f.los.writes

    def connections(verb, *more):
        done = subprocess.run([f.d.milepost, "connections", verb, "los", *more, "--config", str(f.d.folder)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    connections("pause", "--reason", "over the weekend")
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    for number, nickname in enumerate(("Nessie", "Ness")):
        assert f.d.send(json.dumps({"id": f"direct-{number}", "loan": f"L-{8 + number}", "time": now, "nickname": nickname}).encode(), "/hooks/direct")[0] == 202
    time.sleep(0.5)
    assert [event["state"] for event in f.d.all_of("/api/v1/events?pipeline=crm-direct", "events")] == ["open", "open"]
    assert f.d.stop_host() == 0
    f.d.start_host()
    connections("resume", "--reason", "it is Monday")
    f.rest()
    assert f.writes(f.los, "L-8") == [{"nickname": "Nessie"}], f.writes(f.los, "L-8")
    assert f.los.loans["L-9"] == {"nickname": "Ness"}, "what was news is written"


def main():
    with Deployment(sys.argv[1], HERE / "sync") as d:
        (d.folder / "plugins").mkdir()
        shutil.copy(sys.argv[2], d.folder / "plugins")
        crm = Office(d, "crm", "/hooks/crm", rewrite={"amount": lambda value: f"{float(value):.0f}"}, early=True)
        los = Office(d, "los", "/hooks/los", rewrite={"phone": phone, "email": str.lower})
        (d.folder / "connections").mkdir()
        for office in (crm, los):
            d.set(f"connections/{office.name}.yaml", office.connection())
        checked = subprocess.run([d.milepost, "check", "--config", str(d.folder)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        d.start_host()
        f = Flow(d, crm, los)
        for check in (what_the_one_says_the_other_gets, a_foreign_change_is_a_conflict, a_person_decides, one_edit_on_both_sides, an_echo_late_twice_and_over_a_restart,
                      clocks_that_are_off, a_stage_that_swings, a_month_replayed, renumbered_in_the_los, one_that_writes_in_lower_case, nothing_new_is_written_nowhere_after_a_restart_either):
            check(f)
            print("ok:", check.__name__, flush=True)
        assert d.stop_host() == 0
        d.verify()
        crm.close(), los.close()
    print("ok: two systems hold one loan, each in its own way, and nothing goes round")


if __name__ == "__main__":
    main()
