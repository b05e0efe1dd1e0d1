-- Asks for the addresses in a file, one a line, from first to last and again; after a tab may stand an entity tag that the
-- client holds. At the end prints one line of JSON.
local requests, next_one = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local path, tag = line:match("^([^\t]*)\t?(.*)$")
      local headers = {}
      if tag ~= "" then headers["If-None-Match"] = tag end
      requests[#requests + 1] = wrk.format("GET", path, headers)
   end
end

function request()
   next_one = next_one % #requests + 1
   return requests[next_one]
end

function done(summary, latency)
   local e = summary.errors
   print(string.format(
      'RESULT {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %.1f, "p99": %.1f, "refused": %d, "broken": %d}',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      e.status, e.connect + e.read + e.write + e.timeout))
end
