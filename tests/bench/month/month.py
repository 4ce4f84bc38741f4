"""A month at a lender, twice over the same inputs: Milepost, as the folder `house` has it, and the script that it replaces, each with a CRM of its own (the double). Time runs faster for
all of them. docs/month.md says what is counted, and how.

    python3 tests/bench/month/month.py build/release/bin/milepost [--loans 2000] [--days 30] [--speed 2400] [--seed 7] [--json FILE] [--expect]"""
import argparse
import concurrent.futures
import http.client
import http.server
import json
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
sys.path.insert(0, str(HERE))
from harness.deployment import Deployment, call  # noqa: E402
from inputs import DAY, HOUR, STAGES, Month, event_id  # noqa: E402
from script import STAGES as IDS, Script  # noqa: E402

TOLERANCE = 2 * HOUR  # what changed so lately is no error yet
LOOK = 6 * HOUR
SHEET = "1MilepostSandbox00000000000000000000000000001"
TOKEN = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away."""


class Gate:
    """Stands before a CRM; while it is down everybody gets 503."""

    def __init__(self, port):
        gate = self
        self.down, self.local = False, threading.local()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, text = (503, "application/json", b"{}") if gate.down else gate.forward(port, self.command, self.path, body, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, port, method, path, body, headers):
        passed = {name: headers[name] for name in ("Authorization", "Content-Type") if headers[name]}
        for fresh in (False, True):
            if fresh or getattr(self.local, "connection", None) is None:
                self.local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                self.local.connection.request(method, path, body or None, passed)
                answer = self.local.connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "application/json", answer.read()
            except (OSError, http.client.HTTPException):
                self.local.connection = None
        return 503, "application/json", b"{}"


class Side:
    """One of the two, with its CRM."""

    def __init__(self, name, crm, send):
        self.name, self.crm, self.send = name, crm, send
        self.gate = Gate(crm.sandbox)
        self.wrong = self.looked = self.by_hand = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(8)

    def deals(self):
        return {deal["properties"].get("loan_id"): deal for deal in self.crm.state("hubspot").get("deals", [])}

    def write(self, deal, stage):
        status, _, text = call(self.crm.sandbox, "PATCH", f"/hubspot/crm/v3/objects/deals/{deal['id']}", json.dumps({"properties": {"dealstage": IDS[stage]}}), TOKEN)
        assert status == 200, text


class Run:
    def __init__(self, options):
        self.options = options
        self.month = Month(options.loans, options.days, options.seed)
        self.host = Deployment(options.milepost, HERE / "house", speed=options.speed)
        self.other = Deployment(options.milepost, HERE / "house")
        self.other.environment = self.host.environment
        self.base = int(self.host.environment["MILEPOST_CLOCK"].split(",")[1])
        self.truth = {}  # loan -> [(time, stage, change)]

    # ---- time ----

    def now(self):
        return (time.time() - self.base) * self.options.speed - self.start

    def sleep_until(self, second):
        wait = (second - self.now()) / self.options.speed
        if wait > 0:
            time.sleep(wait)

    def stamp(self, second):
        whole = self.base + self.start + second
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(whole % 1 * 1e6):06}Z"

    # ---- what happens ----

    def deliver(self, change):
        _, loan, stage, version = change
        body = json.dumps({"eventId": event_id(change), "version": version, "loan": loan, "stage": stage, "occurredAt": self.stamp(change[0])}).encode()
        for side in self.sides:
            side.pool.submit(side.send, body)

    def export(self, at):
        """The LOS writes its list into the sheet."""
        rows = [["Loan", "Stage", "Event", "Version", "At"]]
        for loan, past in sorted(self.truth.items()):
            known = [each for each in past if each[0] <= at]
            if known:
                second, stage, change = known[-1]
                rows.append([loan, stage, event_id(change), change[3], self.stamp(second)])
        status, _, text = call(self.host.sandbox, "PUT", f"/sheets/v4/spreadsheets/{SHEET}/values/Loans!A1?valueInputOption=RAW", json.dumps({"values": rows}), TOKEN, timeout=120)
        assert status == 200, text

    def stages_at(self, loan, at):
        """The stages that are no error now."""
        past = self.truth.get(loan, [])
        before = [stage for second, stage, _ in past if second <= at - TOLERANCE]
        since = [stage for second, stage, _ in past if at - TOLERANCE < second <= at]
        return (before[-1:] + since) if before else []

    def errors(self, side, at):
        names = {number: stage for stage, number in IDS.items()}
        deals = side.deals()
        out = []
        for loan in self.truth:
            fine = self.stages_at(loan, at)
            if not fine:
                continue
            side.looked += 1
            deal = deals.get(loan)
            if deal is None or names.get(deal["properties"].get("dealstage")) not in fine:
                out.append((loan, deal, fine[-1]))
        return out

    def look(self, at):
        for side in self.sides:
            wrong = self.errors(side, at)
            side.wrong += len(wrong)
            side.seen.append(len(wrong))

    def put_right(self, at):
        """A person compares LOS and CRM, deal by deal, and corrects what differs: that is the work that counts."""
        for side in self.sides:
            looked = side.looked
            for loan, deal, stage in self.errors(side, at):
                side.by_hand += 1
                if deal is not None:
                    side.write(deal, stage)
            side.looked = looked

    def edit(self, loan, stage):
        for side in self.sides:
            deal = side.deals().get(loan)
            if deal is not None:
                side.write(deal, stage)

    def outage(self, down):
        for side in self.sides:
            side.gate.down = down

    def agenda(self):
        month = self.month
        plan = []
        for change in month.changes:
            self.truth.setdefault(change[1], []).append((change[0], change[2], change))
        plan += [(second, 1, lambda change=change: self.deliver(change)) for second, change in month.deliveries]
        plan += [(second, 2, lambda loan=loan, stage=stage: self.edit(loan, stage)) for second, loan, stage in month.edits]
        plan += [(month.outage[0], 3, lambda: self.outage(True)), (month.outage[1], 3, lambda: self.outage(False))]
        plan += [(each * 4 * HOUR + 60, 4, lambda at=each * 4 * HOUR: self.export(at)) for each in range(2, month.days * 6)]
        plan += [(each * LOOK, 5, lambda at=each * LOOK: self.look(at)) for each in range(DAY // LOOK, month.days * DAY // LOOK)]
        plan += [(each * DAY + 8 * HOUR, 6, lambda at=each * DAY + 8 * HOUR: self.put_right(at)) for each in range(1, month.days) if each % 7 not in (5, 6)]
        return sorted((each for each in plan if each[0] < month.days * DAY), key=lambda each: each[:2])

    def play(self):
        with self.host as host, self.other as other:
            other.start_sandbox()
            host.start_sandbox()
            milepost = Side("Milepost", host, host.send)
            script = Side("script", other, None)
            program = Script(script.gate.port)
            script.send = lambda body: call(program.port, "POST", "/", body)
            self.sides = [milepost, script]
            for side in self.sides:
                side.seen = []
            crm = host.folder / "connections/crm.yaml"
            crm.write_text(crm.read_text().replace("127.0.0.1:9091", f"127.0.0.1:{milepost.gate.port}"))
            call(host.sandbox, "POST", "/sheets/_limits", json.dumps({"user": 100000, "project": 100000}), TOKEN)
            sheet = json.loads(call(host.sandbox, "GET", f"/sheets/v4/spreadsheets/{SHEET}", headers=TOKEN)[2])
            tab = next(one["properties"]["sheetId"] for one in sheet["sheets"] if one["properties"]["title"] == "Loans")
            longer = {"requests": [{"appendDimension": {"sheetId": tab, "dimension": "ROWS", "length": self.options.loans}}]}
            status, _, text = call(host.sandbox, "POST", f"/sheets/v4/spreadsheets/{SHEET}:batchUpdate", json.dumps(longer), TOKEN)
            assert status == 200, text
            host.start_host()
            self.start = 0
            self.start = self.now()
            behind = 0
            for second, _, do in self.agenda():
                self.sleep_until(second)
                behind = max(behind, self.now() - second)
                do()
            for side in self.sides:
                side.pool.shutdown(wait=True)
            self.sleep_until(self.month.days * DAY + 4 * HOUR)
            return self.told(milepost, script, program, behind)

    def told(self, milepost, script, program, behind):
        states = {state: len(self.host.all_of(f"/api/v1/events?state={state}", "events")) for state in ("dead", "in_doubt")}
        figures = self.host.api("/api/v1/signals?since=60d")["groups"]
        month = self.month
        out = {"loans": self.options.loans, "days": month.days, "seed": self.options.seed, "speed": self.options.speed, "changes": len(month.changes), "deliveries": len(month.deliveries),
               "lost": month.lost, "late": month.late, "doubled": month.doubled, "disordered": month.disordered, "edits": len(month.edits), "hours_behind_at_most": round(behind / HOUR, 2)}
        for side in (milepost, script):
            out[side.name] = {"looked": side.looked, "wrong": side.wrong, "put_right_by_hand": side.by_hand, "by_look": side.seen}
        out["Milepost"] |= {"dead_letters": states["dead"], "in_doubt": states["in_doubt"], "by_hand": milepost.by_hand + states["dead"] + states["in_doubt"],
                            "missed_webhooks": sum(one["missed"] for group in figures for one in group["webhooks"]), "mismatch": figures[0]["mismatch"] if figures else None}
        out["script"] |= {"given_up": program.given_up, "by_hand": script.by_hand}
        fewer = lambda ours, theirs: round(1 - ours / theirs, 4) if theirs else None  # noqa: E731
        out["fewer_status_errors"] = fewer(milepost.wrong, script.wrong)
        out["less_work_by_hand"] = fewer(out["Milepost"]["by_hand"], out["script"]["by_hand"])
        return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("milepost")
    parser.add_argument("--loans", type=int, default=2000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--speed", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json")
    parser.add_argument("--expect", action="store_true", help="fail unless the playbook's goals are met")
    options = parser.parse_args()
    run = Run(options)
    out = run.play()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(out, indent=1))
    for key in ("by_look",):
        for side in ("Milepost", "script"):
            print(side, key, out[side].pop(key))
    print(json.dumps(out, indent=1))
    if options.expect:
        assert out["script"]["wrong"] > 0 and out["script"]["by_hand"] > 0, "the month was too quiet to tell"
        assert out["fewer_status_errors"] >= 0.9, out["fewer_status_errors"]
        assert out["less_work_by_hand"] >= 0.7, out["less_work_by_hand"]
        print("ok: the playbook's goals, on a month in short")


if __name__ == "__main__":
    main()
