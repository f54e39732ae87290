-- For wrk: the requests of a file, in turn, over and over. Arguments: the file (a method, a path and a body a line, by
-- tabs), the key.

local asked = {}
local place = 0

function init(arguments)
  local headers = { ["authorization"] = "Bearer " .. arguments[2], ["content-type"] = "application/cloudevents+json" }
  for line in io.lines(arguments[1]) do
    local method, path, body = line:match("^(.-)\t(.-)\t(.*)$")
    asked[#asked + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  place = place % #asked + 1
  return asked[place]
end
