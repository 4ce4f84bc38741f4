"""The main job, told from outside: sends what a LOS and a lead service would send, then shows what became of it.

Uses what a user has: the executable, the example folder, webhooks, the admin API, the doubles' state. Python's standard library only.
"""
import argparse
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

STAGES = ["inquiry", "pre-qual", "docs", "underwriting", "approval", "funding"]
LOANS = {
    "L-1001": ("duluth", "325000.00", {"name": "Ines Okafor", "line1": "77 Birch Ct", "city": "Duluth", "state": "MN", "zip": "55802"}),
    "L-1002": ("duluth", "210500.50", {"name": "Tom Reyes", "line1": "9 Harbor View", "city": "Superior", "state": "WI", "zip": "54880"}),
    "L-1003": ("fargo", "180000", {"name": "Ann Lindqvist", "line1": "412 4th Ave N", "city": "Fargo", "state": "ND", "zip": "58102"}),
}
USERS = ["u-17", "u-17", "u-23", "u-31", "u-31", "u-08"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOR else text


def heading(text):
    print("\n" + paint("1", text))


def table(rows, indent="  "):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [str(cell).ljust(width) for cell, width in zip(row, widths)]
        print((indent + "  ".join(cells)).rstrip())


def call(method, url, body=None, headers=None):
    """Status and text of an answer, whatever the status."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]


class Demo:
    def __init__(self, milepost, folder):
        self.milepost = milepost
        self.processes = []
        self.surprises = []
        self.ports = {name: free(port) for name, port in {"hooks": 8080, "admin": 8081, "sandbox": 9090}.items()}
        self.hooks, self.admin, self.sandbox = (f"http://127.0.0.1:{self.ports[name]}" for name in ("hooks", "admin", "sandbox"))
        self.folder = folder
        self.copy_examples()

    def copy_examples(self):
        """The example folder as it is, with a fresh store; other ports only where the usual ones are taken."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(ROOT / "examples", self.folder, ignore=shutil.ignore_patterns("data"))
        os.chmod(self.folder / "secrets.yaml", 0o600)
        for file in self.folder.rglob("*.yaml"):
            text = file.read_text()
            for usual, name in (("127.0.0.1:8080", "hooks"), ("127.0.0.1:8081", "admin"), ("127.0.0.1:9090", "sandbox")):
                text = text.replace(usual, f"127.0.0.1:{self.ports[name]}")
            file.write_text(text)

    def expect(self, true, what):
        if not true:
            self.surprises.append(what)

    # ---- the two processes ----

    def start(self, name, arguments, ready):
        log = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen([self.milepost, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        for _ in range(1200):  # a minute: a sanitizer on a busy machine
            if process.poll() is not None:
                break
            try:
                if call("GET", ready)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        tail = (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
        sys.exit(f"demo: {name} did not become ready:\n{tail}")

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                self.expect(process.wait(timeout=20) == 0, "a process did not end with 0 on SIGTERM")
            except subprocess.TimeoutExpired:
                process.kill()
                self.surprises.append("a process did not end within 20 s of SIGTERM")
        self.processes = []

    # ---- what comes in ----

    def fault(self, **fault):
        status, text = call("POST", self.sandbox + "/_sandbox/faults", json.dumps(fault).encode())
        self.expect(status == 200, f"the sandbox refused a fault: {text}")

    def los_event(self, loan, stage, number):
        branch, amount, address = LOANS[loan]
        return (
            '{"eventId":"%s-%d","type":"stage.changed","occurredAt":"2026-11-%02dT14:%02d:00Z","reason":"milestone reached",'
            '"user":{"id":"%s"},"loan":{"id":"%s","stage":"%s","branch":"%s","amount":%s},"borrower":{"address":%s}}'
            % (loan, number, 2 + 3 * number, int(loan[-1]), USERS[number % len(USERS)], loan, stage, branch, amount, json.dumps(address))
        ).encode()

    def send_los(self, body, secret=b"demo-los-secret"):
        signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
        return call("POST", self.hooks + "/hooks/los", body, {"Content-Type": "application/json", "X-Signature": signature})

    def send(self):
        rows = [("WHAT", "ANSWER")]
        answers = {loan: [] for loan in LOANS}
        for number, stage in enumerate(STAGES, 1):
            for loan in LOANS:
                status, text = self.send_los(self.los_event(loan, stage, number))
                answers[loan].append(status)
                self.expect(status == 202, f"{loan} {stage} was answered {status}: {text}")
        for loan, got in answers.items():
            rows.append((f"{loan}: six stages, inquiry to funding", f"{got.count(202)} x 202 accepted"))

        status, text = self.send_los(self.los_event("L-1001", "approval", 5))
        rows.append(("L-1001: its approval once more, as senders do", f"{status} {json.loads(text).get('status')}"))
        self.expect(status == 200 and json.loads(text)["status"] == "duplicate", "the second approval was no duplicate")

        status, text = self.send_los(self.los_event("L-1001", "funding", 9), secret=b"somebody else's")
        rows.append(("L-1001: signed with another secret", f"{status} {json.loads(text).get('title', '').lower()}"))
        self.expect(status == 401, "a bad signature was not refused")

        bad = self.los_event("L-1002", "closing", 8).replace(b'"amount":210500.50', b'"amount":-1')
        status, text = self.send_los(bad)
        rows.append(('L-1002: a stage "closing" and an amount of -1', f"{status} accepted, then a dead letter"))
        self.expect(status == 202, f"the invalid event was answered {status}")

        lead = (ROOT / "examples" / "events" / "crf-lead.json").read_bytes()
        status, text = call("POST", self.hooks + "/hooks/crf", lead, {"Content-Type": "application/json", "X-Api-Key": "demo-crf-secret"})
        rows.append(("a CRF Connect lead", f"{status} {json.loads(text).get('status')}"))
        self.expect(status == 201, f"the lead was answered {status}: {text}")
        heading("What was sent")
        table(rows)

    # ---- what became of it ----

    def api(self, path):
        key = (self.folder / "data" / "owner.key").read_text().strip()
        status, text = call("GET", self.admin + path, headers={"Authorization": f"Bearer {key}"})
        if status != 200:
            sys.exit(f"demo: GET {path} was answered {status}: {text}")
        return json.loads(text)

    def state(self, vendor):
        return json.loads(call("GET", f"{self.sandbox}/_sandbox/state/{vendor}")[1])

    def requests(self, vendor):
        return json.loads(call("GET", f"{self.sandbox}/_sandbox/requests?vendor={vendor}")[1])["requests"]

    def wait_until_all_ended(self):
        started = time.monotonic()
        while time.monotonic() - started < 60:
            events = [event for event in self.api("/api/v1/events?limit=500")["events"] if event["pipeline"] != "milepost"]
            if events and all(event["state"] in ("done", "dead", "in_doubt") for event in events):
                return sorted(events, key=lambda event: event["sequence"]), time.monotonic() - started
            time.sleep(0.1)
        self.surprises.append("some events had not ended after 60 s")
        return sorted(events, key=lambda event: event["sequence"]), 60

    def tell_loans(self, events, shown):
        heading("What happened to each loan")
        for loan in LOANS:
            print(f"\n  {paint('1', loan)}")
            rows = [("STAGE", "EVENT", "CRM", "POSTCARD", "WRITE-BACK")]
            mine = [event for event in events if event.get("subject") == loan]
            for event in mine:
                detail = shown[event["receipt"]]
                stage = json.loads(detail["payload"])["loan"]["stage"]
                effects = {effect["step"]: effect for effect in detail["effects"]}
                if event["state"] == "dead":
                    rows.append((stage, "dead letter", "", "", ""))
                    continue
                rows.append((stage, event["state"], self.crm(effects.get("crm")), self.card(effects.get("card")), self.note(effects.get("writeback"))))
            table(rows, "    ")
            order = [json.loads(shown[event["receipt"]]["payload"])["loan"]["stage"] for event in mine if event["state"] == "done"]
            self.expect(order == STAGES, f"{loan} did not go through its stages in order: {order}")

    @staticmethod
    def attempts(effect):
        return "" if effect["attempt"] == 1 else f", {effect['attempt']} attempts"

    def crm(self, effect):
        if not effect:
            return ""
        answer = effect.get("answer", {})
        return f"deal {answer.get('body', {}).get('id', '?')} {answer.get('effect', effect['state'])}{self.attempts(effect)}"

    def card(self, effect):
        if not effect:
            return ""
        return f"order {effect.get('answer', {}).get('body', {}).get('order_id', effect['state'])}"

    def note(self, effect):
        if not effect:
            return ""
        return f"note {effect.get('answer', {}).get('body', {}).get('id', effect['state'])}"

    def tell_trouble(self, events):
        heading("What went wrong on the way, and what Milepost did")
        rows = self.api("/api/v1/audit?limit=500")["rows"]
        retried = [row for row in rows if row.get("outcome") == "retry"]
        settled = [row for row in rows if row.get("details", {}).get("settled_by") == "look_up"]
        dead = [event for event in events if event["state"] == "dead"]
        doubt = [event for event in events if event["state"] == "in_doubt"]
        for row in retried:
            error = row["details"]["error"]
            print(f"  {row['subject']}  {row['step']}: {error['message']}; sent again, in order")
        for row in settled:
            print(f"  {row['subject']}  {row['step']}: the connection broke after the order was taken; looked up, found, not sent again")
        for event in dead:
            print(f"  {event.get('subject', '')}  dead letter: {event['fault']}")
        self.expect(any(row["step"] == "crm" for row in retried), "the CRM's 429 was not retried")
        self.expect(any(row["step"] == "card" for row in settled), "the cut order was not settled by a look-up")
        self.expect(len(dead) == 1 and not doubt, f"{len(dead)} dead letters and {len(doubt)} in doubt, expected 1 and 0")

    def tell_audit(self):
        heading("The audit trail of L-1001 (one event of it)")
        rows = self.api("/api/v1/audit?limit=500&subject=L-1001")["rows"]
        approval = next(row["event"] for row in rows if row["action"] == "postcard.send" and row["kind"] == "intent")
        lines = [("ROW", "TIME", "KIND", "USER", "ACTION", "STEP", "OUTCOME")]
        for row in rows:
            if row["event"] == approval:
                lines.append((row["sequence"], row["time"][11:23], row["kind"], row["user"], row["action"], row.get("step", ""), row.get("outcome", "")))
        table(lines)
        print()
        verified = subprocess.run([self.milepost, "audit", "verify", "--config", self.folder], capture_output=True, text=True)
        print("  milepost audit verify: " + (verified.stdout or verified.stderr).strip())
        self.expect(verified.returncode == 0, "the audit trail does not verify")

    def tell_vendors(self):
        heading("What the vendors now hold")
        crm, mail = self.state("hubspot"), self.state("postcard")
        deals = list_of(crm, "deals")
        orders = list_of(mail, "orders")
        rows = [("HUBSPOT DEAL", "LOAN", "STAGE", "AMOUNT")]
        for deal in deals:
            properties = deal["properties"]
            rows.append((deal["id"], properties.get("loan_id"), properties.get("dealstage"), properties.get("amount")))
        table(rows)
        print(f"  and {len(list_of(crm, 'contacts'))} contact, {len(list_of(crm, 'notes'))} notes\n")
        rows = [("POSTCARD ORDER", "OUR REFERENCE", "TO")]
        for order in orders:
            recipient = (order.get("recipients") or [order.get("recipient", {})])[0]
            rows.append((order.get("orderID"), order.get("extRefNbr"), f"{recipient.get('firstName', '')} {recipient.get('lastName', '')}, {recipient.get('city', '')}"))
        table(rows)
        self.expect(len(deals) == 3, f"{len(deals)} deals, expected 3")
        self.expect(len(orders) == 3, f"{len(orders)} postcards, expected one per loan: 3")
        self.expect(len(list_of(crm, "notes")) == 3, "expected 3 notes")
        self.expect(len(list_of(crm, "contacts")) == 1, "expected 1 contact")
        amounts = {deal["properties"].get("loan_id"): deal["properties"].get("amount") for deal in deals}
        self.expect(amounts == {loan: LOANS[loan][1] for loan in LOANS}, f"amounts were not carried exactly: {amounts}")

    def run(self, once):
        self.start("sandbox", ["sandbox", "--listen", f"127.0.0.1:{self.ports['sandbox']}", "--config", str(self.folder)], self.sandbox + "/_sandbox/requests")
        self.start("host", ["run", "--config", str(self.folder)], self.admin + "/health/ready")
        print(paint("1", "Milepost: a loan's milestone becomes an audit row, a CRM update, a postcard and a write-back"))
        print(f"\n  webhooks  {self.hooks}/hooks/los, /hooks/crf\n  admin     {self.admin}/api/v1/events\n  doubles   {self.sandbox}/hubspot/, /postcard/")
        # The CRM says "later" once; the postcard vendor takes an order and breaks the connection before it answers.
        self.fault(vendor="hubspot", match={"method": "POST", "path": "*/batch/upsert"}, times=1,
                   answer={"status": 429, "headers": {"Content-Type": "application/json"},
                           "body": {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT",
                                    "category": "RATE_LIMITS", "policyName": "SECONDLY", "correlationId": "demo"}})
        self.fault(vendor="postcard", match={"method": "POST", "path": "/order/postcard"}, times=1, cut="after")
        self.send()
        events, seconds = self.wait_until_all_ended()
        shown = {event["receipt"]: self.api("/api/v1/events/" + event["receipt"]) for event in events}
        print(f"\n  {len(events)} events ended within {seconds:.1f} s")
        self.tell_loans(events, shown)
        self.tell_trouble(events)
        self.tell_vendors()
        self.tell_audit()
        if not once:
            key = self.folder / "data" / "owner.key"
            heading("Still running: look around, and press Ctrl-C to end")
            print(f'  curl -H "Authorization: Bearer $(cat {key})" {self.admin}/api/v1/events\n  curl {self.sandbox}/_sandbox/state/hubspot\n'
                  f"  {self.milepost} events list --config {self.folder}\n  {self.milepost} audit list --subject L-1002 --config {self.folder}")
            try:
                signal.pause()
            except KeyboardInterrupt:
                print()
        self.stop()
        if self.surprises:
            heading("NOT as expected")
            for surprise in self.surprises:
                print("  " + surprise)
            return 1
        if once:
            heading("Everything was as expected.")
        return 0


def list_of(state, name):
    """A collection of a double's state, whether it keeps a list or a mapping by id."""
    found = state.get(name) or state.get("objects", {}).get(name) or []
    return list(found.values()) if isinstance(found, dict) else found


def main():
    parser = argparse.ArgumentParser(description="The main job, end to end, against local doubles.")
    parser.add_argument("--milepost", required=True, help="the executable")
    parser.add_argument("--once", action="store_true", help="end after the story; exit 0 only if everything was as expected")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "demo", help="where the copy of examples/ and its data go")
    arguments = parser.parse_args()
    demo = Demo(str(pathlib.Path(arguments.milepost).resolve()), arguments.folder.resolve())
    try:
        return demo.run(arguments.once)
    finally:
        for process in demo.processes:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
