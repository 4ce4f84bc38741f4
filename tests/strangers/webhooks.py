"""Senders that are not ours: the client of Standard Webhooks signs what our `webhook` verifies, and the CloudEvents SDK emits what it reads.
  webhooks.py FOLDER MILEPOST     FOLDER: where run.py has installed the clients. Ends with 77 where they are not. Standard library only."""
import base64
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from harness.deployment import Deployment  # noqa: E402
from run import installed, needs, skip  # noqa: E402

SECRET, OTHER = ("whsec_" + base64.b64encode(word * 3).decode() for word in (b"first secret", b"another one "))
SIGNED = """
pipeline: signed
source: {use: webhook, with: {path: /hooks/signed, verify: {standard_webhooks: {secret: [!secret one, !secret two]}}}}
event: {subject: "${payload.loan}"}
steps:
  - {use: audit, with: {action: signed, note: "${payload.note}"}}
"""
CLOUD = """
pipeline: cloud
source: {use: webhook, with: {path: /hooks/cloud, verify: none, format: cloudevents}}
steps:
  - {use: audit, with: {action: "${event.type}", note: "${payload.branch}"}}
"""


def check(d):
    events = {(event["pipeline"], event["id"]): event for event in d.wait_until_ended()}
    wanted = {("signed", f"msg_{i}") for i in (1, 2, 3)} | {
        ("cloud", f"/los/duluth|{name}") for name in ("b1", "s1", "e1", "e2", "t1", "t2", "t3", "t4", "c1", "c2", "c3")}
    assert set(events) == wanted, set(events) ^ wanted
    for (pipeline, _), event in events.items():
        assert event["state"] == "done", event
        if pipeline == "cloud":
            assert event["type"] == "loan.approved" and event["time"].startswith("2026-11-20T11:00:00") and event["subject"].startswith("L-"), event

    def payload(name):
        return d.api(f"/api/v1/events/{events['cloud', '/los/duluth|' + name]['receipt']}")

    for name in ("b1", "s1", "e1", "e2", "c3"):
        shown = str(payload(name))
        assert "25000.5" in shown and "Grüße 🏠" in shown and "duluth" in shown, shown
    assert "a line" in str(payload("t1")), payload("t1")
    for name in ("t2", "t3"):
        assert "AP8Q" in str(payload(name)), payload(name)
    for secret in (SECRET, OTHER, SECRET[6:], OTHER[6:]):
        assert secret not in d.log()
    print(f"ok: {len(events)} events of two senders' own libraries, each once")


def main():
    folder, milepost = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    needs("node")
    if not installed(folder):
        skip("the clients are not installed (the test strangers.install says why)")
    shutil.copy(HERE / "webhooks.mjs", folder / "webhooks.mjs")
    with tempfile.TemporaryDirectory(prefix="milepost-strangers-") as scratch:
        config = pathlib.Path(scratch)
        (config / "pipelines").mkdir()
        (config / "milepost.yaml").write_text("listen: {hooks: 127.0.0.1:8080, admin: 127.0.0.1:8081}\nsecrets: {file: secrets.yaml}\n")
        (config / "secrets.yaml").write_text(f"one: {SECRET}\ntwo: {OTHER}\n")
        (config / "pipelines/signed.yaml").write_text(SIGNED)
        (config / "pipelines/cloud.yaml").write_text(CLOUD)
        with Deployment(milepost, config) as d:
            d.start_host()
            environment = {**os.environ, "HOOKS": f"http://127.0.0.1:{d.hooks}", "SECRET": SECRET, "OTHER_SECRET": OTHER, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
            judged = subprocess.run(["node", "webhooks.mjs"], cwd=folder, stdin=subprocess.DEVNULL, env=environment, timeout=120)
            if judged.returncode != 0:
                print(d.log()[-3000:])
                return judged.returncode
            check(d)
    return 0


if __name__ == "__main__":
    sys.exit(main())
