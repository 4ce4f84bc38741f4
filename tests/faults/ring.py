"""Three systems in a ring around the host: a CRM (told of by webhook and by polling), a spreadsheet (by polling) and a script that plays the LOS, which answers every write
with an event. People edit the same loans in all three at once; with --kill the host is killed in the midst of it. It must come to rest, with one value everywhere; each effect and each conflict
is accounted for. With MILEPOST_LONG: 10,000 edits."""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment, call  # noqa: E402
from harness.office import Office  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "ring"
SHEET = "/sheets/v4/spreadsheets/1MilepostSandbox00000000000000000000000000001"
TOKEN = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}
LETTERS = {"name": "B", "amount": "C", "note": "D"}
DEALS = {"name": "dealname", "amount": "amount", "note": "description"}


class Los(Office):
    """It tries again while the host is away, as senders do."""

    def tell(self, event, expect=None):
        for _ in range(600):
            try:
                status, _ = self.post(event)
                if status in (200, 202):  # 200: it had arrived before the host was killed
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError("the host never came back")


class Ring:
    def __init__(self, d, los, loans):
        self.d, self.los, self.loans = d, los, loans
        self.number, self.lock = 0, threading.Lock()
        self.foreign = []  # (system, loan, field, value) of each edit of a field that is another's
        self.edits = collections.Counter()

    def call(self, method, path, body):
        status, _, text = call(self.d.sandbox, method, path, json.dumps(body), TOKEN)
        assert status in (200, 201, 204), (path, status, text)
        return json.loads(text or b"null")

    def value(self, field):
        with self.lock:
            self.number += 1
            return str(100_000 + self.number) if field == "amount" else f"{field} {self.number}"

    def deal(self, loan):
        found = [record for record in self.d.state("hubspot")["deals"] if record["properties"].get("loan_id") == loan]
        return found[0] if found else None

    def rows(self):
        values = self.call_get(f"{SHEET}/values/Ring!A1:D{self.loans + 1}?valueRenderOption=UNFORMATTED_VALUE").get("values", [])
        return {row[0]: dict(zip(("name", "amount", "note"), (str(cell) for cell in row[1:]))) for row in values[1:] if row}

    def call_get(self, path):
        status, _, text = call(self.d.sandbox, "GET", path, headers=TOKEN)
        assert status == 200, (path, status, text)
        return json.loads(text)

    def edit_los(self, loan, field):
        value = self.value(field)
        if field == "name":
            self.foreign.append(("los", loan, field, value))
        self.los.edit(loan, "u-los", **{field: value})

    def edit_crm(self, loan, field):
        value, deal = self.value(field), self.ids[loan]
        self.call("PATCH", f"/hubspot/crm/objects/2026-09/deals/{deal}", {"properties": {DEALS[field]: value}})
        if self.webhooks:
            self.d.emit("hubspot", {"url": f"http://127.0.0.1:{self.d.hooks}/hooks/crm", "objectId": int(deal), "propertyName": DEALS[field], "propertyValue": value})

    def edit_sheet(self, loan, field):
        row = self.row_of[loan]
        self.call("PUT", f"{SHEET}/values/Ring!{LETTERS[field]}{row}?valueInputOption=RAW", {"range": f"Ring!{LETTERS[field]}{row}", "values": [[self.value(field)]]})

    def edit(self, system):
        loan = f"L-{random.randrange(self.loans)}"
        field = {"los": ["note", "note", "amount", "name"], "crm": ["note", "note", "name", "amount"], "sheet": ["note"]}[system]
        field = random.choice(field)
        getattr(self, "edit_" + system)(loan, field)
        self.edits[system] += 1

    def rest(self, seconds):
        """Nothing is under way, no poll brings anything, and it stays so."""
        deadline, seen, since = time.monotonic() + seconds, None, time.monotonic()
        while time.monotonic() - since < 4:
            assert time.monotonic() < deadline, f"no rest after {seconds} s\n{self.d.log()[-2000:]}"
            newest = self.d.api("/api/v1/events?limit=1")["events"]
            under_way = [event for state in ("open", "waiting") for event in self.d.api(f"/api/v1/events?limit=1&state={state}")["events"]]
            now = (newest[0]["sequence"] if newest else 0, bool(under_way))
            if now != seen or under_way:
                seen, since = now, time.monotonic()
            time.sleep(0.25)

    def differences(self):
        deals = {record["properties"].get("loan_id"): record["properties"] for record in self.d.state("hubspot")["deals"]}
        rows, out = self.rows(), []
        for number in range(self.loans):
            loan = f"L-{number}"
            state = self.d.api(f"/api/v1/loans/{loan}")["state"]
            for field in ("name", "amount", "note"):
                held = {"host": state.get(field), "los": self.los.loans[loan].get(field), "crm": deals[loan].get(DEALS[field]), "sheet": rows[loan].get(field)}
                plain = {system: str(value).split(".")[0].lower() for system, value in held.items()}
                if len(set(plain.values())) != 1:
                    out.append((loan, field, held))
        return out


def check(ring, d):
    rows = d.all_of("/api/v1/audit", "rows")
    events = d.all_of("/api/v1/events", "events")
    assert collections.Counter(event["state"] for event in events) == {"done": len(events)}, collections.Counter((event["pipeline"], event["state"], event.get("fault")) for event in events)
    changed = [event for event in events if event["type"] == "milepost.loan_changed" and event["pipeline"] == "milepost"]
    conflicts = [row for row in rows if row["action"] == "field_conflict"]
    told = [event for event in events if event["type"] == "milepost.field_conflict" and event["pipeline"] == "milepost"]
    assert len(told) == len(conflicts), (len(told), len(conflicts))
    assert {row["outcome"] for row in conflicts} <= {"kept"}, collections.Counter(row["outcome"] for row in conflicts)
    # The LOS tells of each of its edits: each that is not its own is one conflict, and there are no others of it.
    named = collections.Counter((row["subject"], row["details"]["field"], row["details"]["value"]) for row in conflicts if row["details"]["system"] == "los")
    assert named == collections.Counter(edit[1:] for edit in ring.foreign), (len(named), len(ring.foreign), named - collections.Counter(edit[1:] for edit in ring.foreign),
                                                                        collections.Counter(edit[1:] for edit in ring.foreign) - named)
    # Each change goes once to each pipeline that writes; there it is written, or it is not needed there.
    verdicts = collections.Counter()
    for row in rows:
        for field, verdict in row["details"].get("sync", {}).get("fields", {}).items() if row["action"] == "track" else ():
            verdicts[row["details"]["sync"]["system"], verdict] += 1
    for system in ("crm", "los", "sheet"):
        followed = [event for event in events if event["pipeline"] == "to-" + system]
        assert len(followed) == len(changed), (system, len(followed), len(changed))
        outcomes = collections.Counter(row["outcome"] for row in rows if row.get("pipeline") == "to-" + system and row.get("step") == "write" and row["kind"] in ("outcome", "decision"))
        written = sum(outcomes[name] for name in ("created", "updated"))
        print(f"to {system}: {dict(outcomes)}")
        # Not one write that no change asked for: a change asks each system once, and who lost is asked by what he said.
        assert written <= len(changed), (system, written, len(changed))
        if system == "los":
            assert len(ring.los.writes) >= written, (len(ring.los.writes), written)
    news = sum(count for (_, verdict), count in verdicts.items() if verdict in ("taken", "late", "kept", "echo"))  # an echo of an older value has the present one written again
    assert len(changed) <= news, (len(changed), news)
    print(f"{sum(ring.edits.values())} edits ({dict(ring.edits)}), {len(changed)} changes of loans, {len(conflicts)} conflicts, verdicts {dict(sorted((' '.join(key), count) for key, count in verdicts.items()))}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--office", required=True)
    parser.add_argument("--edits", type=int, default=10_000 if os.environ.get("MILEPOST_LONG") else 240)
    parser.add_argument("--kill", action="store_true", help="kill the host in the midst of it")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    loans = max(12, arguments.edits // 25)
    print(f"seed {arguments.seed}, {arguments.edits} edits of {loans} loans", flush=True)
    with Deployment(arguments.milepost, FOLDER) as d:
        (d.folder / "plugins").mkdir()
        shutil.copy(arguments.office, d.folder / "plugins")
        los = Los(d, "los", "/hooks/los", rewrite={"amount": lambda value: f"{float(value):.2f}"})
        d.set("connections/los.yaml", los.connection())
        d.start_sandbox()
        ring = Ring(d, los, loans)
        ring.webhooks = True
        ring.call("POST", "/hubspot/_limits", {"burst": 1_000_000, "daily": 100_000_000, "search": 1000})
        ring.call("POST", "/sheets/_limits", {"user": 1_000_000, "project": 1_000_000})
        ring.call("POST", f"{SHEET}:batchUpdate", {"requests": [{"addSheet": {"properties": {"title": "Ring", "gridProperties": {"rowCount": loans + 10, "columnCount": 8}}}}]})
        ring.call("PUT", f"{SHEET}/values/Ring!A1:D1?valueInputOption=RAW", {"range": "Ring!A1:D1", "values": [["Loan", "Name", "Amount", "Note"]]})
        d.start_host()
        for number in range(loans):
            los.edit(f"L-{number}", "u-los", amount=ring.value("amount"), note=ring.value("note"))
        ring.rest(300)
        ended = collections.Counter((event["pipeline"], event["state"], event.get("fault", "")) for event in d.all_of("/api/v1/events", "events"))
        assert "deals" in d.state("hubspot"), (ended, d.api("/api/v1/pipelines"), d.log()[-2000:])
        ring.ids = {record["properties"]["loan_id"]: record["id"] for record in d.state("hubspot")["deals"]}
        ring.row_of = {row: number + 2 for number, row in enumerate(ring.rows())}
        assert len(ring.ids) == len(ring.row_of) == loans, (len(ring.ids), len(ring.row_of))
        assert ring.differences() == [], ring.differences()[:5]

        def people(system, count):
            for _ in range(count):
                ring.edit(system)
                if system != "los":
                    time.sleep(random.uniform(0, 0.02))

        half = [threading.Thread(target=people, args=(system, arguments.edits // 6)) for system in ("los", "crm", "sheet")]
        [thread.start() for thread in half]
        [thread.join() for thread in half]
        # The host dies; what people change meanwhile is brought by the LOS's tries, and by polling.
        if arguments.kill:
            d.kill_host()
            ring.webhooks = False
        away = [threading.Thread(target=people, args=(system, arguments.edits // 6)) for system in ("los", "crm", "sheet")]
        [thread.start() for thread in away]
        if arguments.kill:
            time.sleep(1)
            d.start_host()
        [thread.join() for thread in away]
        ring.rest(2400 if arguments.edits > 1000 else 300)
        assert ring.differences() == [], (len(ring.differences()), ring.differences()[:5])
        check(ring, d)
        assert d.stop_host() == 0
        d.verify()
        los.close()
    print("ok: the ring comes to rest, and everyone has the same")


if __name__ == "__main__":
    main()
