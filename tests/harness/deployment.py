"""A sandbox and a host of our own, on free ports, over a copy of a config folder: what flows and fault tests drive. Standard library only."""
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def free_port():
    """Below the range that outgoing connections get their ports from: nobody takes it by chance before, or between, our servers' starts."""
    while True:
        port = random.randrange(10_240, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def call(port, method, path, body=None, headers=None, timeout=20):
    """(status, headers, bytes) of one exchange on its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def sign(body, secret="demo-los-secret"):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Deployment:
    """Use as a context: `with Deployment(milepost, folder) as d: d.start()`."""

    def __init__(self, milepost, folder, speed=1):
        self.milepost = str(pathlib.Path(milepost).resolve())
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="milepost-"))
        self.folder = self.scratch / "config"
        self.hooks, self.admin, self.sandbox = free_port(), free_port(), free_port()
        shutil.copytree(folder, self.folder, ignore=shutil.ignore_patterns("data"))
        for file in self.folder.rglob("*.yaml"):
            text = file.read_text()
            for usual, port in ((8080, self.hooks), (8081, self.admin), (9090, self.sandbox)):
                text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
            file.write_text(text)
        secrets = self.folder / "secrets.yaml"
        if secrets.exists():
            secrets.chmod(0o600)
        self.environment = dict(os.environ)
        if speed != 1:
            self.environment["MILEPOST_CLOCK"] = f"{speed},{int(time.time())}"
        self.host = self.double = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.host, self.double):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if os.environ.get("MILEPOST_KEEP"):
            print("kept:", self.scratch)
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _launch(self, name, arguments, port, path, under=()):
        with open(self.scratch / f"{name}.log", "ab") as log:
            process = subprocess.Popen([*under, self.milepost, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{self.log(name)}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                call(port, "GET", path)
                return process
            time.sleep(0.02)
        process.kill()
        raise RuntimeError(f"{name} did not come up:\n{self.log(name)}")

    def log(self, name="host"):
        return (self.scratch / f"{name}.log").read_text(errors="replace")

    def start_sandbox(self):
        self.double = self._launch("sandbox", ["sandbox", "--listen", f"127.0.0.1:{self.sandbox}", "--config", str(self.folder)], self.sandbox,
                                   "/_sandbox/requests?vendor=none")

    def start_host(self, under=()):
        """`under`: a command that runs the host as itself, such as strace -D …"""
        self.host = self._launch("host", ["run", "--config", str(self.folder), "--log", "json"], self.admin, "/health/live", under)

    def start(self):
        self.start_sandbox()
        self.start_host()
        return self

    def kill_host(self):
        self.host.send_signal(signal.SIGKILL)
        self.host.wait()

    def stop_host(self):
        """The exit status after SIGTERM."""
        self.host.send_signal(signal.SIGTERM)
        return self.host.wait(timeout=60)

    # ---- in ----

    def post(self, path, body, headers=None):
        status, _, text = call(self.hooks, "POST", path, body, {"Content-Type": "application/json", **(headers or {})})
        return status, text.decode()

    def send(self, body, path="/hooks/los", secret="demo-los-secret"):
        return self.post(path, body, {"X-Signature": sign(body, secret)})

    def set(self, file, text):
        """Writes a file of the config folder; before the host starts."""
        (self.folder / file).write_text(text)

    def add(self, file, text):
        self.set(file, (self.folder / file).read_text() + text)

    def fault(self, **fault):
        status, _, text = call(self.sandbox, "POST", "/_sandbox/faults", json.dumps(fault))
        assert status == 200, text

    def emit(self, vendor, event):
        """What the host answered to each delivery of an event that the vendor's double sends."""
        status, _, text = call(self.sandbox, "POST", "/_sandbox/emit", json.dumps({"vendor": vendor, "event": event}))
        assert status == 200, text
        return json.loads(text)["deliveries"]

    # ---- out ----

    def api(self, path, expect=200):
        key = (self.folder / "data" / "owner.key").read_text().strip()
        status, _, text = call(self.admin, "GET", path, headers={"Authorization": f"Bearer {key}"})
        assert status == expect, (path, status, text)
        return json.loads(text)

    def all_of(self, path, key):
        """Every row of a paged list, oldest page last."""
        rows, after = [], ""
        name = "before" if key == "events" else "after"
        while True:
            page = self.api(f"{path}{'&' if '?' in path else '?'}limit=500{after}")
            rows += page[key]
            if "next" not in page:
                return rows
            after = f"&{name}={page['next']}"

    def logged(self, event):
        """The log's lines of one name."""
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("event") == event]

    def ready(self):
        status, _, text = call(self.admin, "GET", "/health/ready")
        return status, json.loads(text)

    def state(self, vendor):
        return json.loads(call(self.sandbox, "GET", f"/_sandbox/state/{vendor}")[2])

    def requests(self, vendor):
        return json.loads(call(self.sandbox, "GET", f"/_sandbox/requests?vendor={vendor}", timeout=60)[2])["requests"]

    def events(self):
        """Every event, oldest first, but those of the host itself."""
        found = [event for event in self.all_of("/api/v1/events", "events") if event["pipeline"] != "milepost"]
        return sorted(found, key=lambda event: event["sequence"])

    def wait_until_ended(self, seconds=60, states=("done", "dead", "in_doubt")):
        """Every event, oldest first, once none is under way."""
        deadline = time.monotonic() + seconds
        while True:
            # In turn: an event may go from one state to the other between two looks.
            looks = ["open"] if "waiting" in states else ["open", "waiting", "open"]
            under_way = [event for state in looks for event in self.api(f"/api/v1/events?limit=1&state={state}")["events"]]
            if not under_way:
                return self.events()
            if time.monotonic() > deadline:
                raise AssertionError(f"not ended after {seconds} s: {under_way}\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def wait_until_open_is_empty(self, seconds):
        deadline = time.monotonic() + seconds
        while self.api("/api/v1/events?limit=1&state=open")["events"]:
            assert time.monotonic() < deadline, "events are still under way"
            time.sleep(0.05)

    def verify(self):
        done = subprocess.run([self.milepost, "audit", "verify", "--config", str(self.folder)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
