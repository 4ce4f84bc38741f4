"""A system that holds loans, as people's offices do: it takes writes by PUT /loans/<id>, keeps values in its own way, and tells of every change by webhook,
its own people's and ours alike. Standard library only."""
import datetime
import http.server
import json
import queue
import threading

from .deployment import sign


class Office:
    """`rewrite`: field -> how it keeps a value. `early`: it tells of our writes before it answers them. `tells`: whether it tells of them at all."""

    def __init__(self, d, name, path, rewrite=None, early=False, tells=True):
        self.d, self.name, self.path = d, name, path
        self.rewrite, self.early, self.tells = rewrite or {}, early, tells
        self.loans, self.versions, self.writes, self.told = {}, {}, [], []
        self.lock, self.number, self.held = threading.RLock(), 0, None
        self.order = threading.RLock()  # it tells of its changes in their order
        self.queue, self.failures = queue.Queue(), []
        self.clock = datetime.timedelta()
        office = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                loan = self.path.rsplit("/", 1)[1]
                with office.order:
                    office.writes.append((loan, fields))
                    event = office.change(loan, fields, "milepost")
                    version = office.versions[loan]
                    if office.early and event:
                        office.tell(event)
                    elif event:
                        office.soon(event)
                body = json.dumps({"version": version}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):  # a host that is killed lets its connections drop
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        threading.Thread(target=self._tell_what_waits, daemon=True).start()

    def connection(self):
        """The text of connections/NAME.yaml."""
        return f"connection: {self.name}\nuse: office\nwith: {{base_url: \"http://127.0.0.1:{self.port}\"}}\nallow: private\n"

    def change(self, loan, fields, by):
        """What is told of it; None where nothing is different, or it does not tell."""
        with self.lock:
            here = self.loans.setdefault(loan, {})
            kept = {field: self.rewrite.get(field, lambda value: value)(value) for field, value in fields.items() if value is not None}
            different = {field: value for field, value in kept.items() if here.get(field) != value}
            here.update(kept)
            if different or loan not in self.versions:
                self.versions[loan] = f"{self.name}-{int(self.versions.get(loan, '-0').rsplit('-', 1)[1]) + 1}"
            if not different or (by == "milepost" and not self.tells):
                return None
            self.number += 1
            now = datetime.datetime.now(datetime.timezone.utc) + self.clock
            return {"id": f"{self.name}-{self.number}", "loan": loan, "time": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "version": self.versions[loan],
                    "user": by, "fields": dict(here)}

    def soon(self, event):
        """Told in its turn, and not waited for."""
        self.queue.put(event)

    def _tell_what_waits(self):
        while True:
            event = self.queue.get()
            try:
                self.tell(event)
            except Exception as error:  # told at the end: those who wait for the queue must not wait for ever
                self.failures.append(repr(error))
            finally:
                self.queue.task_done()

    def post(self, event):
        body = json.dumps(event).encode()
        status, answer = self.d.post(self.path, body, {"X-Signature": sign(body)})
        return status, json.loads(answer).get("status")

    def tell(self, event, expect="accepted"):
        with self.lock:
            if self.held is not None:
                return self.held.append(event)
            self.told.append(event)
        got = self.post(event)
        assert got in ((200, expect), (202, expect)), (event, got)

    def edit(self, loan, user="u-1", **fields):
        """A person changes a loan here."""
        with self.order:
            event = self.change(loan, fields, user)
            if event:
                self.queue.join()  # what was changed before is told before
                self.tell(event)
        return event

    def close(self):
        assert not self.failures, self.failures
        self.server.shutdown()
        self.server.server_close()
