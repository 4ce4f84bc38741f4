"""A plugin that hangs in the host's own process, where nobody can end it: it is told of while it does, the others go on, and SIGTERM ends the host
all the same."""
import argparse
import json
import pathlib
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from faults.accounts import wait_for  # noqa: E402
from harness.deployment import Deployment  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "isolation"


def main():
    parser = argparse.ArgumentParser()
    for name in ("milepost", "wild", "courier"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with Deployment(arguments.milepost, FOLDER) as d:
        (d.folder / "plugins").mkdir()
        for plugin in (arguments.wild, arguments.courier):
            shutil.copy(plugin, d.folder / "plugins")
        wild = (d.folder / "connections/wild.yaml").read_text()
        d.set("connections/wild.yaml", "".join(line for line in wild.splitlines(True) if not line.startswith("isolation:")))
        d.add("milepost.yaml", "limits: {drain: 1s}\n")
        feed = "pipeline: feed\nsource: [{use: wild.feed, connection: wild, with: {every: 1s, deed: DEED}}, {use: webhook, with: {path: /hooks/PATH, verify: none}}]\n" \
               "event: {subject: none}\nsteps: [{use: audit, with: {action: fed}}]\n"
        d.set("pipelines/feed.yaml", feed.replace("DEED", "hang").replace("PATH", "old"))
        d.start_host()

        # A poll that never comes back does not hold up a reload, and its successor does not run beside it.
        wait_for("the poll hangs", 30, lambda: "poll" in [call["function"] for call in d.ready()[1]["overdue"]])
        d.set("pipelines/feed.yaml", feed.replace("DEED", "none").replace("PATH", "new"))
        d.host.send_signal(signal.SIGHUP)
        wait_for("the reload is done", 30, lambda: d.logged("reload.done"))
        assert d.logged("source.does_not_end")
        assert d.post("/hooks/new", b"{}")[0] == 202 and d.post("/hooks/old", b"{}")[0] == 404
        assert [call["function"] for call in d.ready()[1]["overdue"]] == ["poll"], d.ready()
        assert d.send(json.dumps({"id": "hangs", "deed": "hang"}).encode())[0] == 202
        hanging = wait_for("the hang is told of", 30, lambda: [call for call in d.ready()[1]["overdue"] if call["function"] == "run"])
        assert [(call["plugin"], call["connection"]) for call in hanging] == [("wild", "wild")], hanging
        status, health = d.ready()
        assert (status, health["status"]) == (200, "degraded"), health
        wait_for("it is logged", 10, lambda: d.logged("plugin.hangs"))
        assert d.send(json.dumps({"id": "says", "deed": "say"}).encode())[0] == 202
        wait_for("the others go on", 20, lambda: {event["id"]: event["state"] for event in d.events()}["says"] == "done")
        assert d.stop_host() == 1
        forced = d.logged("host.stopped_by_force")
        assert len(forced) == 1 and "wild: run" in forced[0]["held_up_by"], forced
        # What was under way was planned or sent, and is known to be.
        print(forced[0], d.verify().strip(), sep="\n")


if __name__ == "__main__":
    main()
