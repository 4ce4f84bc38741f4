"""A disk that is full, that fails to sync, that fails to write: nothing that was acknowledged is lost, the host says what is wrong, and goes on by
itself. Run as root, or where a user may make namespaces and mounts; strace injects the errors."""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import FOLDER, Senders, check, wait_for  # noqa: E402
from harness.deployment import Deployment, call  # noqa: E402

SKIPPED = 77
ROUNDS = 6 if os.environ.get("MILEPOST_LONG") else 1


def impossible(why):
    if os.environ.get("CI"):
        sys.exit(f"cannot run here, and must in CI: {why}")
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def own_mounts():
    """Goes on in a mount namespace of its own: whatever is mounted goes with the process."""
    if os.environ.get("MILEPOST_OWN_MOUNTS"):
        return
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        impossible("no mount namespace can be made")
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], {**os.environ, "MILEPOST_OWN_MOUNTS": "1"})


def small_disk(folder, size):
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        impossible(f"no tmpfs can be mounted: {mounted.stderr.strip()}")


def take_until(path, free):
    """Takes space until only so much is left, however much the host has taken for itself by then."""
    with open(path, "wb", buffering=0) as filler:
        while shutil.disk_usage(path.parent).free > free:
            filler.write(b"\0" * (1 << 18))


def fill(path):
    """Takes all the space that there is, to the last byte."""
    with open(path, "wb", buffering=0) as filler, contextlib.suppress(OSError):
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while filler.write(b"\0" * size):
                    pass


@contextlib.contextmanager
def deployment(milepost):
    with Deployment(milepost, FOLDER, speed=20) as d:
        yield d


def unlimited(d):
    assert call(d.sandbox, "POST", "/hubspot/_limits", b'{"burst": 1000000, "daily": 10000000}')[0] < 300


def settle(d, senders):
    """The books, once everything has ended."""
    senders.finish()
    events = d.wait_until_ended(120)
    check(d, senders, events)
    assert d.stop_host() == 0
    print(d.verify().strip())


def full(milepost):
    with deployment(milepost) as d:
        d.add("milepost.yaml", "limits: {free: 0 B}\n")  # not warned in time: somebody else fills it within a second
        data = d.folder / "data"
        small_disk(data, f"{32 + 32 * ROUNDS}m")  # a quick machine writes some 10 MB a round
        d.start()
        unlimited(d)
        senders = Senders(d, 8, padding=4000).start()
        for round_ in range(ROUNDS):
            time.sleep(1)
            before = len(senders.acknowledged)
            assert before > 0
            fill(data / "somebody-elses")
            # One look: the store tries again by itself, and between two looks it may have found a little room.
            health = wait_for("deliveries are refused", 20, lambda: next((health for status, health in [d.ready()] if status == 503), None))
            told = health["store"].get("message", "") + health["intake"].get("cause", "")
            assert "full" in told, health
            refused = senders.answers[503]
            wait_for("senders are told 503", 10, lambda: senders.answers[503] > refused + 20)
            if round_ % 2 == 1:  # and what is on disk then is enough to start from
                d.kill_host()
            (data / "somebody-elses").unlink()
            if round_ % 2 == 1:
                d.start_host()
            wait_for("the host is ready again by itself", 20, lambda: d.ready()[0] == 200)
            after = len(senders.acknowledged)
            wait_for("deliveries are accepted again", 10, lambda: len(senders.acknowledged) > after + 20)
        assert d.logged("store.failing") and d.logged("store.recovered")
        assert set(senders.answers) <= {0, 200, 202, 503}, senders.answers
        settle(d, senders)


def limits(milepost):
    """The limits close before the disk is full, and open again."""
    with deployment(milepost) as d:
        d.add("milepost.yaml", "limits: {free: 24 MiB}\n")
        data = d.folder / "data"
        small_disk(data, "64m")
        d.start()
        unlimited(d)
        senders = Senders(d, 8, padding=4000).start()
        time.sleep(0.5)
        take_until(data / "somebody-elses", 20 << 20)
        status, health = wait_for("deliveries are refused", 20, lambda: (d.ready() if d.ready()[0] == 503 else None))
        assert "limits.free" in health["intake"]["cause"] and health["intake"]["remedy"], health
        assert health["store"]["ok"], health
        refused = senders.answers[503]
        wait_for("senders are told 503", 10, lambda: senders.answers[503] > refused + 20)
        status, headers, _ = call(d.hooks, "POST", "/hooks/kill", b"{}")
        assert status == 503 and "Retry-After" in headers
        (data / "somebody-elses").unlink()
        wait_for("the host is ready again by itself", 20, lambda: d.ready()[0] == 200)
        assert not d.logged("store.failing"), "nothing ever failed"
        settle(d, senders)


def strace(d, expression):
    if shutil.which("strace") is None:
        impossible("there is no strace")
    probe = subprocess.run(["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        impossible("strace may not trace here: " + probe.stderr.strip())
    trace = d.scratch / "strace.log"
    return trace, ["strace", "-D", "-f", "-y", "--seccomp-bpf", "-o", str(trace), "-e", "trace=fdatasync,fsync,pwrite64,openat", "-e", "signal=none",
                   "-e", f"inject={expression}"]


def injected(milepost, expression, doubtful=True, senders=8):
    """Errors that strace injects while the load goes on; the host must have seen each, opened the store anew, and gone on."""
    with deployment(milepost) as d:
        d.start_sandbox()
        unlimited(d)
        trace, under = strace(d, expression)
        d.environment["ASAN_OPTIONS"] = d.environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # it cannot look while strace does
        try:
            d.start_host(under)
        except RuntimeError as error:
            if "PTRACE" in str(error) or "ptrace" in str(error):
                impossible(str(error).splitlines()[-1])
            raise
        senders = Senders(d, senders, padding=1000).start()
        wait_for("the disk fails", 30, lambda: d.logged("store.failing"))
        if doubtful:
            wait_for("the store is open anew", 30, lambda: d.logged("store.reopened"))
        wait_for("the host has recovered", 30, lambda: d.logged("store.recovered"))
        after = len(senders.acknowledged)
        wait_for("deliveries are accepted again", 20, lambda: len(senders.acknowledged) > after + 20)
        assert set(senders.answers) <= {200, 202, 503}, senders.answers
        settle(d, senders)
        if doubtful:
            opened_anew(trace.read_text(errors="replace"))


def whole_calls(trace):
    """A line a call, as each ends: strace breaks those apart during which another thread called."""
    begun = {}
    for line in trace.splitlines():
        thread, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>", rest)
        yield f"{thread} {begun.pop(thread, '') + rest[resumed.end():] if resumed else rest}"


def opened_anew(trace):
    """After a sync that failed the log is synced again only by a new descriptor: the old one may call clean what never reached the disk. (The
    file itself is: a copy that failed is made anew, page by page. And after a write that failed the commits before it may still be: theirs did
    not.)"""
    failed, episodes = set(), 0  # descriptors
    for line in whole_calls(trace):
        if match := re.match(r"\d+ +openat\(.*= (\d+)", line):
            failed.discard(match[1])
        elif match := re.match(r"\d+ +(\w+)\((\d+)<([^>]*)>.*?= (-?\d+)", line):
            call_, descriptor, path, result = match.groups()
            if "INJECTED" in line and path.endswith(("-wal", ".db")):
                if call_ != "pwrite64":
                    failed.add(descriptor)
                episodes += 1
            elif call_ in ("fdatasync", "fsync") and path.endswith("-wal") and result == "0":
                assert descriptor not in failed, f"synced again without opening anew: {line}"
    assert episodes > 0, "no error was injected"
    print(f"{episodes} injected errors")


CASES = {
    "full": full,
    "limits": limits,
    # Not the first ones: the start has to succeed. SQLite syncs with fdatasync here, and with fsync where a file's size is new.
    "sync": lambda milepost: injected(milepost, "fdatasync,fsync:error=EIO:when=200..203"),
    # So many that commits wait for their sync while the next are made.
    "sync_crowd": lambda milepost: injected(milepost, "fdatasync,fsync:error=EIO:when=300..303", senders=48),
    "write": lambda milepost: injected(milepost, "pwrite64:error=EIO:when=1500..1503"),
    "no_space": lambda milepost: injected(milepost, "pwrite64:error=ENOSPC:when=1500..1503", doubtful=False),  # what was not written is known
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    if arguments.case in ("full", "limits"):
        own_mounts()
    CASES[arguments.case](arguments.milepost)


if __name__ == "__main__":
    main()
