"""Runs one flow: a folder with case.json, over the real executable, plugins and doubles, on real sockets. docs/testing.md has the format."""
import base64
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import ROOT, Deployment, call, sign  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def body_of(item):
    if "base64" in item:
        return base64.b64decode(item["base64"])
    if "text" in item:
        return item["text"].encode()
    if "file" in item:
        return (ROOT / item["file"]).read_bytes()
    return json.dumps(item["json"], ensure_ascii=False).encode()


def wait_until_drained(d, vendor, at):
    """Nothing lies there any more, in what a double holds: it was taken, stored and deleted."""
    import time

    deadline = time.monotonic() + 60
    while True:
        found = d.state(vendor)
        for name in at.split("/"):
            found = found[name]
        if not found:
            return
        assert time.monotonic() < deadline, f"{vendor} still holds {found}\n{d.log()[-3000:]}"
        time.sleep(0.05)


def send(d, item):
    if "emit" in item:
        event = dict(item["emit"]["event"])
        if event.get("url", "").startswith("/"):
            event["url"] = f"http://127.0.0.1:{d.hooks}{event['url']}"
        answers = d.emit(item["emit"]["vendor"], event)
        got = [answer.get("status") for answer in answers]
        wanted = item.get("statuses", [])
        assert got == wanted, f"{item['emit']}: expected {wanted}, got {answers}"
        return
    if "drained" in item:
        return wait_until_drained(d, **item["drained"])
    body = body_of(item)
    headers = dict(item.get("headers", {}))
    if item.get("sign", True):
        headers.setdefault("X-Signature", sign(body))
    status, text = d.post(item.get("path", "/hooks/los"), body, headers)
    assert status == item.get("status", 202), f"sent {body[:200]!r}: expected {item.get('status', 202)}, got {status} {text}"
    for key, value in item.get("answer", {}).items():
        got = json.loads(text).get(key)
        assert got == value, f"answer {key}: expected {value!r}, got {got!r}"


def check_events(events, wanted):
    assert len(events) == len(wanted), f"{len(wanted)} events expected, got {[(e['id'], e['state'], e.get('fault')) for e in events]}"
    for event, want in zip(events, wanted):
        for key, value in want.items():
            got = event.get(key, "")
            good = value in got if key == "fault" else got == value
            assert good, f"event {event['id']}: {key}: expected {value!r}, got {got!r} (fault: {event.get('fault')})"


def check_audit(d, wanted):
    for subject, lines in wanted.items():
        rows = d.all_of(f"/api/v1/audit?subject={subject}", "rows")
        got = [" ".join(filter(None, (row["kind"], row["user"], row["action"], row.get("step", ""), row.get("outcome", "")))) for row in rows]
        assert got == lines, "audit rows of " + subject + ":\n  expected\n    " + "\n    ".join(lines) + "\n  got\n    " + "\n    ".join(got)


def check_settled(d, wanted):
    """So many events in each pipeline, in the end and when nothing is under way any more."""
    import collections
    import time

    deadline = time.monotonic() + 60
    while True:
        d.wait_until_ended(60)
        counts = collections.Counter(event["pipeline"] for event in d.all_of("/api/v1/events", "events"))
        if counts == wanted:
            break
        assert time.monotonic() < deadline, f"{wanted} expected, got {dict(counts)}"
        time.sleep(0.05)
    time.sleep(0.5)  # were there a loop, it would go round
    counts = collections.Counter(event["pipeline"] for event in d.all_of("/api/v1/events", "events"))
    assert counts == wanted, f"{wanted} expected, got {dict(counts)} later"


def check_brought(d, wanted):
    """Events that nobody sent: so many at least have ended in this pipeline, each with these values, and so many seconds apart."""
    import datetime
    import time

    deadline = time.monotonic() + 60
    while True:
        events = [event for event in d.all_of(f"/api/v1/events?pipeline={wanted['pipeline']}", "events") if event["state"] in ("done", "dead", "in_doubt")]
        if len(events) >= wanted["at_least"]:
            break
        assert time.monotonic() < deadline, f"{wanted['pipeline']}: {wanted['at_least']} events expected, got {events}"
        time.sleep(0.05)
    for event in events:
        for key, value in wanted.get("each", {}).items():
            assert event.get(key) == value, f"event {event['id']}: {key}: expected {value!r}, got {event.get(key)!r} (fault: {event.get('fault')})"
    if "apart" in wanted:
        times = sorted(datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")) for event in events)
        gaps = {(b - a).total_seconds() for a, b in zip(times, times[1:])}
        assert gaps == {wanted["apart"]}, gaps


def check_vendors(d, case):
    for vendor, counts in case.get("vendor", {}).items():
        state = d.state(vendor)
        for name, count in counts.items():
            found = state.get(name, [])
            assert len(found) == count, f"{vendor} holds {len(found)} {name}, expected {count}"
    for vendor, texts in case.get("sent", {}).items():
        bodies = [request["body"] for request in d.requests(vendor) if request["method"] != "GET"]
        for text in texts:
            assert any(text in body for body in bodies), f"{vendor} never got {text!r}; it got:\n" + "\n".join(bodies)
    for vendor, counts in case.get("requests", {}).items():
        for path, count in counts.items():
            found = [request for request in d.requests(vendor) if re.search(path, request["method"] + " " + request["target"])]
            listed = "\n".join(f"{request['method']} {request['target']} {request['status']} {request['body'][:300]}" for request in found)
            assert len(found) == count, f"{vendor}: {path} was called {len(found)} times, expected {count}:\n{listed}"


def main():
    milepost, name = sys.argv[1:3]
    folder = HERE / name
    case = json.loads((folder / "case.json").read_text())
    with Deployment(milepost, ROOT / case.get("config", f"tests/flows/{name}"), speed=case.get("speed", 1)) as d:
        if (folder / "plugins").exists():
            (d.folder / "plugins").mkdir(exist_ok=True)
            for file in (folder / "plugins").iterdir():
                (d.folder / "plugins" / file.name).write_bytes(file.read_bytes())
        d.start()
        for fault in case.get("faults", []):
            d.fault(**fault)
        for item in case.get("send", []):
            if item.get("after_ended"):
                d.wait_until_ended(60, states=case.get("rest_in", ["done", "dead", "in_doubt"]))
            send(d, item)
        if "held" in case:
            wait_for_held(d, case["held"])
        elif "settled" in case:
            check_settled(d, case["settled"])
        elif case.get("send"):
            check_events(d.wait_until_ended(60, states=case.get("rest_in", ["done", "dead", "in_doubt"])), case["events"])
        for wanted in case.get("brings", []):
            check_brought(d, wanted)
        check_audit(d, case.get("audit", {}))
        check_vendors(d, case)
        if "ready" in case:
            status, answer = d.ready()
            assert status == case["ready"]["status"], (status, answer)
            assert case["ready"]["contains"] in json.dumps(answer), answer
        log = d.log()
        for text in case.get("never_logged", []):
            assert text not in log, f"the log holds {text!r}"
        assert d.stop_host() == 0, "the host did not end with 0 on SIGTERM"
        d.verify()
    print("ok:", case["about"])


def wait_for_held(d, held):
    """An event that stays open because its connection is paused; nothing of it is lost or counted."""
    import time

    for _ in range(400):
        connections = {c["name"]: c for c in d.api("/api/v1/connections")["connections"]}
        if connections[held["connection"]]["state"] == held["state"]:
            break
        time.sleep(0.05)
    else:
        raise AssertionError(f"never {held['state']}: {connections}")
    events = d.events()
    assert [event["state"] for event in events] == held["events"], events


if __name__ == "__main__":
    main()
