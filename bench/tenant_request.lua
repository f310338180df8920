-- What clients of an identity provider send, for any of them: paths, forms and header fields come from the environment.
--   WORK=fixed     METHOD, TARGET, BODY, FIELDS ("name: value" lines): always the same request
--   WORK=refresh   TOKENS (a file of refresh tokens, at least two a connection): FORM with a token at its end; the answer's token
--                  goes to the end of the queue
--   WORK=code      TARGET: an authorization request of a browser that is logged in (FIELDS); its code goes to TOKEN_TARGET with FORM
local work, queue, first, last = os.getenv("WORK"), {}, 1, 0
local form_type = "application/x-www-form-urlencoded"
local fields, fixed, form, token_target = {}, nil, os.getenv("FORM"), nil

local function put(value) last = last + 1; queue[last] = value end
local function take()
  if first > last then return nil end
  local value = queue[first]
  queue[first] = nil
  first = first + 1
  return value
end
local function escaped(text) return (text:gsub("[^%w%-%._~]", function(byte) return string.format("%%%02X", byte:byte()) end)) end

function init(args)
  for name, value in (os.getenv("FIELDS") or ""):gmatch("([^:\n]+): ([^\n]+)") do fields[name] = value end
  local target = os.getenv("TARGET")
  token_target = os.getenv("TOKEN_TARGET") or target
  if work == "refresh" then
    for line in io.lines(os.getenv("TOKENS")) do put(line) end
  else
    fixed = wrk.format(os.getenv("METHOD") or "GET", target, fields, os.getenv("BODY"))
  end
end

local function post(value) return wrk.format("POST", token_target, { ["Content-Type"] = form_type }, form .. escaped(value)) end

function request()
  if work == "fixed" then return fixed end
  local value = take()
  if value then return post(value) end
  return fixed
end

if work == "refresh" then
  function response(status, headers, body)
    local token = body:match('"refresh_token":%s*"([^"]+)"')
    if token then put(token) end
  end
elseif work == "code" then
  function response(status, headers, body)
    local code = (headers["Location"] or headers["location"] or ""):match("[?&]code=([^&]+)")
    if code then put((code:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))) end
  end
end

function done(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"duration_us":%d,"bad":%d,"p50_us":%d,"p99_us":%d}\n', summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
