"""The clock is set a day ahead, two days back, a year ahead … under load, with vendors that fail now and then: retries, limits and senders neither hang nor
storm, nothing is lost, and nothing is given up."""
import argparse
import os
import pathlib
import random
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import FOLDER, Senders, check, wait_for  # noqa: E402
from faults.bad_vendor import BadVendor  # noqa: E402
from harness.deployment import Deployment, call, free_port  # noqa: E402

DAY = 86400
JUMPS = [1 * DAY, -2 * DAY, 3600, -3600, 6 * DAY, -30 * DAY]
RATE = 40  # a second, by the connection's limit


class Clock:
    def __init__(self, d):
        self.file, self.offset = d.scratch / "clock", 0
        self.set(0)
        d.environment["MILEPOST_CLOCK"] = f"1,{int(time.time())},{self.file}"

    def set(self, seconds):
        """In place: the host has it mapped."""
        self.offset += seconds
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("<q", self.offset * 1_000_000))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milepost", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    jumps = JUMPS if os.environ.get("MILEPOST_LONG") else JUMPS[:3]
    print(f"seed {arguments.seed}")
    with Deployment(arguments.milepost, FOLDER) as d:
        clock, port = Clock(d), free_port()
        crm = (d.folder / "connections/hubspot-main.yaml").read_text()
        d.set("connections/hubspot-main.yaml", crm.replace(f"127.0.0.1:{d.sandbox}", f"127.0.0.1:{port}").replace("in_flight: 8", f"in_flight: 8, rate: {RATE} per 1s"))
        d.start_sandbox()
        assert call(d.sandbox, "POST", "/hubspot/_limits", b'{"burst": 1000000, "daily": 10000000}')[0] < 300
        with BadVendor(port, d.sandbox, lambda *_: "down" if random.random() < 0.2 else "") as vendor:
            d.start_host()
            senders = Senders(d, 8, pause=(0.2, 0.4)).start()

            def asked():
                return sum(vendor.met.values())

            time.sleep(1)
            for jump in jumps:
                clock.set(jump)
                before, at = asked(), time.monotonic()
                time.sleep(1.5)
                came = asked() - before
                most = RATE * (time.monotonic() - at + 1) + 8  # what the bucket held, what it got since, what was under way
                assert 0 < came <= most, f"{came} requests in 1.5 s after a jump of {jump} s; at most {most:.0f}"
                print(f"{jump:+} s: {came} requests in 1.5 s")
                acknowledged = len(senders.acknowledged)
                wait_for("deliveries are accepted", 5, lambda: len(senders.acknowledged) > acknowledged)
            # Back again, while lanes wait for a retry: they wait no longer than they would have.
            vendor.mood = lambda *_: "down"
            time.sleep(0.5)
            clock.set(-5 * DAY)
            vendor.mood = lambda *_: ""
            senders.finish()
            events = d.wait_until_ended(30)
            check(d, senders, events)
            assert d.stop_host() == 0
            print(d.verify().strip())


if __name__ == "__main__":
    main()
