"""Vendors' official npm clients as judges of our doubles.
  run.py install FOLDER               puts the clients of package-lock.json into FOLDER
  run.py judge FOLDER MILEPOST VENDOR runs VENDOR.mjs there, against `milepost sandbox VENDOR` on a port of its own
Ends with 77, and one sentence why, where the clients cannot be had here; never where CI is set: there that is a failure. Standard library only."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
PACKAGE = ("package.json", "package-lock.json", ".npmrc")
# What npm says when nobody answers, as against answers that we should hear about.
UNREACHABLE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|E50[0-9])\b")


def skip(why):
    if os.environ.get("CI"):
        sys.exit(f"{why}; where CI is set that is a failure, for nobody would see that the doubles were not judged.")
    print(f"Skipped: {why}.")
    sys.exit(SKIPPED)


def wanted():
    """Names what should be in the folder: it is installed once, until that changes."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in PACKAGE)).hexdigest()


def mark(folder):
    return folder / "node_modules" / ".milepost"


def installed(folder):
    return mark(folder).exists() and mark(folder).read_text() == wanted()


def needs(command):
    if shutil.which(command) is None:
        skip(f"there is no `{command}` on this machine, and the vendors' clients need it (Debian: apt-get install nodejs npm)")


def install(folder):
    if '"resolved"' in (HERE / "package-lock.json").read_text():
        sys.exit("package-lock.json names a registry's address: make it anew in tests/strangers, by `npm install --package-lock-only`")
    needs("node")
    needs("npm")
    if installed(folder):
        print("They are there already.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGE:
        shutil.copy(HERE / name, folder / name)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    if done.returncode != 0:
        if UNREACHABLE.search(done.stdout):
            skip("npm's registry cannot be reached")
        sys.exit("npm could not install the vendors' clients (its words are above)")
    mark(folder).write_text(wanted())


def judge(folder, milepost, vendor):
    needs("node")
    if not installed(folder):
        skip("the vendors' clients are not installed (the test strangers.install says why)")
    # Beside node_modules, where the judge's imports are looked for.
    script = folder / f"{vendor}.mjs"
    shutil.copy(HERE / script.name, script)
    with tempfile.TemporaryDirectory(prefix="milepost-strangers-") as scratch:
        double = subprocess.Popen([milepost, "sandbox", "--listen", "127.0.0.1:0", "--config", scratch, vendor], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)
        try:
            base = double.stdout.readline().strip().rstrip("/")
            if not base.startswith("http://"):
                sys.exit(f"the sandbox of {vendor} did not start")
            environment = {**os.environ, "SANDBOX": base, "SOURCES": str(HERE.parent.parent), "SANDBOX_CONTROL": base.rsplit("/", 1)[0] + "/_sandbox", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
            return subprocess.run(["node", str(script)], cwd=folder, stdin=subprocess.DEVNULL, env=environment, timeout=150).returncode
        finally:
            double.terminate()
            double.wait(timeout=20)


def main():
    command, folder, *rest = sys.argv[1:]
    folder = pathlib.Path(folder).resolve()
    if command == "install":
        return install(folder)
    return judge(folder, *rest)


if __name__ == "__main__":
    sys.exit(main())
