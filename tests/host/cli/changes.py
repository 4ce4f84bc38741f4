"""What must hold while people change a folder: two who apply at once, a plan gone stale, a secret that is rotated, files that nobody may read.

Usage: changes.py MILEPOST"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from harness.deployment import ROOT, Deployment  # noqa: E402

MILEPOST = str(pathlib.Path(sys.argv.pop(1)).resolve())
NOBODY = 65534


def milepost(*arguments, **how):
    done = subprocess.run([MILEPOST, *map(str, arguments)], capture_output=True, text=True, timeout=120, **how)
    return done.returncode, done.stdout, done.stderr


class Changes(unittest.TestCase):
    folder = ROOT / "examples"

    def setUp(self):
        self.d = Deployment(MILEPOST, self.folder)
        self.addCleanup(self.d.__exit__)
        self.file = self.d.folder / "pipelines/loan-milestones.yaml"

    def do(self, *arguments, expect=0):
        status, out, err = milepost(*arguments, "--config", self.d.folder)
        self.assertEqual(status, expect, out + err)
        return out + err

    def edit(self, old, new):
        text = self.file.read_text()
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new, 1))

    def eventually(self, holds):
        deadline = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), deadline, self.d.log()[-2000:])
            time.sleep(0.05)


class Apply(Changes):
    def test_of_two_who_apply_at_once_one_is_told(self):
        self.d.start_host()
        self.edit("attempts: 8", "attempts: 9")
        digest = json.loads(self.do("plan", "--json"))["plan"]["hash"]
        told = []
        both = [threading.Thread(target=lambda i=i: told.append(milepost("apply", digest, "--reason", f"number {i}", "--config", self.d.folder))) for i in range(4)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        self.assertEqual(sorted(status for status, _, _ in told), [0, 1, 1, 1], told)
        for status, out, err in told:
            if status:
                self.assertIn("what runs is not what it was planned against (pipeline loan-milestones)", out + err)
        history = self.d.api("/api/v1/pipelines/loan-milestones/history")["history"]
        self.assertEqual([entry["action"] for entry in history], ["pipeline.apply", "pipeline.start"])

    def test_a_plan_goes_stale_by_an_edit_by_a_secret_and_by_another_apply(self):
        self.d.start_host()
        self.edit("attempts: 8", "attempts: 9")

        def planned():
            return json.loads(self.do("plan", "--json"))["plan"]["hash"]

        first = planned()
        other = self.d.folder / "pipelines/crf-leads.yaml"
        other.write_text("# seen by two\n" + other.read_text())
        self.assertIn("the folder was edited since (pipeline crf-leads)", self.do("apply", first, "--reason", "r", expect=1))
        second = planned()
        secrets = self.d.folder / "secrets.yaml"
        secrets.write_text(secrets.read_text().replace("sandbox-token", "rotated-token"))
        self.assertIn("the folder was edited since (connection hubspot-main)", self.do("apply", second, "--reason", "r", expect=1))
        third = planned()
        self.d.host.send_signal(signal.SIGHUP)
        self.eventually(lambda: len(self.d.api("/api/v1/pipelines/loan-milestones/history")["history"]) == 2)
        self.assertIn("what runs is not what it was planned against", self.do("apply", third, "--reason", "r", expect=1))
        self.assertIn("Nothing changes", self.do("plan"))

    def test_a_revert_that_would_bring_more_names_it(self):
        self.d.start_host()
        first = self.d.api("/api/v1/pipelines/loan-milestones/history")["history"][0]["version"]
        self.edit("attempts: 8", "attempts: 9")
        self.do("apply", json.loads(self.do("plan", "--json"))["plan"]["hash"], "--reason", "more tries")
        before = self.file.read_text()
        connection = self.d.folder / "connections/hubspot-main.yaml"
        connection.write_text(connection.read_text().replace("timeout: 10s", "timeout: 20s"))
        told = self.do("pipelines", "revert", "loan-milestones", "--to", first[:12], "--reason", "back", expect=1)
        self.assertIn("other changes that do not run yet (connection hubspot-main)", told)
        self.assertEqual(self.file.read_text(), before)

    def test_a_host_that_dies_while_it_takes_a_version_back_runs_on_what_its_file_says(self):
        self.d.start_host()
        texts = [self.file.read_text()]
        self.edit("attempts: 8", "attempts: 9")
        texts.append(self.file.read_text())
        self.do("apply", json.loads(self.do("plan", "--json"))["plan"]["hash"], "--reason", "more tries")
        history = self.d.api("/api/v1/pipelines/loan-milestones/history")["history"]
        versions = [history[1]["version"], history[0]["version"]]
        seen = set()
        for round_ in range(12):
            wanted = 1 - texts.index(self.file.read_text())
            asked = subprocess.Popen([MILEPOST, "pipelines", "revert", "loan-milestones", "--to", versions[wanted], "--reason", "back", "--config", str(self.d.folder)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.004 * round_)
            self.d.kill_host()
            asked.wait(timeout=60)
            self.assertIn(self.file.read_text(), texts)
            self.d.start_host()
            self.assertIn("Nothing changes", self.do("plan"))
            lives = self.d.api("/api/v1/pipelines/loan-milestones/history")["history"][0]["version"]
            self.assertEqual(lives, versions[texts.index(self.file.read_text())])
            seen.add(self.file.read_text() == texts[wanted])
        print("taken back before it died:", sorted(seen))
        self.assertEqual(self.d.stop_host(), 0)
        self.d.verify()


class Secrets(Changes):
    folder = ROOT / "tests/flows/postcard_tracking"

    def emit(self, secret):
        return [one["status"] for one in self.d.emit("postcard", {"vendor": "lob", "url": f"http://127.0.0.1:{self.d.hooks}/hooks/lob", "secret": secret, "event_type": "postcard.mailed"})]

    def test_a_source_takes_its_new_secret_at_once_and_none_is_shown(self):
        secrets = self.d.folder / "secrets.yaml"
        self.d.start()
        self.assertEqual(self.d.send(json.dumps({"eventId": "e2", "loan": "L-2", "vendor": "lob", "code": "M3T8W2RC", "address": {
            "name": "Ines Okafor", "line1": "78 Birch Ct", "city": "Duluth", "state": "MN", "zip": "55802"}}).encode())[0], 202)
        self.d.wait_until_ended()
        self.assertEqual(self.emit("demo-lob-secret"), [200])
        secrets.write_text(secrets.read_text().replace("demo-lob-secret", "fresh-lob-secret"))
        planned = self.do("plan")
        self.assertIn("another value of secret lob_hook", planned)
        self.assertNotIn("fresh-lob-secret", planned + self.do("plan", "--json"))
        self.d.host.send_signal(signal.SIGHUP)
        self.eventually(lambda: self.emit("fresh-lob-secret") == [200])
        self.assertEqual(self.emit("demo-lob-secret"), [401])

        file = self.d.folder / "pipelines/lob-cards.yaml"
        file.write_text(file.read_text().replace("!secret lob_hook", "written-plainly"))
        self.assertNotIn("written-plainly", self.do("plan") + self.do("plan", "--json"))
        self.d.host.send_signal(signal.SIGHUP)
        self.eventually(lambda: self.emit("written-plainly") == [200])
        for told in (self.do("pipelines", "diff", "lob-cards"), self.do("pipelines", "diff", "lob-cards", "--json")):
            self.assertNotIn("written-plainly", told)
        self.assertEqual(self.d.stop_host(), 0)
        self.assertNotIn("written-plainly", self.do("pipelines", "diff", "lob-cards") + self.do("plan", "--json"))


class Permissions(unittest.TestCase):
    """Every command that reads a folder says which file it may not read, and why; none takes it for one that is not there."""

    def test_a_folder_without_permission(self):
        as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if as_nobody and milepost("--help", **as_nobody)[0] != 0:
            self.skipTest("nobody may not run the executable here")
        for locked, told in (("pipelines", "pipelines"), ("connections", "connections"), ("pipelines/loan-milestones.yaml", "pipelines/loan-milestones.yaml"),
                             ("schemas/los-event.json", "schemas/los-event.json"), ("secrets.yaml", "secrets.yaml"), ("loans.yaml", "loans.yaml"), ("milepost.yaml", "milepost.yaml"), ("", "config")):
            with Deployment(MILEPOST, ROOT / "examples") as d:
                d.scratch.chmod(0o755)
                if as_nobody:
                    for path in [d.folder, *d.folder.rglob("*")]:
                        os.chown(path, NOBODY, NOBODY)
                (d.folder / locked).chmod(0)
                try:
                    for command in (["check"], ["show"], ["doctor"], ["try", "loan-milestones"], ["test"]):
                        if command[0] in ("try", "test") and locked == "secrets.yaml":
                            continue  # they read none
                        if command[0] == "show" and locked not in ("milepost.yaml", ""):
                            continue  # that file is all it reads
                        with self.subTest(command=command, locked=locked):
                            status, out, err = milepost(*command, "--config", d.folder, **as_nobody, stdin=subprocess.DEVNULL)
                            self.assertEqual(status, 1, out + err)
                            if command[0] == "check":
                                self.assertIn(told, out + err)
                                self.assertIn("Permission denied", out + err)
                            else:
                                self.assertRegex(out + err, "Permission denied|milepost check")
                            self.assertNotIn("Sanitizer", err)
                finally:
                    (d.folder / locked).chmod(0o755)


if __name__ == "__main__":
    unittest.main(verbosity=2)
