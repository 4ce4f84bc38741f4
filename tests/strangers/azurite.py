"""Azurite is the queue and the container that crfconnect reads, filled by Azure's own clients; the host is killed at the worst moments.
  azurite.py FOLDER MILEPOST     FOLDER: where run.py has installed the clients. Ends with 77 where they are not. Standard library only."""
import collections
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from harness.deployment import ROOT, Deployment, free_port  # noqa: E402
from run import installed, needs, skip  # noqa: E402

COUNT = 12
PIPELINE = """
pipeline: leads
source:
  - {use: crfconnect.queue, connection: crf-queue, with: {every: 200ms, visibility: 10s, batch: 4}}
  - {use: crfconnect.blobs, connection: crf-container, with: {every: 200ms, batch: 4, page_size: 3, prefix: in/}}
steps:
  - use: audit
    with: {action: "${event.type}", note: "requested ${payload.requestedAmount}"}
"""
CONNECTION = """
connection: crf-%s
use: crfconnect
with: {store: %s, url: !secret %s_url}
allow: private
"""


class Between(http.server.BaseHTTPRequestHandler):
    """Stands between the host and Azurite: hands everything on, and may be told to do something before or behind a request."""

    protocol_version = "HTTP/1.1"
    port = 0
    strike = None  # (method, words of the path, "before" or "behind", what to do)

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.struck("before"):
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        upstream.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        with contextlib.suppress(OSError):
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "keep-alive"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
        self.struck("behind")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on

    def struck(self, moment):
        strike = type(self).strike
        if strike is None or strike[0] != self.command or strike[1] not in self.path or strike[2] != moment:
            return True
        type(self).strike = None
        strike[3]()
        self.close_connection = True
        return False

    def log_message(self, *_):
        pass


def front(port):
    """(the address of one that stands before `port`, its handler class)."""
    handler = type("Between", (Between,), {"port": port})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], handler


class Azurite:
    def __init__(self, folder):
        self.folder, self.blobs, self.queues = folder, free_port(), free_port()
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(["node", "node_modules/azurite/dist/src/azurite.js", "--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck",
                                         "--blobPort", str(self.blobs), "--queuePort", str(self.queues), "--tablePort", str(free_port())],
                                        cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        for port in (self.blobs, self.queues):
            while True:
                with contextlib.suppress(OSError):
                    http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                    break
                assert time.monotonic() < deadline and self.process.poll() is None, "Azurite did not come up"
                time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def clients(self, *arguments):
        shutil.copy(HERE / "azurite.mjs", self.folder / "azurite.mjs")
        environment = {**os.environ, "QUEUES": f"http://127.0.0.1:{self.queues}/devstoreaccount1", "BLOBS": f"http://127.0.0.1:{self.blobs}/devstoreaccount1",
                       "SAMPLE": str(ROOT / "examples/events/crf-lead.json"), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(["node", "azurite.mjs", *map(str, arguments)], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def config(scratch, urls):
    folder = pathlib.Path(scratch) / "given"
    for name, text in {"milepost.yaml": "listen: {hooks: 127.0.0.1:8080, admin: 127.0.0.1:8081}\n", "pipelines/leads.yaml": PIPELINE,
                       "connections/queue.yaml": CONNECTION % ("queue", "queue", "queue"), "connections/container.yaml": CONNECTION % ("container", "container", "container"),
                       "secrets.yaml": "".join(f"{name}_url: '{url}'\n" for name, url in urls.items())}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def wait_for(what, seconds, look):
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def each_lead_once(d, expected):
    """Every lead is one event, done; and one acceptance in the audit trail."""
    events = [event for event in d.events() if event["state"] == "done"]
    counts = collections.Counter(event["subject"] for event in events)
    assert set(counts) == expected, (sorted(expected - set(counts)), sorted(set(counts) - expected))
    assert set(counts.values()) == {1}, counts
    rows = [row for row in d.all_of("/api/v1/audit?kind=event", "rows") if row.get("outcome") == "accepted" and row["subject"] in expected]
    assert len(rows) == len(expected), collections.Counter(row["subject"] for row in rows)


def tells_nothing(d, urls):
    """No signature anywhere that a person or a log reader looks."""
    signatures = [signature for url in urls.values() for pair in url.split("?")[1].split("&") if pair.startswith("sig=")
                  for signature in (pair[4:], urllib.parse.unquote(pair[4:]))]
    said = d.log() + "".join(json.dumps(d.api(path)) for path in ("/api/v1/connections", "/api/v1/pipelines", "/api/v1/events?limit=500", "/api/v1/audit?limit=500", "/api/v1/dead-letters", "/api/v1/plugins"))
    for command in (["plugins", "list", "--json"], ["check"], ["connections", "list"], ["connections", "probe", "crf-queue"], ["audit", "export"]):
        done = subprocess.run([d.milepost, *command, "--config", str(d.folder)], capture_output=True, text=True, timeout=60)
        said += done.stdout + done.stderr
    stored = b"".join(file.read_bytes() for file in (d.folder / "data").rglob("*") if file.is_file())
    for signature in signatures:
        assert signature.encode() not in stored, "a signature lies in the data folder"
        assert signature not in said, "a signature shows: " + said[max(0, said.index(signature) - 300):said.index(signature) + 20]
    assert "Canary" not in d.log(), "a borrower's name shows in the log"


def main():
    folder, milepost = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    needs("node")
    if not installed(folder):
        skip("the vendors' clients are not installed (the test strangers.install says why)")
    with Azurite(folder) as azurite, tempfile.TemporaryDirectory(prefix="milepost-azurite-") as scratch:
        (queue_port, queues), (blob_port, blobs) = front(azurite.queues), front(azurite.blobs)
        given = azurite.clients("fill", COUNT)
        urls = {"queue": given["queue"].replace(str(azurite.queues), str(queue_port)), "container": given["container"].replace(str(azurite.blobs), str(blob_port))}
        expected = {f"crfconnect:lead:00000000-0000-4000-8000-{number:012}" for number in [*range(COUNT + COUNT // 2), 2 * COUNT]}
        with Deployment(milepost, config(scratch, urls)) as d:
            # Killed four times: the journal has a page and the store does not know; and the other way round.
            for handler, method, words, moment in ((queues, "DELETE", "/messages/", "before"), (queues, "GET", "visibilitytimeout", "behind"),
                                                   (blobs, "DELETE", "/in/", "before"), (blobs, "GET", "/in/", "behind")):
                dead = threading.Event()

                def kill(d=d, dead=dead):
                    d.kill_host()
                    dead.set()

                handler.strike = (method, words, moment, kill)
                d.start_host()
                assert dead.wait(60), f"no {method} came\n{d.log()[-3000:]}"
            d.start_host()
            left = {}

            def settled():
                left.update(azurite.clients("left"))
                return left["messages"] == 0 and not left["blobs"]

            wait_for(lambda: f"left in the store: {left}\n{d.log()[-3000:]}", 90, settled)
            d.wait_until_ended(60)
            each_lead_once(d, expected)
            dead = d.api("/api/v1/dead-letters")["events"]
            assert len(dead) == 1 and "neither JSON nor base64" in json.dumps(dead), dead
            tells_nothing(d, urls)
            assert d.stop_host() == 0
            d.verify()
            # The vendor's own signature can add, and nothing else: the source pauses, and says what is wrong.
            d.set("secrets.yaml", f"queue_url: '{given['adds']}'\ncontainer_url: '{urls['container']}'\n")
            d.start_host()
            wait_for(lambda: d.log()[-3000:], 60, lambda: any("lacks a permission" in line.get("reason", "") for line in d.logged("source.paused")))
            tells_nothing(d, {"queue": given["adds"]})
            assert d.stop_host() == 0
    print(f"ok: {len(expected)} leads by Azure's queue and container, once each, through four kills")


if __name__ == "__main__":
    main()
