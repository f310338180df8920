-- The request of the bench: an MCP tools/call of a 2026-07-28 client, or of a 2025-11-25 one in a SESSION. Environment: TOKEN (one for all) or
-- TOKENS (a file, a new one each request), MCP_PATH, TOOL, SESSION.
local tool = os.getenv("TOOL") or "echo"
local body = [[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"]] .. tool .. [[","arguments":{"text":"what a client says to a small tool"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}}}]]
local headers = {
  ["Content-Type"] = "application/json", ["Accept"] = "application/json, text/event-stream",
  ["MCP-Protocol-Version"] = "2026-07-28", ["Mcp-Method"] = "tools/call", ["Mcp-Name"] = tool,
}
if os.getenv("SESSION") then
  body = [[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"]] .. tool .. [[","arguments":{"text":"what a client says to a small tool"}}}]]
  headers["MCP-Protocol-Version"], headers["Mcp-Method"], headers["Mcp-Name"] = "2025-11-25", nil, nil
  headers["Mcp-Session-Id"] = os.getenv("SESSION")
end
local requests, at, fixed = {}, 0, nil

function init(args)
  local path = os.getenv("MCP_PATH") or "/mcp"
  local function make(token)
    headers["Authorization"] = "Bearer " .. token
    return wrk.format("POST", path, headers, body)
  end
  if os.getenv("TOKENS") then
    for line in io.lines(os.getenv("TOKENS")) do requests[#requests + 1] = make(line) end
  else
    fixed = make(os.getenv("TOKEN"))
  end
end

function request()
  if fixed then return fixed end
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"duration_us":%d,"bad":%d,"p50_us":%d,"p99_us":%d}\n', summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
