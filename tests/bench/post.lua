-- For wrk: posts events, each new. Arguments: path, content type, key, events a request, what their ids begin with.

local path, headers, size, prefix
local number = 0
local head = '{"specversion":"1.0","source":"//bench.example.com","type":"touchpoint.message.v1",'
  .. '"time":"2026-03-01T09:00:00Z","id":"'
local text = ". It should be with you on Friday and costs £24.50, delivery included.\"}}"

function init(arguments)
  path, prefix, size = arguments[1], arguments[5], tonumber(arguments[4])
  headers = { ["content-type"] = arguments[2], ["authorization"] = "Bearer " .. arguments[3] }
end

local function event()
  number = number + 1
  local id = prefix .. "-" .. number
  return head .. id .. '","data":{"customer":{"id":"bench-' .. number % 5000 .. '"},"department":"operations",'
    .. '"channel":"email","direction":"outbound","purpose":"transactional","text":"Hello, your order ' .. id .. text
end

function request()
  if size == 1 then
    return wrk.format("POST", path, headers, event())
  end
  local events = {}
  for place = 1, size do
    events[place] = event()
  end
  return wrk.format("POST", path, headers, "[" .. table.concat(events, ",") .. "]")
end
