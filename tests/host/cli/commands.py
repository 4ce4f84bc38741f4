"""The command line as it is typed: what it prints, and how it exits."""
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
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

    def test_an_option_given_twice(self):
        self.expect(2, "--config is given twice", "check", "--config", ".", "--config", EXAMPLES)
        self.expect(2, "--config is given twice", "check", "--config", ".", "--config=.")
        self.expect(0, "", "check", "--json", "--json", "--config", EXAMPLES)

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
        for words in ("postcard.send", "→ POST", "L-1001-approval", "nothing was sent"):
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
        installed = {plugin["name"]: plugin for plugin in json.loads(out)["installed"]}
        self.assertLessEqual({"crfconnect", "hubspot", "postcard"}, set(installed))
        about = installed["hubspot"]
        self.assertEqual(about["sha256"], hashlib.sha256(pathlib.Path(about["path"]).read_bytes()).hexdigest())
        status, out, _ = milepost("plugins", "list")
        self.assertRegex(out, r"^NAME +VERSION +ABI +SDK +SHA-256 +PATH\n")
        self.assertRegex(out, rf"hubspot +0\.1\.0 +1\.0 +0\.1\.0 +{about['sha256'][:12]} +{about['path']}\n")
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


def variant(event, **changes):
    """The approval event with another id, and members set by dotted path ("loan.stage")."""
    body = json.loads((ROOT / "examples/events/approval.json").read_text())
    body["eventId"] = event
    for path, value in changes.items():
        *parents, last = path.replace("__", ".").split(".")
        into = body
        for parent in parents:
            into = into[parent]
        into[last] = value
    return json.dumps(body).encode()


class APerson(unittest.TestCase):
    """What a person does with events that wait for one, with the host running and stopped."""

    def setUp(self):
        self.d = self.enterContext(Deployment(MILEPOST, EXAMPLES))

    def do(self, *arguments, expect=0):
        status, out, err = milepost(*arguments, "--config", self.d.folder)
        self.assertEqual(status, expect, out + err)
        return out + err

    def rows(self, *arguments):
        return json.loads(self.do(*arguments, "--json"))

    def deeds(self):
        """What people did: the host itself writes down what it began with."""
        return [row for row in self.rows("audit", "list", "--kind", "admin")["rows"] if row["user"] != "system"]

    def edit(self, file, old, new):
        path = self.d.folder / file
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def restart(self):
        self.assertEqual(self.d.stop_host(), 0)
        self.d.start_host()

    def refuse_card(self):
        """A dead letter at `card`, after a refusal that is final."""
        self.d.fault(vendor="postcard", match={"method": "POST", "path": "/order/postcard"}, times=1, answer={"status": 422, "body": "{}"})
        self.d.send(variant("dead-1"))
        self.assertEqual([event["state"] for event in self.d.wait_until_ended()], ["dead"])

    def test_a_dead_letter_is_shown_and_retried(self):
        self.d.start()
        self.refuse_card()
        out = self.do("events", "dead-letters")
        for words in ("dead-1", "L-1001", "card"):
            self.assertIn(words, out)
        shown = self.do("events", "show", "dead-1")
        for words in ("✗ card", "attempt 1", "not reached: writeback", "dead letter"):
            self.assertIn(words, shown)
        self.do("events", "retry", "dead-1", expect=2)
        self.assertIn("goes on at card", self.do("events", "retry", "dead-1", "--reason", "the address is right now"))
        self.assertEqual([event["state"] for event in self.d.wait_until_ended()], ["done"])
        self.assertIn("no dead letters", self.do("events", "dead-letters"))
        self.assertIn("no dead letter", self.do("events", "retry", "dead-1", "--reason", "twice", expect=1))
        (row,) = self.deeds()
        self.assertEqual((row["user"], row["action"], row["step"]), ("key:owner", "retry", "card"))
        intents = [row for row in self.rows("audit", "list", "--kind", "intent")["rows"] if row["step"] == "card"]
        self.assertEqual(len({row["details"]["key"] for row in intents}), 1, "the key stays the same")
        self.assertEqual([row for row in self.rows("audit", "list", "--kind", "intent")["rows"] if row["step"] == "crm"][1:], [], "what was done is not done again")
        self.assertEqual(len(self.rows("events", "list", "--id", "dead-1")["events"]), 1)
        self.assertIn("key:owner  retry", self.do("why", "L-1001"))
        self.d.verify()

    def test_some_are_retried_also_while_no_host_runs(self):
        self.d.start()
        self.refuse_card()
        self.assertEqual(self.d.stop_host(), 0)
        self.assertIn("say which", self.do("events", "retry", "--reason", "r", expect=2))
        self.assertIn("opened 0", self.do("events", "retry", "--subject", "L-9", "--reason", "r"))
        self.assertIn("opened 0", self.do("events", "retry", "--until", "1d", "--reason", "r"))
        self.assertIn("opened 1 dead letter", self.do("events", "retry", "--pipeline", "loan-milestones", "--since", "1d", "--reason", "r"))
        self.d.start_host()
        self.assertEqual([event["state"] for event in self.d.wait_until_ended()], ["done"])

    def test_a_retry_goes_on_with_the_current_version_or_the_one_that_began(self):
        self.d.start()
        self.refuse_card()
        began = self.rows("events", "show", "dead-1")["event"]["version"]
        self.edit("pipelines/loan-milestones.yaml", "Postcard ${steps.card.order_id} is", "Card ${steps.card.order_id} is")
        self.restart()
        self.do("events", "retry", "dead-1", "--reason", "r")
        after = self.d.wait_until_ended()[0]
        self.assertEqual(after["state"], "done")
        self.assertNotEqual(after["version"], began)
        notes = json.dumps(self.d.requests("hubspot"))
        self.assertRegex(notes, r"[^t]Card \d+ is on its way", "with the answer of the step that was done before")

    def test_what_was_never_decoded_goes_through_its_mapping_again(self):
        self.d.start()
        status, answer = self.d.send(b'{"eventId": "raw-1", "loanNumber": "L-7"}')
        self.assertEqual((status, json.loads(answer)["status"]), (202, "quarantined"))
        self.assertIn("it still is no event", self.do("events", "retry", "--all", "--reason", "r", expect=1))
        self.edit("pipelines/loan-milestones.yaml", "subject: ${payload.loan.id}", "subject: ${payload.loan.id or payload.loanNumber}")
        self.restart()
        receipt = json.loads(answer)["id"]
        self.assertIn("of L-7", self.do("events", "retry", receipt, "--reason", "loanNumber is mapped now"))
        self.d.wait_until_ended()
        found = self.rows("events", "list", "--id", "raw-1")["events"]
        self.assertEqual([(event["receipt"], event["subject"]) for event in found], [(receipt, "L-7")])
        self.assertEqual(json.loads(self.d.send(b'{"eventId": "raw-1", "loanNumber": "L-7"}')[1])["status"], "duplicate")
        # The next one while no host runs: the folder is read for it.
        other = json.loads(self.d.send(b'{"eventId": "raw-2", "number": "L-8"}')[1])["id"]
        self.assertEqual(self.d.stop_host(), 0)
        self.assertIn("no event", self.do("events", "retry", other, "--reason", "r", expect=1))
        self.edit("pipelines/loan-milestones.yaml", "or payload.loanNumber}", "or payload.number}")
        self.assertIn("of L-8", self.do("events", "retry", other, "--reason", "r"))

    def in_doubt(self, event):
        """The card is printed, the answer is lost, and the vendor cannot be asked."""
        self.d.fault(vendor="postcard", match={"method": "POST", "path": "/order/postcard"}, times=1, cut="after")
        self.d.fault(vendor="postcard", match={"method": "GET", "path": "/order*"}, times=1, answer={"status": 400, "body": "{}"})
        self.d.send(variant(event, loan__id=event))
        events = self.d.wait_until_ended(states=("done", "dead", "in_doubt"))
        self.assertEqual(events[-1]["state"], "in_doubt", events)

    def test_a_doubt_is_settled(self):
        self.d.start()
        self.in_doubt("L-71")
        self.assertIn("card", self.do("events", "in-doubt"))
        self.do("events", "resolve", "L-71", "--as", "perhaps", "--reason", "r", expect=2)
        self.do("events", "resolve", "L-71", "--as", "done", expect=2)
        self.assertIn("goes on at card", self.do("events", "resolve", "L-71", "--as", "done", "--answer", '{"order_id": "o-77"}', "--reason", "seen in the portal"))
        self.assertEqual(self.d.wait_until_ended()[-1]["state"], "done")
        self.assertIn("o-77", json.dumps(self.d.requests("hubspot")), "later steps see the answer")
        self.assertIn("nothing is in doubt", self.do("events", "in-doubt"))
        self.in_doubt("L-72")
        self.assertIn("a dead letter now", self.do("events", "resolve", "L-72", "--as", "abandon", "--reason", "nobody knows"))
        self.assertIn("abandoned in doubt: nobody knows", self.do("events", "dead-letters"))
        self.assertIn("not in doubt", self.do("events", "resolve", "L-72", "--as", "retry", "--reason", "r", expect=1))
        self.d.verify()

    def test_a_connection_is_paused_resumed_and_probed(self):
        self.d.start()
        self.do("connections", "pause", "hubspot-main", expect=2)
        self.assertIn('did you mean "hubspot-main"?', self.do("connections", "pause", "hubspot-mian", "--reason", "r", expect=1))
        self.assertIn("hubspot-main is paused: maintenance", self.do("connections", "pause", "hubspot-main", "--reason", "maintenance"))
        self.d.send(variant("held-1"))
        self.restart()
        self.assertRegex(self.do("connections", "list"), r"hubspot-main +hubspot +paused")
        self.assertEqual(self.rows("events", "list")["events"][0]["state"], "open")
        self.do("connections", "resume", "hubspot-main", "--reason", "over")
        self.assertEqual([event["state"] for event in self.d.wait_until_ended()], ["done"])
        self.assertIn("hubspot-main works", self.do("connections", "probe", "hubspot-main"))
        self.d.fault(vendor="hubspot", match={"method": "GET", "path": "*"}, times=5, answer={"status": 401, "body": "{}"})
        self.assertIn("hubspot-main does not work", self.do("connections", "probe", "hubspot-main", expect=1))
        actions = [(row["action"], row["user"], row["details"]["reason"]) for row in self.deeds()]
        self.assertEqual(actions, [("connection.pause", "key:owner", "maintenance"), ("connection.resume", "key:owner", "over")])
        self.assertEqual(self.d.stop_host(), 0)
        self.assertIn("no host runs", self.do("connections", "resume", "hubspot-main", "--reason", "r", expect=1))

    def test_why_there_was_no_postcard(self):
        self.d.start()
        self.d.send(variant("e-1", loan__stage="underwriting"))
        self.d.send(variant("e-1", loan__stage="underwriting"))
        self.d.wait_until_ended()
        out = self.do("why", "L-1001")
        for words in ("– card", 'did not run: payload.type == "stage.changed" and payload.loan.stage == "approval"',
                      'payload.loan.stage  "underwriting"', "did not run: steps.card", "nothing", "✓ crm", "sent 1 more time"):
            self.assertIn(words, out)
        self.assertLess(len(out.splitlines()), 24, "one screen")
        self.assertIn("– card", self.do("why", "--event", "e-1"))
        self.do("why", expect=2)
        self.assertIn("no event of this subject", self.do("why", "L-9", expect=1))
        step = [step for step in self.rows("why", "L-1001")["events"][0]["steps"] if step["step"] == "card"][0]
        self.assertEqual(step["values"], {"payload.type": "stage.changed", "payload.loan.stage": "underwriting"})
        self.assertEqual(self.d.stop_host(), 0)
        self.assertEqual(self.do("why", "L-1001"), out)

    def test_why_tells_that_a_look_up_found_what_was_done(self):
        # A card is looked up two minutes after it was sent.
        self.d.environment["MILEPOST_CLOCK"] = f"60,{int(time.time())}"
        self.d.start()
        self.d.fault(vendor="postcard", match={"method": "POST", "path": "/order/postcard"}, times=1, cut="after")
        self.d.send(variant("lost-1"))
        self.assertEqual([event["state"] for event in self.d.wait_until_ended()], ["done"])
        self.assertEqual({row["plugin"] for row in self.rows("audit", "list", "--subject", "L-1001")["rows"] if row.get("step") == "card" and row["kind"] in ("intent", "outcome")},
                         {plugin["sha256"] for plugin in self.rows("plugins", "list")["installed"] if plugin["name"] == "postcard"})
        self.assertRegex(self.do("why", "L-1001"), r"✓ card +postcard.send created order \d+, found by look-up: its answer was lost")

    def test_a_replay_tells_what_would_differ_and_does_what_never_ran(self):
        self.d.start()
        self.d.send(variant("e-1"))
        self.d.wait_until_ended()
        self.do("replay", expect=2)
        self.assertIn("1 event looked at: 0 would differ, 1 would not", self.do("replay", "--since", "1d"))
        self.edit("pipelines/loan-milestones.yaml", "dealname: \"Loan ${payload.loan.id}\"", "dealname: \"${payload.loan.id}\"")
        self.edit("pipelines/loan-milestones.yaml", "  - use: track", "  - use: audit\n    with: {action: replayed}\n  - use: track")
        self.edit("pipelines/loan-milestones.yaml", "on_failure: dead_letter", """  - id: later
    use: hubspot.note
    connection: hubspot-main
    with: {about: {deals: "${steps.crm.id}"}, body: "a second note"}

on_failure: dead_letter""")
        self.restart()
        before = len(self.d.requests("hubspot"))
        out = self.do("replay", "--since", "1d")
        for words in ("+ later", "would run, and did not", "a second note", "~ crm", 'properties.dealname: "Loan L-1001" → "L-1001"', "1 would differ", "nothing was sent"):
            self.assertIn(words, out)
        self.assertEqual(len(self.d.requests("hubspot")), before)
        self.assertEqual(len(self.rows("replay", "--subject", "L-1001")["differ"]), 1)
        self.do("replay", "--since", "1d", "--apply", expect=2)
        self.assertIn("1 opened again", self.do("replay", "--since", "1d", "--apply", "--reason", "the second note"))
        self.assertEqual(self.d.wait_until_ended()[-1]["state"], "done")
        intents = [row["step"] for row in self.rows("audit", "list", "--kind", "intent")["rows"]]
        self.assertEqual(sorted(intents), ["card", "crm", "later", "writeback"], "what was done is not done twice")
        actions = [row["action"] for row in self.rows("audit", "list", "--kind", "event")["rows"]]
        self.assertEqual(actions.count("stage.changed"), 2, "accepted, and the audit step once")
        self.assertEqual(actions.count("replayed"), 1, "the new step")
        self.d.verify()


class Changes(unittest.TestCase):
    """An edit on its way to what runs, and back."""

    def setUp(self):
        self.d = self.enterContext(Deployment(MILEPOST, EXAMPLES))
        self.file = self.d.folder / "pipelines/loan-milestones.yaml"

    def do(self, *arguments, expect=0):
        status, out, err = milepost(*arguments, "--config", self.d.folder)
        self.assertEqual(status, expect, out + err)
        return out + err

    def edit(self, old, new):
        text = self.file.read_text()
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new, 1))

    def test_an_edit_is_planned_applied_and_taken_back(self):
        self.d.start()
        self.d.send(variant("plan-1"))
        self.d.wait_until_ended()
        self.assertIn("Nothing changes", self.do("plan"))
        before = self.file.read_text()
        self.edit('payload.loan.stage == "approval"', 'payload.loan.stage == "closing"  # as of now')
        planned = self.do("plan")
        for words in ("~ loan-milestones", "restarts; no event under way", "steps.card.when", '"closing"', "1 of 1 events would have gone another way", "card", "1 that did would not"):
            self.assertIn(words, planned)
        self.assertNotIn("another request", planned)  # crm is as it was
        told = json.loads(self.do("plan", "--json"))
        self.assertTrue(told["sound"] and told["running"])
        self.assertEqual(told["replayed"]["loan-milestones"]["dead_letters"], 0)
        self.assertEqual(told["pieces"], {"more": 0, "fewer": 1})
        self.assertIn("0 pieces more and 1 fewer, as far as the gate and once: let them go: 0.89 less.", self.do("plan", "--price", "0.89"))
        self.do("plan", "--price", "cheap", expect=2)
        digest = told["plan"]["hash"]
        self.assertIn(f"milepost apply {digest[:16]} --reason", planned)
        self.do("apply", digest[:16], expect=2)  # no reason
        self.assertIn("applied", self.do("apply", digest[:16], "--reason", "cards at closing"))
        self.assertIn("out of date: what runs is not what it was planned against (pipeline loan-milestones)",
                      self.do("apply", digest[:16], "--reason", "once more", expect=1))
        history = json.loads(self.do("pipelines", "history", "loan-milestones", "--json"))["history"]
        self.assertEqual([(entry["action"], entry["user"], entry.get("reason")) for entry in history],
                         [("pipeline.apply", "key:owner", "cards at closing"), ("pipeline.start", "system", None)])
        self.assertIn("cards at closing", self.do("pipelines", "history", "loan-milestones"))
        self.assertIn('"approval" → ', self.do("pipelines", "diff", "loan-milestones"))
        self.assertIn("taken back", self.do("pipelines", "revert", "loan-milestones", "--to", history[1]["version"][:12], "--reason", "too late"))
        self.assertEqual(self.file.read_text(), before)
        self.assertIn("Nothing changes", self.do("plan"))
        self.assertEqual(self.d.stop_host(), 0)
        self.d.verify()

    def test_a_bad_folder_has_no_plan_and_no_secret_is_shown(self):
        self.d.start()
        secrets = self.d.folder / "secrets.yaml"
        secrets.write_text(secrets.read_text().replace("sandbox-token", "rotated-token"))
        planned = self.do("plan")
        self.assertIn("another value of secret hubspot_token", planned)
        self.assertNotIn("rotated-token", planned + self.do("plan", "--json"))
        self.edit("use: audit", "use: audti")
        self.assertIn("cannot be applied", self.do("plan", expect=1))
        self.assertIn("audti", self.do("apply", "0123456789abcdef", "--reason", "no", expect=1))
        status, ready = self.d.ready()
        self.assertEqual((status, ready["status"], ready["folder"]["taken"]), (200, "degraded", False))

    def test_a_rotated_secret_lets_a_paused_connection_go_on(self):
        secrets = self.d.folder / "secrets.yaml"
        good = secrets.read_text()
        secrets.write_text(good.replace("sandbox-token", "expired-token"))
        self.d.start()
        self.d.send(variant("rotated-1"))
        self.eventually(lambda: "paused" in self.do("connections", "list"))
        secrets.write_text(good)
        self.d.host.send_signal(signal.SIGHUP)
        self.assertEqual([event["state"] for event in self.d.wait_until_ended(20)], ["done"])  # not after the 30 s of a pause
        self.assertNotIn("paused", self.do("connections", "list"))

    def test_a_watched_folder_is_taken_once_it_keeps_still(self):
        self.d.add("milepost.yaml", "reload: watch\n")
        self.d.start_host()
        self.edit("attempts: 8", "attempts: 9")
        self.eventually(lambda: "attempts" in self.do("pipelines", "diff", "loan-milestones"))
        self.edit("use: audit", "use: audti")
        self.eventually(lambda: not self.d.ready()[1]["folder"]["taken"])
        self.edit("use: audti", "use: audit")
        self.eventually(lambda: self.d.ready()[1]["folder"]["taken"])
        self.assertEqual(len(self.d.api("/api/v1/pipelines/loan-milestones/history")["history"]), 2)

    def eventually(self, holds):
        deadline = time.monotonic() + 20
        while not holds():
            self.assertLess(time.monotonic(), deadline, self.d.log()[-2000:])
            time.sleep(0.05)

    def test_without_a_host_it_is_against_what_ran_last(self):
        self.d.start_host()
        self.assertEqual(self.d.stop_host(), 0)
        self.assertIn("Nothing changes", self.do("plan"))
        self.edit("attempts: 8", "attempts: 9")
        planned = self.do("plan")
        self.assertIn("steps.crm.retry.attempts", planned)
        self.assertIn("the next `milepost run` takes the folder", planned)
        self.assertIn("no host runs", self.do("apply", "0123456789abcdef", "--reason", "no", expect=1))
        self.assertIn("start", self.do("pipelines", "history", "crf-leads"))


class PausedSource(unittest.TestCase):
    def do(self, d, verb, *options):
        status, out, err = milepost("connections", verb, "loan-sheet", *options, "--config", d.folder)
        self.assertEqual(status, 0, out + err)

    def eventually(self, d, event, count):
        deadline = time.monotonic() + 30
        while len(d.logged(event)) < count:
            self.assertLess(time.monotonic(), deadline, f"no {event}: " + d.log()[-2000:])
            time.sleep(0.1)
        return d.logged(event)[-1]

    def test_a_polling_source_asks_for_nothing_while_its_connection_is_paused(self):
        with Deployment(MILEPOST, ROOT / "tests/flows/sheets") as d:
            requests = d.folder / "pipelines/requests.yaml"
            requests.write_text(requests.read_text().replace("every: 10m", "every: 1s"))
            d.start()
            self.eventually(d, "source.open", 1)
            self.do(d, "pause", "--reason", "maintenance")
            self.assertIn("the connection is paused: maintenance", self.eventually(d, "source.held", 1)["reason"])
            asked = len(d.requests("sheets"))
            time.sleep(2.5)
            self.assertEqual(len(d.requests("sheets")), asked)
            self.do(d, "resume", "--reason", "over")
            self.eventually(d, "source.open", 2)
            self.assertEqual(d.stop_host(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
