"""Follows a guide word by word: types its commands, compares what they print, applies its edits.

A ```console block is one shell: lines that begin with "$ " are typed, what follows is what must be printed. "…" stands for anything within a
line, a line of its own for any lines. A command that ends in " &" runs on until the guide ends; one that ends in "# exits with 1" does. A ```diff
block is an edit.
Where the guide says /opt/milepost or a usual port, the test has a prefix and ports of its own.

Usage: tutorial.py BUILD_FOLDER GUIDE [COMPONENT…]     further components of the installation, such as plugins
"""
import contextlib
import os
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import free_port  # noqa: E402
from toolbox import Installed  # noqa: E402

MARK = "\x1e"


def blocks(text):
    """(line, kind, content) of each fenced block that is to be followed."""
    for found in re.finditer(r"^```(console|diff)\n(.*?)^```$", text, re.M | re.S):
        yield text[: found.start()].count("\n") + 1, found[1], found[2]


def steps(block):
    """(command, expected lines) of each."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed.splitlines()


def pattern(lines):
    out = ""
    for line in lines:
        out += r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(re.escape(piece.rstrip(" ") if line.endswith(piece) else piece) for piece in line.split("…")) + r" *\n"
    return out + r"\s*"


class Follower:
    def __init__(self, installed):
        self.installed = installed
        self.ports = {usual: free_port() for usual in ("8080", "8081", "9090")}

    def own(self, text):
        text = text.replace("/opt/milepost", str(self.installed.prefix))
        for usual, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
        return text

    def usual(self, text):
        text = text.replace(str(self.installed.prefix), "/opt/milepost")
        for usual, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{usual}")
        return text

    def shell(self, block, line):
        script, expected = "", []
        for command, printed in steps(block):
            if command.endswith(" &"):
                script += f"{self.own(command[:-2])} >background.log 2>&1 & echo $! >>background.pids; sleep 0.3\n"
            else:
                script += self.own(command) + "\n"
            script += f"echo '{MARK}'\"$?\"\n"
            expected.append((command, printed))
        done = self.installed.run("bash", "-c", script + "disown -a\n")
        printed = (done.stdout + done.stderr).split(MARK)
        assert len(printed) == len(expected) + 1 or done.returncode == 0, done.stdout + done.stderr
        for number, (command, wanted) in enumerate(expected):
            status = printed[number + 1].split("\n", 1)[0]
            came = printed[number] if number == 0 else printed[number].split("\n", 1)[1]
            came = self.usual(came)
            due = re.search(r"# exits with (\d)$", command)
            assert status == (due[1] if due else "0"), f"line {line}: `{command}` ended with {status}:\n{came}\n{done.stderr}"
            assert re.fullmatch(pattern(wanted), came), f"line {line}: `{command}` printed\n{came}\nnot\n" + "\n".join(wanted)
        # Written with the usual ports; ours are others.
        for file in self.installed.folder.rglob("*.yaml"):
            text = file.read_text()
            if text != self.own(text):
                file.write_text(self.own(text))

    def edit(self, block, line):
        """Each hunk's old lines, found once in the file, become its new lines."""
        file = self.installed.folder / re.search(r"^\+\+\+ b/(.*)$", block, re.M)[1]
        text = file.read_text()
        for hunk in re.split(r"^@@.*\n", block, flags=re.M)[1:]:
            lines = hunk.splitlines(keepends=True)
            old = "".join(each[1:] for each in lines if each[0] in " -")
            new = "".join(each[1:] for each in lines if each[0] in " +")
            assert text.count(old) == 1, f"line {line}: stands {text.count(old)} times in {file.name}:\n{old}\nof\n{text}"
            text = text.replace(old, new)
        file.write_text(text)

    def end(self):
        with contextlib.suppress(OSError):
            for pid in (self.installed.folder / "background.pids").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGTERM)


def main():
    build, tutorial = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    installed = Installed(build, *sys.argv[3:])
    follower = Follower(installed)
    began = time.monotonic()
    try:
        count = 0
        for line, kind, content in blocks(tutorial.read_text()):
            follower.shell(content, line) if kind == "console" else follower.edit(content, line)
            count += 1
            print(f"line {line}: as written, after {time.monotonic() - began:.0f} s", flush=True)
        assert count >= 6, "the guide lost its blocks"
    except AssertionError:
        log = installed.folder / "background.log"
        print(log.read_text()[-3000:] if log.exists() else "", file=sys.stderr)
        raise
    finally:
        follower.end()
        time.sleep(0.5)
        installed.remove()


if __name__ == "__main__":
    main()
