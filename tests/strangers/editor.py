"""An admin's editor: yaml-language-server, as Visual Studio Code runs it, over the schemas that `milepost schema --write` writes for examples/.

Usage: editor.py FOLDER MILEPOST     FOLDER is where run.py put the npm packages."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import queue

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # noqa: E402

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


class Server:
    """One language server over stdio; what it tells of a file is kept until it is asked for."""

    def __init__(self, npm, workspace, settings):
        self.process = subprocess.Popen(["node", npm / "node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.settings, self.workspace, self.last, self.versions = settings, workspace, 0, {}
        self.inbox = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        uri = workspace.as_uri()
        self.ask("initialize", {"processId": None, "rootUri": uri, "workspaceFolders": [{"uri": uri, "name": "loans"}],
                                "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True},
                                                 "textDocument": {"hover": {"contentFormat": ["markdown"]},
                                                                  "completion": {"completionItem": {"documentationFormat": ["markdown"]}}}}})
        self.tell("initialized", {})

    def read(self):
        stream = self.process.stdout
        while head := stream.readline():
            length = int(head.split(b":")[1])
            while stream.readline().strip():
                pass
            self.inbox.put(json.loads(stream.read(length)))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def next(self):
        message = self.inbox.get(timeout=60)
        if "method" in message and "id" in message:  # the server's own questions
            answer = None
            if message["method"] == "workspace/configuration":
                answer = [self.settings.get(item["section"].strip("[]"), {}) for item in message["params"]["items"]]
            self.send({"id": message["id"], "result": answer})
        return message

    def ask(self, method, params):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": params})
        while True:
            message = self.next()
            if message.get("id") == self.last and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def open(self, name, text):
        """What the server finds wrong with a file of this text: (line from 1, message)."""
        uri = (self.workspace / name).as_uri()
        self.versions[uri] = version = self.versions.get(uri, 0) + 1
        if version == 1:
            self.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
        else:
            self.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]})
        while True:
            message = self.next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return [(found["range"]["start"]["line"] + 1, found["message"]) for found in message["params"]["diagnostics"]]

    def at(self, method, name, text):
        """Asks about the place that "|" marks in the text, which is opened without it."""
        before, after = text.split("|")
        self.open(name, before + after)
        line = before.count("\n")
        place = {"line": line, "character": len(before) - (before.rfind("\n") + 1)}
        return self.ask(method, {"textDocument": {"uri": (self.workspace / name).as_uri()}, "position": place})

    def words(self, name, text):
        """What is offered there: label → documentation."""
        found = self.at("textDocument/completion", name, text)
        docs = {}
        for item in found["items"]:
            about = item.get("documentation") or ""
            docs[item["label"]] = about if isinstance(about, str) else about["value"]
        return docs

    def hover(self, name, text):
        found = self.at("textDocument/hover", name, text)
        return found["contents"]["value"] if found else ""


HEAD = "pipeline: p\nsource: {use: schedule, with: {cron: \"0 7 * * *\", zone: UTC}}\nsteps:\n"


def judge(server, workspace):
    # What is good stays unmarked.
    for file in sorted(workspace.rglob("*.yaml")):
        if file.name != "secrets.yaml":
            found = server.open(str(file.relative_to(workspace)), file.read_text())
            assert found == [], (file.name, found)
    good = HEAD + """  - id: crm
    use: hubspot.upsert
    connection: hubspot-main
    when: payload.ok
    with: {object: deals, key: {loan_id: "${payload.id}"}, properties: {a: 1}}
    retry: {attempts: 8, within: 1h}
  - {use: wait, with: {for: 9d}}
"""
    assert server.open("pipelines/good.yaml", good) == []

    # A diagnostic on the right line.
    for number, (text, line, words) in enumerate([
        (HEAD + "  - use: set\n    wen: payload.ok\n", 5, "wen"),
        (HEAD + "  - use: set\n  - {id: crm, use: hubspot.upsrt, connection: hubspot-main}\n", 5, "hubspot.upsert"),
        (HEAD + "  - id: crm\n    use: hubspot.upsert\n    connection: hubspot-main\n    with:\n      objct: deals\n", 8, "objct"),
        (HEAD + "  - use: set\n    retry: {within: 5 minutes}\n", 5, "pattern"),
        (HEAD + "  - use: set\n    on_failure: drop\n", 5, "dead_letter"),
    ]):
        found = server.open(f"pipelines/bad{number}.yaml", text)
        assert any(at == line and words in message for at, message in found), (line, words, found)
    found = server.open("milepost.yaml", "listen:\n  hook: 127.0.0.1:8080\n")
    assert any(at == 2 and "hook" in message for at, message in found), found

    # Completion, with what each word means.
    steps = server.words("pipelines/c1.yaml", HEAD + "  - use: |\n")
    assert {"validate", "audit", "hubspot.upsert", "postcard.send"} <= set(steps), steps
    assert "audit trail" in steps["audit"], steps["audit"]
    keys = server.words("pipelines/c2.yaml", HEAD + "  - use: set\n    |\n")
    assert {"when", "retry", "with", "on_failure"} <= set(keys), keys
    assert "expression" in keys["when"], keys["when"]
    settings = server.words("pipelines/c3.yaml", HEAD + "  - id: crm\n    use: hubspot.upsert\n    connection: hubspot-main\n    with:\n      |\n")
    assert {"object", "key", "properties"} <= set(settings) and "url" not in settings, settings
    choices = server.words("pipelines/c4.yaml", HEAD + "  - use: set\n    on_failure: |\n")
    assert {"dead_letter", "continue"} <= set(choices), choices
    assert {"hubspot", "postcard", "sheets"} <= set(server.words("connections/c5.yaml", "connection: c\nuse: |\n"))
    account = server.words("connections/c6.yaml", "connection: c\nuse: hubspot\nwith:\n  |\n")
    assert "base_url" in account and "token" in account, account

    # Hover: a key of the host's, and one of a plugin's.
    assert "for how long" in server.hover("pipelines/h1.yaml", HEAD + "  - use: set\n    re|try: {attempts: 3}\n")
    about = server.hover("connections/h2.yaml", "connection: c\nuse: hubspot\nwith:\n  tok|en: !secret t\n")
    assert "!secret NAME" in about, about


def main():
    npm, milepost = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    run.needs("node")
    if not run.installed(npm):
        run.skip("yaml-language-server is not installed (the test strangers.install says why)")
    with tempfile.TemporaryDirectory(prefix="milepost-editor-") as scratch:
        workspace = pathlib.Path(scratch).resolve() / "loans"
        shutil.copytree(EXAMPLES, workspace, ignore=shutil.ignore_patterns("data", "blend-*"))
        printed = subprocess.run([milepost, "schema", "--write", "--config", workspace], capture_output=True, text=True, check=True, timeout=60).stdout
        flat = json.loads(re.search(r"^\{\n.*?^\}\n", printed, re.M | re.S)[0])
        settings = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}
        for key, value in flat.items():
            settings["yaml"][key.removeprefix("yaml.")] = value
        server = Server(npm, workspace, settings)
        try:
            judge(server, workspace)
        finally:
            server.process.kill()
    print("The editor completes, documents and checks.")


if __name__ == "__main__":
    sys.exit(main())
