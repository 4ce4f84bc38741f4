"""kill -9 at random moments, while one pipeline emits, another follows it and a third runs by a schedule. Afterwards each event was emitted
once and followed once, in order, and no time of the schedule is missing or there twice."""
import argparse
import datetime
import json
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.deployment import Deployment, sign  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "follow"


def send(d, stop, acknowledged):
    number = 0
    while not stop.is_set():
        number += 1
        body = json.dumps({"id": f"e-{number}", "subject": f"L-{number % 7}"}).encode()
        while not stop.is_set():
            try:
                if d.post("/hooks/los", body, {"X-Signature": sign(body)})[0] in (200, 202):
                    acknowledged.append(f"e-{number}")
                    break
            except Exception:  # the host is down, or died while it answered
                pass
            time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--rounds", type=int, default=100 if os.environ.get("MILEPOST_LONG") else 8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.rounds} rounds")

    with Deployment(arguments.milepost, FOLDER, speed=240) as d:  # a minute of the schedule is a quarter of a second
        d.start_host()
        stop, acknowledged = threading.Event(), []
        sender = threading.Thread(target=send, args=(d, stop, acknowledged), daemon=True)
        sender.start()
        for _ in range(arguments.rounds):
            time.sleep(random.uniform(0.05, 0.8))
            d.kill_host()
            d.start_host()
        time.sleep(0.5)
        stop.set()
        sender.join()
        check(d, acknowledged)
        assert d.stop_host() == 0
        print(d.verify().strip())


def check(d, acknowledged):
    deadline = time.monotonic() + 60
    while True:
        events = d.wait_until_ended(60)
        theirs = [event for event in events if event["pipeline"] == "loans"]
        archived = [event for event in events if event["pipeline"] == "archive"]
        if len(archived) >= len(theirs):
            break
        assert time.monotonic() < deadline, f"{len(theirs)} events, of which {len(archived)} were followed"
        time.sleep(0.05)

    accepted = [event["id"] for event in theirs if event["source"] == "webhook"]
    emitted = [event for event in theirs if event["source"] == "emit"]
    assert len(set(accepted)) == len(accepted) and set(acknowledged) <= set(accepted), "an acknowledged event is lost, or one is there twice"
    assert len(emitted) == len(accepted), f"{len(accepted)} events, {len(emitted)} emitted"
    assert [event["id"] for event in archived] == [event["receipt"] for event in theirs], "what was followed differs from what there was"

    ticks = [datetime.datetime.fromisoformat(event["id"].replace("Z", "+00:00")) for event in events if event["pipeline"] == "ticks"]
    gaps = {b - a for a, b in zip(ticks, ticks[1:])}
    assert len(ticks) > 8 and gaps == {datetime.timedelta(minutes=1)}, f"{len(ticks)} times, {gaps} apart"
    print(f"{len(accepted)} events accepted, {len(emitted)} emitted, {len(archived)} followed, {len(ticks)} times of the schedule")


if __name__ == "__main__":
    main()
