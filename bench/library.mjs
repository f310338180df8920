// The library's rows of `make bench`: a server of ours and one of the official TypeScript SDK, the same tool, the same
// requests, in one run. Servers run alone on core 0; wrk and the stdio driver (this process) on core 1.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { cpuUs, memory, sleep, start } from "./peers.mjs";

const ours = (build) => path.join(build, "bench/bench_tool_server");
const theirs = (root) => path.join(root, "test/integration/fixtures/echo_server.mjs");
const audience = "https://mcp.example.com/mcp";
const request = (id) => JSON.stringify({
  jsonrpc: "2.0", id, method: "tools/call",
  params: {
    name: "echo", arguments: { text: "what a client says to a small tool" },
    _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" } },
  },
});

function startIssuer(key, port) {
  const issuer = `http://127.0.0.1:${port}/`;
  const server = createServer((incoming, answer) => answer.writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify(incoming.url.includes("jwks") ? { keys: [key.jwk] } : { issuer, jwks_uri: `${issuer}jwks` })));
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ issuer, stop: () => { server.closeAllConnections(); server.close(); } })));
}

const mint = (build, key, issuer) => execFileSync(path.join(build, "bench/bench_jwt"), ["mint", key.file, "bench", "1"], {
  input: JSON.stringify({ iss: issuer, sub: "auth0|6543210987654321", aud: audience, iat: 1700000000, exp: 4000000000, azp: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", scope: "openid profile read:tools", jti: "@" }),
}).toString().trim();

// A server on core 0 that is called through its stdin and stdout, `window` calls under way at a time while it is measured.
function pipe(name, command, args, { window = 64 } = {}) {
  const child = spawn("taskset", ["-c", "0", command, ...args], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = `${Array.from({ length: window }, (_, id) => request(id + 1)).join("\n")}\n`;
  let answers = 0, due = 0, asks = false, bad = 0;
  const ask = () => { due += window; child.stdin.write(lines); };
  child.stdout.on("data", (bytes) => {
    for (const byte of bytes) if (byte === 10) answers++;
    if (bytes.includes('"error"')) bad++;
    while (asks && answers >= due) ask();
  });
  const samples = [];
  const measure = async (ms) => {
    const before = { answers, cpu: cpuUs(child.pid), at: performance.now() };
    asks = true;
    ask();
    await sleep(ms);
    asks = false;
    while (answers < due && child.exitCode === null) await sleep(5);
    const calls = answers - before.answers;
    if (bad || !calls || answers < due) throw new Error(`${name}: ${bad} of ${calls} calls failed`);
    samples.push({ cpu: (cpuUs(child.pid) - before.cpu) / calls, rps: calls / ((performance.now() - before.at) / 1000) });
  };
  const stop = async () => { child.kill("SIGKILL"); await once(child, "close"); };
  return { name, samples, measure, stop };
}

// As over HTTP: in turn, and the round that was disturbed least.
async function overStdio(peers, { rounds, seconds }) {
  for (const peer of peers) await peer.measure(1000);
  for (const peer of peers) peer.samples.length = 0;
  for (let round = 0; round < rounds; round++) for (const peer of peers) await peer.measure(seconds * 1000);
  for (const peer of peers) await peer.stop();
  return peers.map(({ name, samples }) => ({ name, cpu: Math.min(...samples.map((sample) => sample.cpu)), rps: Math.max(...samples.map((sample) => sample.rps)) }));
}

// One raw request; fetch would measure itself.
const answers = (port) => new Promise((resolve) => {
  const body = request(1);
  const socket = connect(port, "127.0.0.1", () => socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  socket.once("data", (bytes) => { socket.destroy(); resolve(bytes.toString().startsWith("HTTP/1.1 200")); });
  socket.on("error", () => resolve(false));
  socket.on("close", () => resolve(false));
});

async function startTime(command, args, port) {
  const began = performance.now();
  const child = start(0, command, args);
  while (!(await answers(port))) await sleep(1);
  const ms = performance.now() - began;
  await child.stop();
  return ms;
}

// A session of a 2025-11-25 peer, for calls in it.
async function openSession(port) {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const send = (body, more) => fetch(`http://127.0.0.1:${port}/mcp`, { method: "POST", body: JSON.stringify(body), headers: { ...headers, ...more } });
  const opened = await send({ jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } } });
  await opened.text();
  const id = opened.headers.get("mcp-session-id");
  await (await send({ jsonrpc: "2.0", method: "notifications/initialized" }, { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" })).text();
  return id;
}

// bench: what run.mjs shares (root, build, key, firstPort, options, launch, compare, idleStreams, median, talk).
export async function library(bench) {
  const { root, build, launch, compare, median, options } = bench;
  execFileSync("taskset", ["-pc", "1", String(process.pid)], { stdio: "ignore" });
  const [issuerPort, ...ports] = Array.from({ length: 9 }, (_, index) => bench.firstPort + index);
  const issuer = await startIssuer(bench.key, issuerPort);
  const token = mint(build, bench.key, issuer.issuer);
  const own = (port) => [ours(build), ["--listen", `127.0.0.1:${port}`]];
  const node = (port) => [process.execPath, [theirs(root), String(port)]];
  const peers = {
    own: await launch("libdoorward", ports[0], own(ports[0])),
    unguarded: await launch("libdoorward, token sent and not looked at", ports[7], own(ports[7])),
    guarded: await launch("libdoorward, token validated", ports[2], own(ports[2]), { OIDC_ISSUER: issuer.issuer, OIDC_AUDIENCE: audience }),
    pooled: await launch("libdoorward, tool on a worker", ports[1], own(ports[1])),
    node: await launch("TypeScript SDK", ports[3], node(ports[3])),
    nodeGuarded: await launch("TypeScript SDK, token validated (jose)", ports[4], node(ports[4]), { JWKS_URI: `${issuer.issuer}jwks`, ISSUER: issuer.issuer, AUDIENCE: audience }),
    session: await launch("libdoorward, in a session", ports[5], own(ports[5])),
    nodeSession: await launch("TypeScript SDK 1, in a session", ports[6], node(ports[6])),
  };
  for (const peer of [peers.session, peers.nodeSession]) peer.env = { SESSION: await openSession(peer.port) };
  peers.pooled.env = { TOOL: "echo_pooled" };
  peers.guarded.env = peers.nodeGuarded.env = peers.unguarded.env = { TOKEN: token }; // the same bytes, so that the difference is the validation
  const idle = { own: memory(peers.own.child.pid).rss, node: memory(peers.node.child.pid).rss };
  const http = await compare("library over HTTP", Object.values(peers), { TOKEN: "" });
  const streams = { own: await bench.idleStreams(peers.own, ""), node: await bench.idleStreams(peers.node, "") };
  for (const peer of Object.values(peers)) await peer.child.stop();
  issuer.stop();
  const times = { own: [], node: [] };
  for (let round = 0; round < (options.isQuick ? 2 : 7); round++) {
    times.own.push(await startTime(...own(ports[0]), ports[0]));
    times.node.push(await startTime(...node(ports[3]), ports[3]));
  }
  bench.talk("library over stdio");
  const pipes = await overStdio([pipe("libdoorward", ours(build), []), pipe("TypeScript SDK", process.execPath, [theirs(root), "stdio"])], options.isQuick ? { rounds: 1, seconds: 2 } : { rounds: 5, seconds: 3 });
  execFileSync("taskset", ["-pc", "0-1", String(process.pid)], { stdio: "ignore" });
  return { http, pipes, idle, streams, start: { own: median(times.own), node: median(times.node) } };
}

const find = (list, name) => list.find((peer) => peer.name === name);

// The goals of the library, as rows of the table of budgets.
export function libraryBudgets(report, row, { fixed }) {
  const own = find(report.http, "libdoorward"), node = find(report.http, "TypeScript SDK"), guarded = find(report.http, "libdoorward, token validated"), unguarded = find(report.http, "libdoorward, token sent and not looked at");
  row("library, calls over HTTP per CPU second, against the TypeScript SDK", ">= 20 x", `${fixed(node.cpu / own.cpu, 1)} x`, node.cpu / own.cpu >= 20);
  const ratio = find(report.http, "TypeScript SDK 1, in a session").cpu / find(report.http, "libdoorward, in a session").cpu;
  row("the same, calls in a 2025-11-25 session", ">= 20 x", `${fixed(ratio, 1)} x`, ratio >= 20);
  row("library, calls over HTTP on one core without auth", ">= 60,000/s", `${fixed(1e6 / own.cpu, 0)}/s of CPU`, 1e6 / own.cpu >= 60_000);
  row("library, what validating a warm token adds to the same request", "< 5 %", `${fixed((guarded.cpu / unguarded.cpu - 1) * 100, 1)} %`, guarded.cpu / unguarded.cpu < 1.05);
  const [ownPipe, nodePipe] = report.pipes;
  row("library, calls over stdio per CPU second, against the TypeScript SDK", ">= 20 x", `${fixed(nodePipe.cpu / ownPipe.cpu, 1)} x`, nodePipe.cpu / ownPipe.cpu >= 20);
}

export function libraryTables(report, { table, fixed, mb }) {
  const calls = [...report.http.map((peer) => [`HTTP: ${peer.name}`, fixed(peer.cpu, 2), fixed(peer.rps, 0), fixed(peer.p99 / 1000, 2)]), ...report.pipes.map((peer) => [`stdio: ${peer.name}`, fixed(peer.cpu, 2), fixed(peer.rps, 0), ""])];
  const sizes = [["libdoorward", "own"], ["TypeScript SDK", "node"]].map(([name, who]) => [name, mb(report.idle[who]), `${fixed(report.streams[who] / 1024, 1)} KB`, `${fixed(report.start[who], 1)} ms`]);
  return ["## The library: tools/call", table(["server", "CPU us a call, best round", "calls/s", "p99 ms"], calls), table(["server", "memory idle", "an open event stream (of 1,000)", "start to the first answer"], sizes)];
}
