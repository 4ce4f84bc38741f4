"""Golden files: for every code of a fault a config folder that has it, and to the letter what `milepost check` prints of it.

faults/*.txt hold a folder each: "=== PATH" begins a file, "=== expected" what is printed. Marks after the path change the file: "(mode 644)",
"(folder)", "(escaped)" for \\xNN in its text, "(padded to N)" with spaces in a comment. Standard files are there unless the case has its own.
"=== expected (test)" is printed by `milepost test` instead.

Usage: faults.py MILEPOST PLUGIN.so [--update]     --update writes what is printed into the files: read the difference before you keep it.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

UPDATE = "--update" in sys.argv and bool(sys.argv.remove("--update") or True)
PLUGIN = pathlib.Path(sys.argv.pop()).resolve()
MILEPOST = pathlib.Path(sys.argv.pop()).resolve()
CASES = sorted((pathlib.Path(__file__).resolve().parent / "faults").glob("*.txt"))
STANDARD = {
    "secrets.yaml": "token: x\nhook: y\n",
    "connections/post.yaml": "connection: post\nuse: fussy\nwith: {token: !secret token}\n",
    "pipelines/good.yaml": "pipeline: good\nsource: {use: webhook, with: {path: /hooks/good, verify: none}}\nsteps: [{use: set}]\n",
}
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def parts(text):
    """(path, marks, content) of each part."""
    for head, content in re.findall(r"^=== (.*)\n((?:(?!=== ).*\n)*)", text, re.M):
        path, *marks = re.split(r"\s+\((.*?)\)", head)
        yield path.strip(), [mark for mark in marks if mark.strip()], content


def write(folder, path, marks, content):
    file = folder / path
    if "folder" in marks:
        file.mkdir(parents=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode()
    if "escaped" in marks:
        data = re.sub(rb"\\x([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), data)
    for mark in marks:
        if mark.startswith("padded to "):
            data = data.ljust(int(mark[10:]) - 1, b" ") + b"\n"
    file.write_bytes(data)
    mode = next((int(mark[5:], 8) for mark in marks if mark.startswith("mode ")), 0o600)
    file.chmod(mode)


class Golden(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        """The host with one plugin: what else is installed does not stand in golden files."""
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="milepost-golden-"))
        (cls.scratch / "bin").mkdir()
        (cls.scratch / "plugins").mkdir()
        shutil.copy(MILEPOST, cls.scratch / "bin" / "milepost")
        shutil.copy(PLUGIN, cls.scratch / "plugins" / PLUGIN.name)
        cls.host = cls.scratch / "bin" / "milepost"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def check(self, case):
        """(exit status, what is printed, what should be) for one case."""
        config, expected = self.folder_of(case)
        done = self.run_host("test" if "=== expected (test)" in case.read_text() else "check", config)
        return done.returncode, done.stdout.replace(str(config.parent), "…"), expected

    def run_host(self, command, config):
        return subprocess.run([self.host, *command.split(), "--config", config], capture_output=True, text=True, timeout=120, env=ENVIRONMENT)

    def folder_of(self, case):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.scratch)) / case.stem
        expected, given = "", []
        for path, marks, content in parts(case.read_text()):
            if path == "expected":
                expected = content
            else:
                write(folder, path, marks, content)
                given.append(path)
        for path, content in STANDARD.items():
            # A case that is about an empty folder says so by a pipelines folder of its own.
            if path not in given and not (path.startswith("pipelines/") and "pipelines" in given):
                write(folder, path, [], content)
        return folder / "gone" if case.stem.startswith("MP1001") else folder, expected

    def test_every_case_prints_what_its_file_says(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for case, (status, printed, expected) in zip(CASES, pool.map(self.check, CASES)):
                with self.subTest(case.stem):
                    if UPDATE:
                        case.write_text(re.sub(r"(?ms)^(=== expected[^\n]*\n).*", lambda found: found[1] + printed, case.read_text()))
                        continue
                    self.assertEqual(printed, expected)
                    self.assertIn(case.stem[:6], printed)
                    self.assertEqual(status, 1 if "fault " + case.stem[:6] in printed else 0)

    def test_other_commands_bear_every_case(self):
        """What check tells of must not bring another command down."""
        def bear(case):
            config, _ = self.folder_of(case)
            return [(command, self.run_host(command, config)) for command in ("show pipeline p", "template list", "doctor")]

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for case, results in zip(CASES, pool.map(bear, CASES)):
                for command, done in results:
                    with self.subTest(case.stem, command=command):
                        self.assertIn(done.returncode, (0, 1), done.stderr)
                        self.assertNotIn("hunter2", done.stdout + done.stderr)
                        self.assertTrue(done.stdout + done.stderr)

    def test_every_code_has_a_case(self):
        listed = subprocess.run([self.host, "explain", "--json"], capture_output=True, text=True, timeout=60, check=True)
        codes = {code["code"] for code in json.loads(listed.stdout)}
        self.assertEqual(codes - {case.stem[:6] for case in CASES}, set(), "codes without a golden file")
        self.assertEqual({case.stem[:6] for case in CASES} - codes, set(), "golden files of no code")


if __name__ == "__main__":
    unittest.main(verbosity=1)
