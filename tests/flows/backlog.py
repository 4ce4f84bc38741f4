"""Far more deliveries than a connection's queue holds, while a person has paused it: they wait in the journal, and all come back, although each takes
longer to be prepared than to be sent, so that the queue never fills again and no delivery asks for those behind it."""
import concurrent.futures
import http.server
import itertools
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.deployment import ROOT, Deployment  # noqa: E402

MILEPOST = sys.argv[1]
LOANS = 700
PIPELINE = """pipeline: notes
source: {use: webhook, with: {path: /hooks/los, verify: {hmac: {header: X-Signature, secret: !secret los_webhook}}}}
event: {id: "${payload.id}", subject: "${payload.subject}"}
steps:
  - id: note
    use: hubspot.note
    connection: hubspot-main
    when: 'len(replace(replace(payload.text, "a", "bb"), "b", "cc")) > 0'
    with: {about: {contacts: "8817"}, body: "Loan ${payload.subject}"}
"""


class Vendor(http.server.BaseHTTPRequestHandler):
    """Makes every note at once, which the double would not: it keeps to the vendor's rate."""
    protocol_version = "HTTP/1.1"
    count = itertools.count(1)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"id": str(next(self.count))})

    def do_GET(self):
        self.answer({"portalId": 1})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def connections(d, verb):
    done = subprocess.run([MILEPOST, "connections", verb, "hubspot-main", "--reason", "a test", "--config", str(d.folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def processor_time(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_all(d, count, payload):
    def send(loan):
        status, answer = d.send(json.dumps({"id": f"e-{loan}", "subject": f"L-{loan}", **payload}).encode())
        assert status == 202, (status, answer)

    with concurrent.futures.ThreadPoolExecutor(8) as senders:
        list(senders.map(send, range(count)))


def all_done(d, count):
    ended = d.wait_until_ended(90)
    assert len(ended) == count and {event["state"] for event in ended} == {"done"}, ended[:3]
    print(d.verify().strip())


def one_by_one():
    with Deployment(MILEPOST, ROOT / "tests/flows/paused") as d:
        for file in (d.folder / "pipelines").iterdir():
            file.unlink()
        d.set("pipelines/notes.yaml", PIPELINE)
        vendor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
        threading.Thread(target=vendor.serve_forever, daemon=True).start()
        connection = d.folder / "connections/hubspot-main.yaml"
        text = connection.read_text().replace("rate: 100 per 10s, in_flight: 8", "in_flight: 32")
        connection.write_text(text.replace(f"127.0.0.1:{d.sandbox}/hubspot", f"127.0.0.1:{vendor.server_port}"))
        d.start_host()
        connections(d, "pause")
        send_all(d, LOANS, {"text": "a" * 60_000})
        connections(d, "resume")
        all_done(d, LOANS)
        assert next(Vendor.count) == LOANS + 1, "notes were made twice, or not at all"


def gathered():
    """The same in batches, whose room is the gatherer's; and nobody turns round and round while there is none."""
    with Deployment(MILEPOST, ROOT / "tests/flows/batch") as d:
        connection = d.folder / "connections/hubspot-main.yaml"
        connection.write_text(connection.read_text().replace("in_flight: 8", "in_flight: 2"))
        pipeline = next((d.folder / "pipelines").iterdir())
        pipeline.write_text(pipeline.read_text().replace("wait: 30s", "wait: 100ms"))
        d.start()
        connections(d, "pause")
        send_all(d, 200, {"stage": "docs"})
        time.sleep(1)
        before = processor_time(d.host)
        time.sleep(2)
        busy = processor_time(d.host) - before
        assert busy < 0.5 * int(os.environ.get("MILEPOST_SLOWER", "1")), f"{busy} s of processor time in 2 s of waiting"
        connections(d, "resume")
        all_done(d, 200)
        assert len(d.state("hubspot")["deals"]) == 200


one_by_one()
gathered()
print(f"ok: {LOANS} deliveries, and 200 in batches, waited in the journal and came back")
