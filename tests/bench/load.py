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


LEAD = ROOT / "examples/events/crf-lead.json"


def wrk(port, path, seconds, connections, paths=0):
    """Leads with a fresh id each, over keep-alive connections: answered 2xx a second, refused, p50 and p99 in ms. `paths`: to so many in turn,
    path-0, path-1 …"""
    environment = {**os.environ, "LEAD": str(LEAD), "SEED": str(random.randrange(1, 2**31)), "PATHS": str(paths)}
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
                          "http { map $msec $millis { '~^[0-9]{3}(?<s>[0-9]+)[.](?<m>[0-9]+)$' $s$m; }  # a vendor's ids ascend, and have 20 digits at most\n"
                          f"access_log off; keepalive_requests 1000000000; default_type application/json; {paths}\n"
                          f"server {{ listen 127.0.0.1:{self.port}; location / {{ return 200; }}\n"
                          "location /crm/ { if ($request_method = POST) { return 201 '{\"id\":\"$millis$connection$connection_requests\"}'; } return 200 '{\"results\":[]}'; } } }\n")
        self.process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(self.folder)])
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)


def append_and_sync(folder, seconds):
    """p50 in ms of one append of a lead's size and fdatasync, in this folder."""
    lead = LEAD.read_bytes()
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


def peak(process):
    """MiB: the most that was resident since it began."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1024


def processor_time(process):
    """Seconds of all its threads."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(host, seconds, connections, paths=0, path="/hooks/crf"):
    """Leads for so long, and until all that was accepted has ended. Delivered: over load and drain together, so that a backlog is not taken
    for speed."""
    before = processor_time(host.host)
    got = wrk(host.hooks, path, seconds, connections, paths)
    got["resident"] = resident(host.host)
    began = time.monotonic()
    host.wait_until_open_is_empty(900)
    got["drain"] = time.monotonic() - began
    got["delivered"] = got["good"] / (seconds + got["drain"])
    got["micros"] = (processor_time(host.host) - before) / max(1, got["good"]) * 1e6
    return got


def started(host):
    """Seconds from the start until the admin port answers: the hooks are open by then."""
    began = time.monotonic()
    host.start_host()
    return time.monotonic() - began


def first_accepted(host, path="/hooks/crf"):
    """Seconds from the start until the first lead is accepted."""
    began = time.monotonic()
    host.start_host()
    lead = LEAD.read_bytes().replace(b"4626a582-afb9-48bf-8d86-87e6fe91a842", b"00000000-0000-4000-8000-%012x" % random.randrange(2**48))
    status, answer = host.post(path, lead, {"X-Api-Key": "bench-secret"})
    assert status in (200, 201, 202), (status, answer)
    return time.monotonic() - began


def many_pipelines(host, count):
    """The pipeline of the folder so many times, each with a hook of its own: /hooks/crf-0, /hooks/crf-1 …"""
    file = host.folder / "pipelines/leads.yaml"
    text = file.read_text()
    file.unlink()
    for number in range(count):
        (host.folder / f"pipelines/leads-{number}.yaml").write_text(text.replace("pipeline: leads", f"pipeline: leads-{number}").replace("/hooks/crf", f"/hooks/crf-{number}"))


class SlowVendor:
    """Answers as nginx's /crm/ does, each time after `wait` seconds, on a process of its own."""

    def __init__(self, port, wait):
        self.arguments = [sys.executable, str(HERE / "slow_vendor.py"), str(port), str(wait)]

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE)
        self.process.stdout.readline()  # it listens
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
