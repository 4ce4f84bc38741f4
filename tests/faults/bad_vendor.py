"""Stands between the host and the sandbox, and answers some requests as a vendor on a bad day does."""
import contextlib
import http.client
import socket
import socketserver
import struct
import threading
import time


class BadVendor(socketserver.ThreadingTCPServer):
    """`mood(method, path, body)` names what befalls a request: "" for nothing, or one of
    refuse        the connection is reset before the request is passed on
    lose          … after it was: the vendor has it, the answer never arrives
    hang, stall   no answer at all, before and after
    trickle       the answer, a byte now and then
    html          200 and a page in HTML, nothing passed on
    down          503, in HTML
    storm         429 with Retry-After: 1
    broken        500
    invalid       400: nothing of the like is taken, ever"""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port, behind, mood=lambda method, path, body: ""):
        super().__init__(("127.0.0.1", port), Exchange)
        self.behind, self.mood = behind, mood
        self.met = {}
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # the host gave up first


PAGE = b"<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"


class Exchange(socketserver.StreamRequestHandler):
    def handle(self):
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        with contextlib.closing(behind):
            while self.one(behind):
                pass

    def one(self, behind):
        line = self.rfile.readline()
        if not line.strip():
            return False
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := self.rfile.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        mood = self.server.mood(method, path, body)
        with self.server.lock:
            self.server.met[mood] = self.server.met.get(mood, 0) + 1
        if mood == "refuse":
            return self.reset()
        if mood == "hang":
            return self.wait()
        if mood == "html":
            return self.answer(200, {"Content-Type": "text/html"}, PAGE)
        if mood == "down":
            return self.answer(503, {"Content-Type": "text/html"}, PAGE)
        if mood == "storm":
            return self.answer(429, {"Content-Type": "application/json", "Retry-After": "1"}, b"{}")
        if mood == "invalid":
            return self.answer(400, {"Content-Type": "application/json"}, b"{}")
        if mood == "broken":
            return self.answer(500, {"Content-Type": "application/json"}, b"{}")
        for name in ("host", "connection", "content-length", "transfer-encoding"):
            headers.pop(name, None)
        behind.request(method, path, body=body if body or method in ("POST", "PUT", "PATCH") else None, headers=headers)
        answer = behind.getresponse()
        content = answer.read()
        if mood == "lose":
            return self.reset()
        if mood == "stall":
            return self.wait()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in ("connection", "content-length", "transfer-encoding")}
        return self.answer(answer.status, kept, content, slow=mood == "trickle")

    def answer(self, status, headers, body, slow=False):
        head = f"HTTP/1.1 {status} {http.client.responses.get(status, 'Answer')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        out = head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        if not slow:
            self.wfile.write(out)
            return True
        for byte in out:
            if self.server.ended.wait(0.1):
                return False
            self.wfile.write(bytes([byte]))
        return True

    def wait(self):
        while not self.server.ended.is_set():
            time.sleep(0.05)
            self.connection.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(1):
                    return False  # the host has given up
        return False

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
