-- What wrk sends: the requests of a file, each behind its length, again and again. It prints its figures as JSON, last.

local requests, number = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  number = number % #requests + 1
  return requests[number]
end

function done(summary, latency)
  local errors, durations = summary.errors, {}
  for index = 1, #latency do
    local took, count = latency(index)
    durations[index] = string.format("[%d,%d]", took, count)
  end
  local failures = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format(
    '{"requests":%d,"refused":%d,"failures":%d,"microseconds":%d,"durations":[%s]}',
    summary.requests, errors.status, failures, summary.duration, table.concat(durations, ",")
  ))
end
