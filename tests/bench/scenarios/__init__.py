"""One file a scenario. Each has `turn(bench)`, which measures once and notes what it saw, and `compare(seen)`, which gives the lines of the
table that mean something: ratios of medians, with the mark to reach. `ONCE = True`: not in every round. `wanted(bench)` may give a reason
to leave it out."""
from . import accept, backlog, boundary, check, flow, job, lanes, long_load, node_red, pipelines, slow_downstream, start, stored, verify, yardstick

ALL = [yardstick, accept, job, flow, slow_downstream, pipelines, lanes, boundary, verify, node_red, check, start, stored, backlog, long_load]
