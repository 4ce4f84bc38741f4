"""What was kept aside because it could not be decoded becomes an event when a person retries it after the cause is mended: leads by queue and by
container, with and without a running host, and a CloudEvent whose attributes came in headers."""
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.deployment import ROOT, Deployment  # noqa: E402

MILEPOST = sys.argv[1]
CLOUD = """pipeline: cloud
source: {use: webhook, with: {path: /hooks/cloud, verify: none, format: cloudevents}}
steps:
  - {use: set, with: {x: 1}}
"""


def wait_for(d, count):
    deadline = time.monotonic() + 60
    while len(d.events()) < count:
        assert time.monotonic() < deadline, (d.events(), d.log()[-3000:])
        time.sleep(0.1)
    return d.wait_until_ended()


def retry(d, receipt, expect=0):
    done = subprocess.run([MILEPOST, "events", "retry", receipt, "--reason", "the limit was too low", "--config", str(d.folder)], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def by_source(d):
    return {event["source"]: event for event in d.events()}


with Deployment(MILEPOST, ROOT / "tests/flows/leads_by_store") as d:
    (d.folder / "pipelines/cloud.yaml").write_text(CLOUD)
    d.start()
    for person, where in (("ann", {"queue": "leads", "encoding": "base64"}), ("bea", {"container": "leads"})):
        d.emit("crfconnect", {**where, "lead": {"fraudScore": 0.9, "email": f"{person}@canary.test"}})
    status, answer = d.post("/hooks/cloud", json.dumps({"amount": 1}),
                            {"ce-specversion": "1.0", "ce-id": "42", "ce-source": "/los", "ce-type": "loan.approved", "ce-subject": "L-1", "ce-time": "soon"})
    assert status == 202 and json.loads(answer)["status"] == "quarantined", (status, answer)
    dead = {event["source"]: event for event in wait_for(d, 3)}
    assert {event["state"] for event in dead.values()} == {"dead"}, dead
    assert "0.85" in dead["crfconnect.queue"]["fault"] or "fraud" in dead["crfconnect.queue"]["fault"], dead

    # Nothing was mended: each stays where it is, with its own decoder's reason, whoever is asked.
    for event in dead.values():
        said = retry(d, event["receipt"], expect=1)
        assert "fraud" in said or "its time is none" in said, said

    # With the limit raised, by the command line alone, and by the running host.
    assert d.stop_host() == 0
    pipeline = d.folder / "pipelines/leads.yaml"
    pipeline.write_text(pipeline.read_text().replace("with: {every: 200ms}", "with: {every: 200ms, fraud_quarantine_at: 0.95}"))
    retry(d, dead["crfconnect.queue"]["receipt"])
    d.start_host()
    retry(d, dead["crfconnect.blobs"]["receipt"])
    after = {event["source"]: event for event in d.wait_until_ended()}
    for source in ("crfconnect.queue", "crfconnect.blobs"):
        assert after[source]["state"] == "done" and after[source]["type"] == "lead.matched", after[source]
        assert after[source]["receipt"] == dead[source]["receipt"]
    assert after["webhook"]["state"] == "dead"
    assert len(d.state("hubspot")["contacts"]) == 2, d.state("hubspot")["contacts"]
    for secret in ("sig=", "sandbox-token", "PRIVATE KEY"):
        assert secret not in d.log(), secret
    print(d.verify().strip())
print("ok: both leads went on after a retry")
