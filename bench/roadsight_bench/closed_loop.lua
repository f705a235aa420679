-- Posts files in turn, each with its query, if it has one, and the headers of the command line; prints what happened as
-- one line of JSON.
-- wrk [options] -s closed_loop.lua URL -- FIRST 'SECOND?task=road_object' ...
local requests, sent = {}, 0

function init(args)
  for i, arg in ipairs(args) do
    local path, query = arg:match("^([^?]*)(.*)$")
    local file = assert(io.open(path, "rb"))
    local body = file:read("*a")
    file:close()
    requests[i] = wrk.format("POST", wrk.path .. query, nil, body)
  end
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency, _)
  local e = summary.errors
  print(string.format(
    '{"responses": %d, "refused": %d, "broken": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d}',
    summary.requests, e.status, e.connect + e.read + e.write + e.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
