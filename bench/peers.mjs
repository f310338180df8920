// The proxies of the bench, each with a configuration that does its job and nothing else.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import path from "node:path";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const running = new Set();
process.on("exit", () => { for (const child of running) try { process.kill(-child.pid, "SIGKILL"); } catch { /* gone */ } });

// Pinned to one core. Says what the program said when it ends too early.
export function start(core, command, args, env = {}) {
  const child = spawn("taskset", ["-c", String(core), command, ...args], { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  child.said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => { child.said = (child.said + bytes).slice(-8192); });
  child.ended = new Promise((resolve) => child.on("close", () => { running.delete(child); resolve(); }));
  child.stop = async () => { try { process.kill(-child.pid, "SIGTERM"); } catch { /* gone */ } setTimeout(() => { try { process.kill(-child.pid, "SIGKILL"); } catch { /* gone */ } }, 3000).unref(); await child.ended; };
  running.add(child);
  return child;
}

export function connects(where) {
  return new Promise((resolve) => {
    const socket = createConnection(typeof where === "number" ? { port: where, host: "127.0.0.1" } : { path: where });
    socket.on("connect", () => { socket.destroy(); resolve(true); });
    socket.on("error", () => resolve(false));
  });
}

export async function listening(child, where) {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended: ${child.said}`);
    if (await connects(where)) return child;
    await sleep(25);
  }
  throw new Error(`${child.spawnargs.join(" ")} does not listen on ${where}: ${child.said}`);
}

// A process and its children: CPU in microseconds (user and system), memory in bytes.
const family = (pid) => [pid, ...readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
  try {
    const parent = Number(readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /, "").split(" ")[1]);
    return parent === pid ? family(Number(name)) : [];
  } catch { return []; }
})];
export function cpuUs(pid) {
  return family(pid).reduce((sum, member) => {
    const fields = readFileSync(`/proc/${member}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000;
  }, 0);
}
export function memory(pid) {
  const total = { rss: 0, anonymous: 0 };
  for (const member of family(pid)) {
    const status = readFileSync(`/proc/${member}/status`, "utf8");
    total.rss += Number(status.match(/VmRSS:\s+(\d+)/)?.[1] ?? 0) * 1024;
    total.anonymous += Number(status.match(/RssAnon:\s+(\d+)/)?.[1] ?? 0) * 1024;
  }
  return total;
}

export function writeNginx(folder, port, upstream) {
  mkdirSync(path.join(folder, "nginx"), { recursive: true });
  const target = typeof upstream === "number" ? `127.0.0.1:${upstream}` : `unix:${upstream}`;
  const file = path.join(folder, `nginx-${port}.conf`);
  writeFileSync(file, `
daemon off; worker_processes 1; user root; pid ${folder}/nginx-${port}.pid; error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder}/nginx; proxy_temp_path ${folder}/nginx;
  fastcgi_temp_path ${folder}/nginx; uwsgi_temp_path ${folder}/nginx; scgi_temp_path ${folder}/nginx;
  upstream mcp { server ${target}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://mcp; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization ""; }
  }
}
`);
  return ["nginx", ["-c", file, "-p", folder]];
}

// Verifies signature, issuer, audience and expiry of every token, as our gateway does (without per-tool policy or cache).
export function writeHaproxy(folder, port, upstream, { publicKeyFile, issuer, audience } = {}) {
  const file = path.join(folder, `haproxy-${port}.cfg`);
  const checks = publicKeyFile ? `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.iss') -m str ${issuer} }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.aud') -m str ${audience} }
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify("RS256","${publicKeyFile}") -m int 1 }` : "";
  writeFileSync(file, `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${checks}
  http-request del-header authorization
  default_backend mcp
backend mcp
  server one ${typeof upstream === "number" ? `127.0.0.1:${upstream}` : `unix@${upstream}`}
`);
  return ["haproxy", ["-db", "-f", file]];
}
