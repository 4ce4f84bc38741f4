"""The playbook's flow: validate against a schema and a rule, track, audit, then three actions. Counted by delivered actions."""
from load import load, started

STEPS = """steps:
  - use: validate
    with:
      schema: schemas/lead.json
      rules:
        - {check: payload.requestedAmount > 0, message: the amount must be positive}
  - use: track
    with: {stage: "${payload.status}", loan_type: "${payload.useOfProceeds}"}
  - use: audit
    with: {action: "${event.type}", note: "lead of ${payload.nameOfBusiness}"}
  - {id: first, use: hubspot.note, connection: stub, with: {about: {contacts: "8817"}, body: "Lead of ${payload.nameOfBusiness}"}}
  - {id: second, use: hubspot.note, connection: stub, when: 'payload.status == "Matched"', with: {about: {contacts: "8817"}, body: "It is matched"}}
  - {id: third, use: hubspot.note, connection: stub, when: steps.second, with: {about: {contacts: "8817"}, body: "Noted as ${steps.second.id}"}}
"""
SCHEMA = """{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["id", "status", "requestedAmount"],
 "properties": {"id": {"type": "string"}, "status": {"type": "string"}, "requestedAmount": {"type": "number"},
                "businessAddress": {"type": "object", "required": ["city"]}}}
"""


def turn(bench):
    with bench.job() as host:
        pipeline = (host.folder / "pipelines/leads.yaml").read_text()
        host.set("pipelines/leads.yaml", pipeline[: pipeline.index("steps:")] + STEPS)
        (host.folder / "schemas").mkdir()
        host.set("schemas/lead.json", SCHEMA)
        started(host)
        got = load(host, bench.seconds, 64)
        event = host.api("/api/v1/events?limit=1&state=done")["events"]
        assert event, "nothing ended well: " + str(host.api("/api/v1/events?limit=1"))
        bench.note("playbook's flow, actions delivered /s", 3 * got["delivered"])
        bench.note("playbook's flow, processor us", got["micros"])


def compare(seen):
    yield "actions of the playbook's flow / of one action", seen["playbook's flow, actions delivered /s"] / seen["one HTTP action, delivered /s"], ">= 1"
