"""`milepost test` and `milepost try` as they are typed: what they print, what they write, and how they exit."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from harness.deployment import ROOT, Deployment  # noqa: E402

MILEPOST = str(pathlib.Path(sys.argv.pop(1)).resolve())
EXAMPLES = str(ROOT / "examples")
APPROVAL = ROOT / "examples/events/approval.json"


def milepost(*arguments, stdin=None):
    done = subprocess.run([MILEPOST, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=120)
    return done.returncode, done.stdout, done.stderr


class Folder:
    """A copy of examples/ with cases of its own, and without its secrets."""

    def __init__(self, cases=None):
        self.cases = cases

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.temporary.name)
        for name in ("connections", "pipelines", "schemas", "events"):
            shutil.copytree(ROOT / "examples" / name, self.path / name)
        shutil.copy(ROOT / "examples/milepost.yaml", self.path)
        (self.path / "tests").mkdir()
        if self.cases is not None:
            self.file.write_text(self.cases)
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    @property
    def file(self):
        return self.path / "tests/x.yaml"

    def test(self, *arguments):
        return milepost("test", "--config", self.path, *arguments)


def case(expect, events="{file: events/approval.json}", more=""):
    return f"pipeline: loan-milestones\ncases:\n  - case: a case\n    events: {events}\n{more}    expect:\n{expect}"


class Test(unittest.TestCase):
    def test_a_failure_says_where_what_and_why(self):
        with Folder(case("      events: {state: done, steps: {card: created}}\n", "{file: events/approval.json, change: {loan: {stage: funding}}}")) as folder:
            status, out, err = folder.test()
            self.assertEqual(status, 1, out + err)
            self.assertIn("tests/x.yaml:6:43  events.steps.card", out)
            self.assertIn("expected  created", out)
            self.assertIn("but came  not_run", out)
            self.assertIn("payload.loan.stage", out)
            self.assertIn("1 case, 0 passed, 1 failed", out)

    def test_what_no_case_looks_at_is_told(self):
        with Folder(case("      events: {state: done}\n")) as folder:
            status, out, _ = folder.test()
            self.assertEqual(status, 0, out)
            self.assertIn("card always ran", out)
            self.assertIn("crf-leads        no case", out)

    def test_a_case_that_names_what_is_not_there_is_an_error(self):
        rows = [
            (case("      events: {steps: {carrd: created}}\n"), 'there is no step "carrd"; did you mean "card"?'),
            (case("      events: {steps: {card: creatd}}\n"), 'did you mean "created"?'),
            (case("      events: {stat: done}\n"), 'did you mean "state"?'),
            (case("      sent: {postcrad: 1}\n"), 'did you mean "postcard"?'),
            (case("      holds: {hubspt: 1}\n"), 'did you mean "hubspot"?'),
            (case("      alerts: [milepost.deadletter]\n"), 'did you mean "milepost.dead_letter"?'),
            (case("      sent: {postcard: many}\n"), "expected how many"),
            (case("      alerts: 0\n", "{file: events/aproval.json}"), "cannot be read"),
            (case("      alerts: 0\n", "{file: events/approval.json, body: {}}"), "told twice"),
            (case("      alerts: 0\n", "{file: events/approval.json, at: noon}"), "is no time"),
            (case("      alerts: 0\n", "{event: {id: e-1, time: noon}}"), '"noon" is no time'),
            (case("      alerts: 0\n", more="    vendors: {hubspot: [{match: POST *}]}\n"), "say answer, delay or cut"),
            (case("      alerts: 0\n", more="    vendors: {hubspot: [{answr: 429}]}\n"), 'did you mean "answer"?'),
            (case("      alerts: 0\n", more="    vendor: {}\n"), 'did you mean "vendors"?'),
            ("pipeline: loan-milestone\ncases: []\n", 'did you mean "loan-milestones"?'),
            (case("      alerts: 0\n", "{source: webhook}"), "nothing is delivered here"),
            ("cases: []\n", "pipeline"),
            ("", "empty"),
            ("pipeline: [\n", "MP1005"),
        ]
        for text, words in rows:
            with self.subTest(words=words), Folder(text) as folder:
                status, out, err = folder.test()
                self.assertEqual(status, 1, out + err)
                self.assertIn(words, out)
                self.assertIn("tests/x.yaml:", out)

    def test_a_decoded_event_happened_when_it_says(self):
        text = ("pipeline: timed\ncases:\n  - case: yesterday's\n    events: {event: {id: e-1, time: 2026-11-01T08:00:00Z}, at: 2026-11-02T09:00:00Z}\n"
                "    expect: {audit: [{action: \"at 2026-11-01T08:00:00*\"}]}\n")
        with Folder(text) as folder:
            (folder.path / "pipelines/timed.yaml").write_text(
                "pipeline: timed\nsource: {use: webhook, with: {path: /hooks/timed, verify: none}}\nevent: {subject: none}\n"
                "steps:\n  - use: audit\n    with: {action: \"at ${event.time}\"}\n")
            status, out, err = folder.test()
            self.assertEqual(status, 0, out + err)

    def test_a_folder_without_cases_says_how_to_write_one(self):
        with Folder() as folder:
            status, out, err = folder.test()
            self.assertEqual(status, 1)
            self.assertIn("testing-pipelines.md", err)

    def test_update_writes_what_came_and_keeps_comments(self):
        with Folder(case("      # the card\n      events: {state: dead, steps: {card: not_run}}  # as it ends\n      sent: {postcard: 9}\n")) as folder:
            status, out, err = folder.test("--update")
            self.assertEqual(status, 0, out + err)
            text = folder.file.read_text()
            self.assertIn("      # the card\n      events: {state: done, steps: {card: created}}  # as it ends\n      sent: {postcard: 1}\n", text)
            self.assertEqual(folder.test()[0], 0)

    def test_update_gives_a_case_its_first_expectation(self):
        with Folder("pipeline: loan-milestones\ncases:\n  - case: a case\n    events: {file: events/approval.json}\n") as folder:
            self.assertEqual(folder.test("--update")[0], 0)
            self.assertIn("postcard.send: 1", folder.file.read_text())
            status, out, _ = folder.test()
            self.assertEqual(status, 0, out)

    def test_junit_and_json(self):
        with Folder(case("      alerts: 3\n")) as folder:
            status, out, _ = folder.test("--json", "--junit", folder.path / "out.xml")
            self.assertEqual(status, 1)
            told = json.loads(out)
            self.assertEqual(told["cases"][0]["mismatches"][0]["path"], "alerts")
            self.assertEqual(told["coverage"]["loan-milestones"]["steps"]["card"], {"ran": 1, "when": told["coverage"]["loan-milestones"]["steps"]["card"]["when"], "passed_by": 0})
            root = xml.etree.ElementTree.parse(folder.path / "out.xml").getroot()
            self.assertEqual((root.get("tests"), root.get("failures")), ("1", "1"))
            self.assertIn("expected 3", root.find("testsuite/testcase/failure").text)

    def test_time_passes_as_it_is_told(self):
        cases = case("      events: {state: done, steps: {crm: {outcome: created, attempts: 2}}}\n",
                     more="    vendors: {hubspot: [{match: POST */batch/upsert, answer: {status: 429, headers: {Retry-After: \"86400\"}}}]}\n")
        with Folder(cases.replace("within: 1h", "within: 7d")) as folder:
            pipeline = folder.path / "pipelines/loan-milestones.yaml"
            pipeline.write_text(pipeline.read_text().replace("within: 1h", "within: 7d"))
            began = time.monotonic()
            status, out, _ = folder.test()
            self.assertEqual(status, 0, out)
            self.assertLess(time.monotonic() - began, 30)

    def test_two_hundred_cases_take_seconds(self):
        one = "  - case: number {0}\n    events: {{file: events/approval.json, change: {{loan: {{id: L-{0}}}}}}}\n    expect: {{events: {{state: done, steps: {{card: created}}}}}}\n"
        with Folder("pipeline: loan-milestones\ncases:\n" + "".join(one.format(i) for i in range(200))) as folder:
            began = time.monotonic()
            status, out, _ = folder.test("--json")
            took = time.monotonic() - began
            self.assertEqual(status, 0, out[-2000:])
            told = json.loads(out)
            self.assertEqual(len(told["cases"]), 200)
            print(f"200 cases in {told['seconds']} s")
            self.assertLess(took, 60)


class Try(unittest.TestCase):
    def test_conditions_show_what_they_saw_and_requests_go_out_nowhere(self):
        status, out, err = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES)
        self.assertEqual(status, 0, out + err)
        for words in ('payload.loan.stage  "approval"', "→ POST http://127.0.0.1:9090/postcard/", "tracking_code  L-1001-approval",
                      "nothing is known of it", "nothing was sent", "to open connections"):
            self.assertIn(words, out)

    def test_credentials_do_not_show(self):
        status, out, err = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--json")
        self.assertEqual(status, 0, out + err)
        self.assertNotIn("made-up", out)
        self.assertNotIn("sandbox-token", out)
        told = json.loads(out)
        crm = next(step for step in told["steps"] if step["id"] == "crm")
        self.assertTrue(crm["requests"])
        for request in crm["requests"] + told["opening"]:
            self.assertIn(request["headers"].get("Authorization", "***"), "***")
        self.assertIn("POST", {request["method"] for request in crm["requests"]})

    def test_one_step(self):
        status, out, _ = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--step", "card")
        self.assertEqual(status, 0, out)
        self.assertNotIn("hubspot.upsert", out)
        status, _, err = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--step", "carrd")
        self.assertEqual(status, 1)
        self.assertIn('did you mean "card"?', err)

    def test_explain_shows_each_path(self):
        status, out, _ = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--explain",
                                  "payload.loan.amount > 500000 or steps.card.effect == \"created\"")
        self.assertEqual(status, 0, out)
        for words in ("= true", "payload.loan.amount  325000.00", 'steps.card.effect    "created"'):
            self.assertIn(words, out)
        status, _, err = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--explain", "paylod.x")
        self.assertEqual(status, 1)
        self.assertIn("payload", err)

    def test_a_loan_that_is_told_is_seen(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as loan:
            loan.write('{"stage": "closing"}')
            loan.flush()
            status, out, _ = milepost("try", "loan-milestones", APPROVAL, "--config", EXAMPLES, "--loan", loan.name, "--explain", "loan.stage")
            self.assertEqual(status, 0, out)
            self.assertIn('"closing"', out)

    def test_a_setting_that_must_be_there_and_is_nil_is_told(self):
        with Folder() as folder:
            payload = json.loads(APPROVAL.read_text())
            del payload["borrower"]
            status, out, _ = milepost("try", "loan-milestones", "--config", folder.path, stdin=json.dumps(payload))
            self.assertEqual(status, 1, out)
            self.assertIn("! to must be there, and is nothing for this event", out)

    def test_save_makes_a_case_that_passes(self):
        with Folder() as folder:
            for payload in (folder.path / "events/approval.json", "-"):
                status, out, err = milepost("try", "loan-milestones", payload, "--config", folder.path, "--save", "tests/x.yaml",
                                            stdin=APPROVAL.read_text())
                self.assertEqual(status, 0, out + err)
            text = folder.file.read_text()
            self.assertIn("file: events/approval.json", text)
            self.assertIn("case: stage.changed of L-1001", text)
            status, out, _ = folder.test()
            self.assertEqual(status, 0, out + text)
            self.assertIn("2 cases, all passed", out)

    def test_save_leaves_a_file_that_it_cannot_add_to(self):
        rows = [
            ("pipeline: loan-milestones-2\ncases: []\n", "another pipeline"),
            ("pipeline: alerts\ncases:\n  - case: a\n    events: {event: {id: e}, body: {pipeline: loan-milestones}}\n", "another pipeline"),
            ("pipeline: loan-milestones\ncases: []\n", "cannot be added to"),
            ("pipeline: loan-milestones\ncases:\n  - case: a\n    events: {file: events/approval.json}\nsecrets: {a: b}\n", "cannot be added to"),
            ("pipeline: loan-milestones\ncases:\n- case: a\n  events: {file: events/approval.json}\n", "cannot be added to"),
            ("pipeline: [\n", "cannot be read"),
        ]
        for text, words in rows:
            with self.subTest(text=text), Folder(text) as folder:
                status, out, err = milepost("try", "loan-milestones", folder.path / "events/approval.json", "--config", folder.path, "--save", "tests/x.yaml")
                self.assertEqual(status, 1, out + err)
                self.assertIn(words, err)
                self.assertEqual(folder.file.read_text(), text)

    def test_an_event_of_the_journal(self):
        with Deployment(MILEPOST, EXAMPLES) as d:
            d.start()
            self.assertEqual(d.send(APPROVAL.read_bytes())[0], 202)
            d.wait_until_ended()
            receipt = d.events()[0]["receipt"]
            for stopped in (False, True):
                if stopped:
                    self.assertEqual(d.stop_host(), 0)
                status, out, err = milepost("try", "--event", receipt, "--config", d.folder)
                self.assertEqual(status, 0, out + err)
                self.assertIn("event example-1", out)
                self.assertIn("as the event saw it", out)
                self.assertIn("then: created", out)
                told = json.loads(milepost("try", "--event", receipt, "--config", d.folder, "--json")[1])
                steps = {step["id"]: step for step in told["steps"]}
                self.assertEqual(steps["crm"]["then"]["outcome"], "created")
                self.assertEqual(steps["writeback"]["with"]["about"]["deals"], steps["crm"]["then"]["answer"]["id"], "the answer that it got")

    def test_links_are_asked_of_the_store(self):
        with Deployment(MILEPOST, ROOT / "tests/flows/hubspot_changes") as d:
            d.start()
            self.assertEqual(d.send(b'{"id": "e1", "loan": "L-1"}')[0], 202)
            deadline = time.monotonic() + 30
            while not [event for event in d.events() if event["pipeline"] == "moved"]:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
            d.wait_until_ended()
            receipt = next(event["receipt"] for event in d.events() if event["pipeline"] == "moved")
            for stopped in (False, True):
                if stopped:
                    self.assertEqual(d.stop_host(), 0)
                # The doubles begin anew, and know nothing of the deal: the event may end otherwise than it did.
                _, out, _ = milepost("try", "--event", receipt, "--config", d.folder)
                self.assertRegex(out, r"link  hubspot:\w+:\d+ → L-1")
                self.assertIn("subject L-1", out)
            # A saved case knows the links too, and from which of the sources it came.
            milepost("try", "--event", receipt, "--config", d.folder, "--save", "tests/saved.yaml")
            self.assertRegex((d.folder / "tests/saved.yaml").read_text(), r'links: \{"hubspot:\w+:\d+": L-1\}')
            status, out, err = milepost("test", "tests/saved.yaml", "--config", d.folder)
            self.assertEqual(status, 0, out + err)

    def test_the_mail_gate_says_what_it_saw(self):
        folder = ROOT / "tests/flows/mail"
        payload = {"id": "m-1", "loan": "L-1", "stage": "approval", "time": "2026-11-20T10:00:00Z", "mail": True, "borrower": "B-1", "do_not_mail": False, "fraud_score": 0.1,
                   "address_status": "deliverable", "consent": True, "address": {"name": "Ines Okafor", "line1": "77 Birch Ct", "city": "Duluth", "state": "MN", "zip": "55802"}}

        def tried(**other):
            body = json.dumps({**payload, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **other})
            return milepost("try", "mail", "--config", folder, stdin=body)

        status, out, err = tried()
        self.assertEqual(status, 0, out + err)
        self.assertIn("mail gate: passed", out)
        status, out, _ = tried(do_not_mail=True)
        self.assertIn("mail gate: refused", out)
        status, out, _ = tried(fraud_score=None)
        self.assertEqual(status, 1, out)
        self.assertRegex(out, r"mail gate: held.*fraud")

    def test_who_gets_no_mail_is_known(self):
        with Deployment(MILEPOST, ROOT / "tests/flows/mail") as d:
            d.start_host()
            status, out, err = milepost("mail", "suppress", "L-1", "--reason", "asked by phone", "--config", d.folder)
            self.assertEqual(status, 0, out + err)
            body = {"id": "m-1", "loan": "L-1", "stage": "approval", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "mail": True, "borrower": "B-1", "do_not_mail": False, "fraud_score": 0.1,
                    "address_status": "deliverable", "consent": True, "address": {"name": "Ines Okafor", "line1": "77 Birch Ct", "city": "Duluth", "state": "MN", "zip": "55802"}}
            status, out, _ = milepost("try", "mail", "--config", d.folder, stdin=json.dumps(body))
            self.assertIn("mail gate: refused", out)
            self.assertIn("asked by phone", out)


if __name__ == "__main__":
    unittest.main()
