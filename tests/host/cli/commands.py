"""The command line as it is typed: what it prints, and how it exits."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from harness.deployment import ROOT, Deployment  # noqa: E402

MILEPOST = str(pathlib.Path(sys.argv.pop(1)).resolve())
EXAMPLES = str(ROOT / "examples")


def milepost(*arguments, stdin=None):
    done = subprocess.run([MILEPOST, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=60)
    return done.returncode, done.stdout, done.stderr


class WrongUse(unittest.TestCase):
    def expect(self, code, words, *arguments):
        status, out, err = milepost(*arguments)
        self.assertEqual(status, code, out + err)
        self.assertIn(words, out + err)

    def test_nothing_typed_shows_the_overview(self):
        self.expect(2, "Commands:", )

    def test_help_is_no_fault(self):
        self.expect(0, "Commands:", "--help")
        self.expect(0, "Usage: milepost events list", "events", "list", "--help")

    def test_unknown_command_names_the_nearest(self):
        self.expect(2, "did you mean `check`?", "chekc")

    def test_half_a_command_names_the_rest(self):
        self.expect(2, "milepost audit verify", "audit")

    def test_unknown_option_names_the_nearest(self):
        self.expect(2, "did you mean --config?", "check", "--confg", ".")

    def test_option_without_its_value(self):
        self.expect(2, "--config needs a value", "check", "--config")

    def test_a_store_that_is_not_there_yet(self):
        with tempfile.TemporaryDirectory() as folder:
            self.expect(1, "made by the first `milepost run`", "events", "list", "--config", folder)


class Check(unittest.TestCase):
    def test_the_example_is_good(self):
        status, out, err = milepost("check", "--config", EXAMPLES)
        self.assertEqual(status, 0, out + err)
        self.assertIn("2 pipelines, 2 connections", out)

    def test_every_fault_of_a_folder_in_one_report(self):
        with tempfile.TemporaryDirectory() as folder:
            pipelines = pathlib.Path(folder) / "pipelines"
            pipelines.mkdir()
            (pipelines / "a.yaml").write_text(
                "pipeline: a\nsource:\n  use: webhok\n  with: {path: /a, verify: none}\nevent:\n  subject: ${paylod.id}\n"
                "steps:\n  - use: validate\n    with:\n      rules:\n        - {check: payload.x >, message: m}\n"
                "  - id: card\n    use: postcard.sned\n    connection: nowhere\n    with: {}\n")
            (pipelines / "b.yaml").write_text("pipeline: b\n\tsource: x\n")
            status, out, err = milepost("check", "--config", folder, "--json")
            self.assertEqual(status, 1, out + err)
            faults = json.loads(out)["faults"]
            text = "\n".join(fault["message"] for fault in faults)
            for words in ('"webhook"', '"postcard.send"', "nowhere", "tab"):
                self.assertIn(words, text)
            self.assertTrue(all(fault["line"] > 0 and fault["code"].startswith("MP") for fault in faults), faults)
            self.assertEqual({fault["file"] for fault in faults}, {"pipelines/a.yaml", "pipelines/b.yaml"})

    def test_expressions_are_checked_where_the_structure_is_good(self):
        with tempfile.TemporaryDirectory() as folder:
            pipelines = pathlib.Path(folder) / "pipelines"
            pipelines.mkdir()
            (pipelines / "a.yaml").write_text(
                "pipeline: a\nsource:\n  use: webhook\n  with: {path: /a, verify: none}\nevent:\n  subject: ${paylod.id}\n"
                "steps:\n  - id: s\n    use: set\n    when: steps.later\n    with: {x: \"${payload.a +}\"}\n  - id: later\n    use: set\n    with: {y: 1}\n")
            status, out, err = milepost("check", "--config", folder)
            self.assertEqual(status, 1, out + err)
            for words in ("paylod", "payload", "used before it exists", "a.yaml:6", "steps[0].with.x"):
                self.assertIn(words, out)

    def test_explain_says_more(self):
        status, out, _ = milepost("explain", "mp1042")
        self.assertEqual(status, 0)
        self.assertIn("MP1042", out)


class Try(unittest.TestCase):
    def test_shows_each_step_and_sends_nothing(self):
        status, out, err = milepost("try", "loan-milestones", ROOT / "examples/events/approval.json", "--config", EXAMPLES)
        self.assertEqual(status, 0, out + err)
        for words in ("postcard.send", "‹steps.crm.id›", "L-1001-approval", "nothing was sent"):
            self.assertIn(words, out)

    def test_reads_standard_input_and_says_why_it_ends(self):
        status, out, err = milepost("try", "loan-milestones", "--config", EXAMPLES, stdin='{"eventId":"x","loan":{"id":"L-1"}}')
        self.assertEqual(status, 1, out + err)
        self.assertIn("dead letter", out)

    def test_unknown_pipeline(self):
        status, _, err = milepost("try", "loan-milestone", "--config", EXAMPLES, stdin="{}")
        self.assertEqual(status, 1)
        self.assertIn('did you mean "loan-milestones"?', err)


class Plugins(unittest.TestCase):
    def test_list_and_describe(self):
        status, out, err = milepost("plugins", "list", "--json")
        self.assertEqual(status, 0, out + err)
        self.assertLessEqual({"crfconnect", "hubspot", "postcard"}, {plugin["name"] for plugin in json.loads(out)["installed"]})
        status, out, _ = milepost("plugins", "describe", "hubspot")
        self.assertEqual(status, 0)
        self.assertIn("Action hubspot.upsert", out)


class WithAHost(unittest.TestCase):
    def test_commands_speak_to_a_running_host_and_to_a_stopped_ones_store(self):
        with Deployment(MILEPOST, EXAMPLES) as d:
            d.start()
            body = (ROOT / "examples/events/approval.json").read_bytes()
            self.assertEqual(d.send(body)[0], 202)
            d.wait_until_ended()
            second, _, err = milepost("run", "--config", d.folder)
            self.assertEqual(second, 1)
            self.assertIn("another milepost is using", err)
            running = self.look(d)
            self.assertEqual(d.stop_host(), 0)
            self.assertEqual(self.look(d), running)
            self.tamper(d)

    def look(self, d):
        status, out, err = milepost("events", "list", "--config", d.folder, "--json")
        self.assertEqual(status, 0, out + err)
        event = json.loads(out)["events"][0]
        self.assertEqual((event["id"], event["state"]), ("example-1", "done"))
        status, shown, err = milepost("events", "show", "example-1", "--config", d.folder)
        self.assertEqual(status, 0, shown + err)
        self.assertIn("card", shown)
        status, rows, err = milepost("audit", "list", "--subject", "L-1001", "--config", d.folder)
        self.assertEqual(status, 0, rows + err)
        status, verdict, err = milepost("audit", "verify", "--config", d.folder)
        self.assertEqual(status, 0, verdict + err)
        return out, shown, rows, verdict

    def tamper(self, d):
        status, export, err = milepost("audit", "export", "--config", d.folder)
        self.assertEqual(status, 0, err)
        copy = d.scratch / "export.jsonl"
        copy.write_text(export)
        self.assertEqual(milepost("audit", "verify", copy)[0], 0)
        copy.write_text(export.replace("u-31", "u-32", 1))
        status, out, _ = milepost("audit", "verify", copy)
        self.assertEqual(status, 1)
        self.assertIn("BROKEN", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
