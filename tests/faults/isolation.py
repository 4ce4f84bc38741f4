"""Plugins that crash, hang and exit in a child of the host: the host goes on, the ledger settles what was in flight, and only the deliveries
that did it are lost. The kernel keeps what a plugin does from the machine."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import wait_for  # noqa: E402
from harness.deployment import Deployment  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "isolation"
INNOCENT = 40


class Vendor(ThreadingHTTPServer):
    """Takes orders; one key is one order, however often it comes."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port):
        self.orders, self.lock, self.slow = {}, threading.Lock(), 0.02
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A child that dies takes its request with it: that is the point."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.slow)
        with self.server.lock:
            for order in body.get("orders", [body]):
                self.server.orders.setdefault(order["event"], set()).add(order["key"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid) for child in (task / "children").read_text().split()]


def main():
    parser = argparse.ArgumentParser()
    for name in ("milepost", "wild", "courier"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with Deployment(arguments.milepost, FOLDER) as d:
        (d.folder / "plugins").mkdir()
        for plugin in (arguments.wild, arguments.courier):
            shutil.copy(plugin, d.folder / "plugins")
        vendor = Vendor(d.sandbox)
        d.start_host()
        host = d.host.pid

        def deed(name, what, path="/hooks/los"):
            assert d.send(json.dumps({"id": name, "deed": what, "text": what or "flowers"}).encode(), path)[0] == 202

        # An innocent whose request had left loses an attempt with each child that ends: two of them here, of three attempts.
        guilty = {"crashes": "crash", "hangs": "hang"}
        for number in range(INNOCENT):
            deed(f"order-{number}", "")
            if number % 15 == 5 and number // 15 < len(guilty):
                name = list(guilty)[number // 15]
                deed(name, guilty[name])
        for number in range(9):
            deed(f"parcel-{number}", "", "/hooks/orders")
        deed("parcel-bad", "crash", "/hooks/orders")
        d.wait_until_ended(90)
        deed("crashes-after", "crash after")
        events = {event["id"]: event for event in d.wait_until_ended(90)}
        assert d.host.poll() is None and d.host.pid == host, "the host went down"
        assert not (d.folder / "data" / "crashed").exists() or not (d.folder / "data" / "crashed").read_text()

        ended = {name: event for name, event in events.items() if event["state"] != "done"}
        assert set(ended) == {*guilty, "crashes-after", "parcel-bad"}, {name: event.get("fault") for name, event in ended.items()}
        for name, state, why in (("crashes", "dead", "crashed: SIGSEGV"), ("crashes-after", "in_doubt", "crashed: SIGSEGV"),
                                 ("hangs", "dead", "did not come back from run in its time"), ("parcel-bad", "dead", "crashed: SIGABRT")):
            assert events[name]["state"] == state and why in events[name]["fault"], events[name]
        done = {name for name in events if name not in ended}
        assert len(done) == INNOCENT + 9
        assert done | {"crashes-after"} == set(vendor.orders), set(vendor.orders) ^ done
        assert all(len(keys) == 1 for keys in vendor.orders.values()), "an order was given a second key"

        # What children ended by is told where an operator looks.
        status, health = d.ready()
        ailing = {child["connection"]: child for child in health["children"]}
        assert status == 200 and health["status"] == "degraded" and set(ailing) == {"wild", "courier"}, health
        assert "SIGABRT" in ailing["courier"]["reason"], ailing
        listed = subprocess.run([arguments.milepost, "connections", "list", "--config", str(d.folder)], capture_output=True, text=True, check=True).stdout
        assert "process, ended" in listed and "last end: " in listed, listed

        # A decoder's crash costs the delivery that did it; while the child rests, senders are asked to come again.
        def decode(body):
            return d.send(body.encode(), "/hooks/wild")

        assert decode('{"id": "decoded-1"}')[0] == 202
        for number in range(2):
            status, answer = decode(f'{{"id": "poison-{number}", "text": "crash the decoder"}}')
            assert status == 202 and "quarantined" in answer and "SIGABRT" in answer, (status, answer)
        assert decode('{"id": "decoded-2"}')[0] == 503
        wait_for("the decoder is back", 10, lambda: decode('{"id": "decoded-2"}')[0] == 202)
        assert [child for child in d.ready()[1]["children"] if child.get("source") == "wild.hook" and child["ended"] == 2]
        assert d.host.poll() is None

        # One child a connection and one for the source, and none is left when the host has gone.
        deed("after", "")
        deed("parcel-after", "", "/hooks/orders")
        d.wait_until_ended(30)
        alive = children(host)
        assert len(alive) == 3, alive
        lost = d.logged("plugin.child_ended")
        assert d.stop_host() == 0
        assert not [pid for pid in alive if os.path.exists(f"/proc/{pid}")]
        print(f"{len(lost)} children ended, the host went on; {len(done)} done, {len(ended)} not: " +
              "; ".join(f"{name}: {event['state']}" for name, event in sorted(ended.items())))
        print(d.verify().strip())


if __name__ == "__main__":
    main()
