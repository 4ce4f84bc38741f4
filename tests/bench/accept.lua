-- wrk: the lead of the examples, about 2.4 KB, with a fresh id in each request.
local file = assert(io.open(os.getenv("LEAD")))
local lead = file:read("*a")
file:close()
local before, after = lead:match('^(.-)4626a582%-afb9%-48bf%-8d86%-87e6fe91a842(.*)$')
local thread = 0
function setup(each)
  each:set("number", thread)
  thread = thread + 1
end
local count = 0
local paths = tonumber(os.getenv("PATHS") or "0")  -- so many, each with a number behind it, in turn
function init()
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-Api-Key"] = "bench-secret"
  seed = tonumber(os.getenv("SEED") or "1")
end
function request()
  count = count + 1
  -- A step that scatters them: real ids come in no order, and an index feels the difference.
  local id = string.format("%08x-%04x-4000-8000-%012x", (seed + count * 2654435761) % 4294967296, number, count)
  return wrk.format("POST", paths > 0 and wrk.path .. "-" .. count % paths or nil, nil, before .. id .. after)
end
local good, other = 0, 0
function done(summary)
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.errors.status, summary.duration))
end
