"""A thousand pipelines, each with its own hook, against one."""
from load import HERE, load, many_pipelines, started


def turn(bench):
    count = bench.options.pipelines
    for number in (1, count):
        with bench.deployment(HERE / "accept") as host:
            many_pipelines(host, number)
            bench.note(f"{number} pipelines, start s", started(host))
            got = load(host, bench.seconds, 64, paths=number)
            bench.note("pipelines: one, ended /s" if number == 1 else "pipelines: many, ended /s", got["delivered"])


def compare(seen):
    yield "many pipelines / one", seen["pipelines: many, ended /s"] / seen["pipelines: one, ended /s"], ">= 0.75"
