// `make bench`: nginx, HAProxy and Doorward in front of the same upstream, in one run, on two cores: the proxy alone on core 0,
// upstream and wrk on core 1. Prints what a request costs and every budget as budget, measured, met.
//   node bench/run.mjs [--write] [--quick] [--only=NAME,...]
// --write puts the results into docs/performance.md. Nothing here is a test: no time passes or fails.
import { execFileSync, spawn } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { library, libraryBudgets, libraryTables } from "./library.mjs";
import { tenantBench, tenantBudgets, tenantTables } from "./tenant.mjs";
import { cpuUs, listening, memory, sleep, start, writeHaproxy, writeNginx } from "./peers.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const build = path.join(root, "build");
const folder = path.join(build, "bench-run");
const options = { isQuick: process.argv.includes("--quick"), isWriting: process.argv.includes("--write"), only: process.argv.find((arg) => arg.startsWith("--only="))?.slice(7).split(",") };
const rounds = options.isQuick ? 1 : 5;
const seconds = options.isQuick ? 2 : 4;
const coldTokens = options.isQuick ? 40_000 : 150_000;
// Of this run alone, so that two benches on one machine do not measure each other's programs.
const firstPort = 20_000 + (process.pid % 1000) * 12;
const ports = Object.fromEntries(["issuer", "upstream", "nginx", "haproxy", "haproxyJwt", "tcp", "unix", "logging", "tenant", "provider", "started"].map((name, index) => [name, firstPort + index]));
const socketFile = path.join(folder, "upstream.sock");
const audience = "https://mcp.example.com/mcp";
const issuerUrl = "https://tenant.example.com/"; // always the same: minted tokens are kept
const jwksUrl = `http://127.0.0.1:${ports.issuer}/jwks`;
const binary = path.join(build, "doorward");
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const wanted = (name) => !options.only || options.only.includes(name);
const talk = (text) => process.stderr.write(`${text}\n`);

function signingKey() {
  const file = path.join(folder, "key.pem");
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    rmSync(path.join(folder, "tokens.txt"), { force: true }); // signed by another key
  }
  const publicKeyFile = path.join(folder, "public.pem");
  writeFileSync(publicKeyFile, execFileSync("openssl", ["pkey", "-in", file, "-pubout"]));
  const { kty, n, e } = createPrivateKey(readFileSync(file)).export({ format: "jwk" });
  return { file, publicKeyFile, jwk: { kty, n, e, kid: "bench", use: "sig", alg: "RS256" } };
}

// One token for warm requests, and a file of different ones; minting takes a quarter of a millisecond each, so they are kept.
function mint(key) {
  const file = path.join(folder, "tokens.txt");
  const claims = JSON.stringify({
    iss: issuerUrl, sub: "auth0|6543210987654321", aud: audience, iat: 1700000000, exp: 4000000000, azp: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    scope: "openid profile read:tools execute:tools", permissions: ["read:tools", "execute:tools", "read:resources"], jti: "@",
  });
  const isKept = existsSync(file) && readFileSync(file, "utf8").split("\n").length > coldTokens;
  if (!isKept) {
    talk(`minting ${coldTokens} tokens`);
    const out = openSync(file, "w");
    execFileSync(path.join(build, "bench/bench_jwt"), ["mint", key.file, "bench", String(coldTokens)], { input: claims, stdio: ["pipe", out, "inherit"] });
    closeSync(out);
  }
  return { file, one: readFileSync(file, "utf8").split("\n", 1)[0] };
}

function startIssuer(key) {
  const server = createServer((request, answer) => answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: [key.jwk] })));
  return new Promise((resolve) => server.listen(ports.issuer, "127.0.0.1", () => resolve(server)));
}

function gatewayConfig(name, port, upstream, more = "") {
  const file = path.join(folder, `${name}.toml`);
  writeFileSync(file, `
[auth]
enabled = true
provider = "oidc"
issuer = "${issuerUrl}"
jwks_uri = "${jwksUrl}"
audience = "${audience}"
[gateway]
listen = "127.0.0.1:${port}"
public_url = "http://127.0.0.1:${port}/mcp"
upstream = "${upstream}"
${more}
[[policy]]
name = "admin tools"
tool = "admin-*"
all_scopes = ["admin"]
[[policy]]
name = "tools"
tool = "*"
all_scopes = ["execute:tools"]
[[policy]]
name = "resources"
resource = "*"
all_scopes = ["read:resources"]
`);
  return file;
}

async function wrk(port, env, { connections = 64, duration = seconds, args = [] } = {}) {
  const child = spawn("taskset", ["-c", "1", "wrk", "-t1", `-c${connections}`, `-d${duration}s`, "--timeout", "10s", "-s", path.join(root, "bench/request.lua"), ...args, `http://127.0.0.1:${port}`], { env: { ...process.env, ...env } });
  let said = "";
  child.stdout.on("data", (bytes) => { said += bytes; });
  child.stderr.on("data", (bytes) => { said += bytes; });
  await new Promise((resolve) => child.on("close", resolve));
  const found = said.match(/RESULT (.*)/);
  if (!found) throw new Error(`wrk: ${said}`);
  return JSON.parse(found[1]);
}

async function measure(peer, env, more) {
  const ended = () => { if (peer.child.exitCode !== null || peer.child.signalCode) throw new Error(`${peer.name} ended: ${peer.child.said}`); };
  ended();
  const before = cpuUs(peer.child.pid);
  const result = await wrk(peer.port, env, more);
  ended();
  const spent = cpuUs(peer.child.pid) - before;
  if (result.bad) throw new Error(`${peer.name}: ${result.bad} of ${result.requests} requests were not answered with 2xx, such as: ${await sample(peer, env)}${peer.child.said.slice(-500)}`);
  return { cpu: spent / result.requests, rps: result.requests / (result.duration_us / 1e6), p99: result.p99_us };
}

// One answer, to see what is wrong.
async function sample(peer, env) {
  const answer = await fetch(`http://127.0.0.1:${peer.port}${env.MCP_PATH ?? "/mcp"}`, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}', headers: { "content-type": "application/json", ...(env.TOKEN && { authorization: `Bearer ${env.TOKEN}` }) } });
  return `${answer.status} ${answer.headers.get("www-authenticate") ?? ""} ${await answer.text()}\n`;
}

// Every peer once a round, in turn, so that a noisy minute hits all of them.
async function compare(title, peers, env) {
  for (const peer of peers) {
    await measure(peer, { ...env, ...peer.env }, { duration: 1 });
    peer.samples = [];
  }
  for (let round = 0; round < rounds; round++) {
    talk(`${title}: round ${round + 1} of ${rounds}`);
    for (const peer of peers) peer.samples.push(await measure(peer, { ...env, ...peer.env }));
  }
  return peers.map((peer) => ({
    name: peer.name, cpu: Math.min(...peer.samples.map((sample) => sample.cpu)), medianCpu: median(peer.samples.map((sample) => sample.cpu)), rps: median(peer.samples.map((sample) => sample.rps)),
    p99: median(peer.samples.map((sample) => sample.p99)), rss: memory(peer.child.pid).rss,
  }));
}

const launch = async (name, port, [command, args], env) => ({ name, port, child: await listening(start(0, command, args, env), port) });

async function proxies(key, tokens, report) {
  const program = path.join(build, "bench/bench_upstream");
  await listening(start(1, program, [String(ports.upstream)]), ports.upstream);
  await listening(start(1, program, [socketFile]), socketFile);
  const gateway = (name, port, upstream, more) => launch(name, port, [binary, ["gateway", "--config", gatewayConfig(name.replace(/\W+/g, "-"), port, upstream, more)]]);
  const quiet = 'log_level = "error"';
  const tcp = `http://127.0.0.1:${ports.upstream}/mcp`;
  const nginx = await launch("nginx proxy_pass, no authentication", ports.nginx, writeNginx(folder, ports.nginx, ports.upstream));
  const haproxy = await launch("HAProxy, no authentication", ports.haproxy, writeHaproxy(folder, ports.haproxy, ports.upstream));
  const haproxyJwt = await launch("HAProxy jwt_verify", ports.haproxyJwt, writeHaproxy(folder, ports.haproxyJwt, ports.upstream, { publicKeyFile: key.publicKeyFile, issuer: issuerUrl, audience }));
  const ours = await gateway("doorward, JWT + policy", ports.tcp, tcp, quiet);
  const overUnix = await gateway("doorward, JWT + policy, unix-socket upstream", ports.unix, `unix:${socketFile}:/mcp`, quiet);
  const logging = await gateway("doorward, JWT + policy, one log line a request", ports.logging, tcp);
  const idle = memory(ours.child.pid);
  report.memory = { idle: idle.rss, idleAnonymous: idle.anonymous };
  report.warm = await compare("one token", [nginx, haproxy, haproxyJwt, ours, overUnix, logging], { TOKEN: tokens.one });
  report.cold = await compare("a new token every request", [haproxyJwt, ours], { TOKENS: tokens.file });
  report.memory.stream = await idleStreams(ours, tokens.one);
  for (const peer of [nginx, haproxy, haproxyJwt, ours, overUnix, logging]) await peer.child.stop();
}

// Opens many event streams that say nothing, and looks at what the gateway grew by.
async function idleStreams(peer, token, count = 1000) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: { notifications: { toolsListChanged: true }, _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" } } } });
  const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${peer.port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nAuthorization: Bearer ${token}\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\nContent-Length: ${body.length}\r\n\r\n`;
  const sockets = [];
  const open = () => new Promise((resolve, reject) => {
    const socket = connect(peer.port, "127.0.0.1", () => socket.write(head + body));
    sockets.push(socket);
    socket.on("error", reject);
    socket.once("data", (bytes) => (/^HTTP\/1\.1 200/.test(bytes) ? resolve() : reject(new Error(`a stream was refused: ${bytes}`))));
  });
  await Promise.all(Array.from({ length: 50 }, open));
  const before = memory(peer.child.pid).rss;
  for (let opened = 0; opened < count; opened += 50) await Promise.all(Array.from({ length: 50 }, open));
  await sleep(2000);
  const grown = memory(peer.child.pid).rss - before;
  for (const socket of sockets) socket.destroy();
  return grown / count;
}

async function startTimes(report) {
  const times = [];
  for (let round = 0; round < (options.isQuick ? 5 : 15); round++) {
    const config = gatewayConfig("started", ports.started, "http://127.0.0.1:1/mcp");
    const began = process.hrtime.bigint();
    const child = spawn(binary, ["gateway", "--config", config], { stdio: "ignore" });
    for (;;) if (await health(ports.started)) break;
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  report.startMs = median(times);
}

const health = (port) => new Promise((resolve) => {
  const socket = connect(port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"));
  socket.once("data", (bytes) => { socket.destroy(); resolve(bytes.toString().startsWith("HTTP/1.1 200")); });
  socket.on("error", () => resolve(false));
  socket.on("close", () => resolve(false));
});

function crypto(report) {
  const speed = execFileSync("taskset", ["-c", "0", "openssl", "speed", "-seconds", options.isQuick ? "1" : "3", "rsa2048"], { stdio: ["ignore", "pipe", "ignore"] }).toString();
  const [, sign, verify] = speed.match(/rsa 2048 bits\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)/).map(Number);
  const ours = JSON.parse(execFileSync("taskset", ["-c", "0", path.join(build, "bench/bench_jwt"), "speed"]).toString());
  report.crypto = { openssl: { sign, verify }, ours };
}

const fixed = (value, digits = 2) => value.toFixed(digits);
const mb = (bytes) => `${fixed(bytes / 1048576, 1)} MB`;

function budgets(report) {
  const rows = [];
  const row = (work, budget, measured, isMet) => rows.push({ work, budget, measured, met: isMet ? "yes" : "NO" });
  const find = (list, start) => list?.find((peer) => peer.name === start);
  const nginx = find(report.warm, "nginx proxy_pass, no authentication");
  if (nginx) {
    const tcp = find(report.warm, "doorward, JWT + policy").cpu / nginx.cpu;
    const overUnix = find(report.warm, "doorward, JWT + policy, unix-socket upstream").cpu / nginx.cpu;
    const cold = find(report.cold, "doorward, JWT + policy").cpu / find(report.cold, "HAProxy jwt_verify").cpu;
    row("gateway, warm token, JWT + policy: CPU against nginx proxy_pass without authentication", "<= 0.95 x", `${fixed(tcp)} x`, tcp <= 0.95);
    row("the same over a unix-socket upstream", "<= 0.80 x", `${fixed(overUnix)} x`, overUnix <= 0.8);
    row("gateway, every token new (RS256): CPU against HAProxy jwt_verify", "<= 0.70 x", `${fixed(cold)} x`, cold <= 0.7);
  }
  if (report.crypto) {
    const ratio = report.crypto.ours.verify / report.crypto.openssl.verify;
    row("RS256 verification, library call, against openssl speed rsa2048", ">= 0.90 x", `${fixed(ratio)} x (${fixed(1e6 / report.crypto.ours.verify, 1)} us)`, ratio >= 0.9);
  }
  if (report.tenant) tenantBudgets(report.tenant, report.crypto?.openssl.sign, row, { fixed, mb });
  if (report.memory) {
    row("memory of an idle gateway (resident)", "<= 8 MB", `${mb(report.memory.idle)} (${mb(report.memory.idleAnonymous)} its own)`, report.memory.idle <= 8 * 1048576);
    row("memory of an idle SSE stream", "<= 16 KB", `${fixed(report.memory.stream / 1024, 1)} KB`, report.memory.stream <= 16384);
  }
  if (report.library) libraryBudgets(report.library, row, { fixed });
  if (report.startMs) row("start to first answer", "<= 20 ms", `${fixed(report.startMs, 1)} ms`, report.startMs <= 20);
  return rows;
}

const table = (head, rows) => [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");

function render(report) {
  const peers = (list) => table(["proxy", "CPU us a request, best round", "median", "requests/s", "p99 ms", "memory"], list.map((peer) => [peer.name, fixed(peer.cpu, 2), fixed(peer.medianCpu, 2), fixed(peer.rps, 0), fixed(peer.p99 / 1000, 2), mb(peer.rss)]));
  const parts = ["## Budgets", table(["work", "budget", "measured", "met"], budgets(report).map((row) => [row.work, row.budget, row.measured, row.met]))];
  if (report.warm) parts.push("## One token for every request", peers(report.warm));
  if (report.cold) parts.push("## A new RS256 token for every request", peers(report.cold));
  if (report.crypto) parts.push("## RSA 2048, one core", table(["who", "verify/s", "sign/s"], [["openssl speed rsa2048", fixed(report.crypto.openssl.verify, 0), fixed(report.crypto.openssl.sign, 0)], ["dw_jwt_verify, dw_jwt_sign", fixed(report.crypto.ours.verify, 0), fixed(report.crypto.ours.sign, 0)]]));
  if (report.tenant) parts.push(...tenantTables(report.tenant, { table, fixed, mb }));
  if (report.library) parts.push(...libraryTables(report.library, { table, fixed, mb }));
  return parts.join("\n\n");
}

const preamble = () => `# Performance

Measured by \`make bench ARGS=--write\` on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} cores of ${cpus()[0].model.trim()}, \
${execFileSync("openssl", ["version"]).toString().trim()}, ${readFileSync("/etc/os-release", "utf8").match(/PRETTY_NAME="(.*)"/)[1]}, the default build (-O2).

The proxy runs alone on core 0; the upstream (\`bench/upstream.c\`) and wrk (64 connections) share core 1, so requests a second are limited by
that core too: CPU microseconds a request are what to compare. Every peer runs once in each of ${rounds} rounds of ${seconds} s, in turn; the
budgets compare the rounds that other work on the machine disturbed least, the tables show medians too. The request is an MCP \`tools/call\` of 300 bytes with a token of about 900, the answer 200 bytes. nginx does not authenticate
at all; HAProxy checks signature, issuer, audience and expiry; Doorward checks these and the policy for the tool in the body. The machine is
shared: differences under a tenth are none.

`;

async function main() {
  mkdirSync(folder, { recursive: true });
  execFileSync("ninja", ["-C", build, "bench-programs"], { stdio: ["ignore", "ignore", "inherit"] });
  const report = {};
  const key = signingKey();
  const server = await startIssuer(key);
  if (wanted("crypto")) crypto(report);
  if (wanted("proxies")) await proxies(key, mint(key), report);
  if (wanted("tenant")) report.tenant = await tenantBench({ root, folder, ports, options, talk, median });
  if (wanted("library")) report.library = await library({ root, build, key, firstPort: firstPort + 12_000, options, launch, compare, idleStreams, median, talk });
  if (wanted("start")) await startTimes(report);
  server.closeAllConnections();
  server.close();
  console.log(render(report));
  if (options.isWriting) writeFileSync(path.join(root, "docs/performance.md"), `${preamble()}${render(report)}\n`);
}

if (!existsSync(binary) && statSync(build, { throwIfNoEntry: false }) === undefined) talk("bench: run make build first");
else await main();
process.exit(0);
