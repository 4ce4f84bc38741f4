"""What the benchmarks share: nginx as the yardstick and as the vendor, wrk as the senders, the disk by itself."""
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness.deployment import ROOT, Deployment, free_port  # noqa: E402, F401

UNITS = {"us": 1e-3, "ms": 1, "s": 1e3}


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * UNITS[unit]


def wrk(port, path, seconds, connections):
    """Leads with a fresh id each, over keep-alive connections: answered 2xx a second, refused, p50 and p99 in ms."""
    environment = {**os.environ, "LEAD": str(ROOT / "examples/events/crf-lead.json"), "SEED": str(random.randrange(1, 2**31))}
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(HERE / "accept.lua"), f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, env=environment, check=True).stdout
    requests, refused, micros = map(int, re.search(r"RESULT (\d+) (\d+) (\d+)", done).groups())
    p50, p99 = (milliseconds(re.search(rf"^\s+{part}%\s+(\S+)", done, re.MULTILINE).group(1)) for part in (50, 99))
    return {"rate": (requests - refused) / (micros / 1e6), "good": requests - refused, "refused": refused, "p50": p50, "p99": p99}


class Nginx:
    """One worker that answers 200 to all; under /crm, as the vendor of the whole job."""

    def __init__(self, port):
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="milepost-nginx-"))

    def __enter__(self):
        paths = "".join(f"{kind}_temp_path {self.folder}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr crit;\nevents {{ worker_connections 4096; }}\n"
                          f"http {{ access_log off; keepalive_requests 1000000000; default_type application/json; {paths}\n"
                          f"server {{ listen 127.0.0.1:{self.port}; location / {{ return 200; }}\n"
                          "location /crm/ { if ($request_method = POST) { return 201 '{\"id\":\"$connection$connection_requests\"}'; } return 200 '{\"results\":[]}'; } } }\n")
        self.process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(self.folder)])
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)


def append_and_sync(folder, seconds):
    """p50 in ms of one append of a lead's size and fdatasync, in this folder."""
    lead = (ROOT / "examples/events/crf-lead.json").read_bytes()
    path = pathlib.Path(folder) / "append"
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    taken, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        os.write(file, lead)
        os.fdatasync(file)
        taken.append((time.perf_counter() - began) * 1e3)
    os.close(file)
    path.unlink()
    return statistics.median(taken)


def resident(process):
    """MiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1024
