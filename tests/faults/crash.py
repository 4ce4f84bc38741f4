"""A plugin that takes the process down. With a hundred deliveries in flight nobody is blamed; alone in flight twice, the culprit becomes a
dead letter, and it alone."""
import argparse
import json
import pathlib
import shutil
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "crash"
INNOCENT = 100


class Vendor(ThreadingHTTPServer):
    """Takes orders slowly, and counts them by their key."""

    daemon_threads = True

    def handle_error(self, *_):
        """The host dies in the middle of calls: that is the point."""

    request_queue_size = 256

    def __init__(self, port):
        self.orders, self.lock, self.inside, self.most_inside = {}, threading.Lock(), 0, 0
        self.open = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        vendor = self.server
        with vendor.lock:
            vendor.inside += 1
            vendor.most_inside = max(vendor.most_inside, vendor.inside)
        vendor.open.wait(60)
        with vendor.lock:
            vendor.inside -= 1
            for order in body["orders"]:
                vendor.orders[order["key"]] = order["event"]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def until(holds, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--courier", required=True)
    arguments = parser.parse_args()
    with Deployment(arguments.milepost, FOLDER) as d:
        (d.folder / "plugins").mkdir()
        shutil.copy(arguments.courier, d.folder / "plugins")
        vendor = Vendor(d.sandbox)
        d.start_host()
        for number in range(INNOCENT - 1):
            assert d.send(json.dumps({"id": f"order-{number}", "text": "flowers"}).encode())[0] == 202
        until(lambda: vendor.most_inside >= INNOCENT - 1, "the innocent in flight")
        assert d.send(json.dumps({"id": "poison", "text": "crash"}).encode())[0] == 202
        crashes = 0
        until(lambda: d.host.poll() is not None, "the first crash")
        assert d.host.returncode == -6, d.host.returncode
        vendor.open.set()
        while True:
            crashes += 1
            assert crashes < 5, "the host crashes again and again"
            try:
                d.start_host()
            except RuntimeError:
                continue  # it crashed before it answered
            dead = []

            def ended_or_crashed():
                if d.host.poll() is not None:
                    return True
                try:
                    dead[:] = d.all_of("/api/v1/events?state=dead", "events")
                    return bool(dead) and not d.api("/api/v1/events?limit=1&state=open")["events"]
                except OSError:
                    return False

            until(ended_or_crashed, "an end, or another crash")
            if d.host.poll() is None:
                break
        # One more event: life goes on.
        assert d.send(json.dumps({"id": "after", "text": "flowers"}).encode())[0] == 202
        events = {event["id"]: event for event in d.wait_until_ended(60)}
        dead = [name for name, event in events.items() if event["state"] != "done"]
        assert dead == ["poison"], dead
        assert "crashed" in events["poison"]["fault"], events["poison"]
        assert sorted(set(vendor.orders.values())) == sorted(name for name in events if name != "poison")
        assert d.stop_host() == 0
        assert crashes == 3, f"{crashes} crashes: with the others, alone, and alone again"
        print(f"crashed {crashes} times; {len(events) - 1} done, one dead letter: {events['poison']['fault']}")
        print(d.verify().strip())


if __name__ == "__main__":
    main()
