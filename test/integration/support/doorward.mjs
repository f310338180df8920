// Doorward's processes, configured for one test each: files in a folder of its own, free ports.
import path from "node:path";
import { binary, everything, freePort, here, run, serve, start, temporaryFolder, until, writeFile } from "./process.mjs";

export const fixture = path.join(here, "fixtures/server.mjs");
export const node = process.execPath;

// TOML of plain values, enough for our configuration.
const value = (given) => Array.isArray(given) ? `[${given.map(value).join(", ")}]` : JSON.stringify(given);
export function toml(tables) {
  const lines = [];
  for (const [name, table] of Object.entries(tables)) {
    for (const row of Array.isArray(table) ? table : [table]) {
      lines.push(Array.isArray(table) ? `[[${name}]]` : `[${name}]`);
      for (const [key, given] of Object.entries(row)) if (given !== undefined) lines.push(`${key} = ${value(given)}`);
      lines.push("");
    }
  }
  return lines.join("\n");
}

// What the tests guard with: reading for everybody, one tool for admins, and nothing else.
export const policy = [
  { name: "admin tools", tool: "admin-*", all_scopes: ["admin"] },
  { name: "crash is for nobody", tool: "crash", deny: true },
  { name: "tools", tool: "*", all_scopes: ["execute:tools"] },
  { name: "secret prompts", prompt: "secret-*", all_scopes: ["admin"] },
  { name: "prompts", prompt: "*", all_scopes: ["read:tools"] },
  { name: "secret resources", resource: "test://secret/*", all_scopes: ["admin"] },
  { name: "resources", resource: "*", all_scopes: ["read:resources"] },
];

export async function startFixture(address) {
  const port = address ?? String(await freePort());
  const program = start(node, [fixture, "http", port]);
  await until(() => program.stdout.includes("listening"), "the fixture server");
  return { program, url: address ? `unix:${address}:/mcp` : `http://127.0.0.1:${port}/mcp`, stop: () => program.stop() };
}

export async function startEverything() {
  const port = await freePort();
  const program = start(node, [everything, "streamableHttp"], { env: { PORT: String(port) } });
  await until(async () => (await fetch(`http://127.0.0.1:${port}/mcp`)).status > 0, "server-everything");
  return { program, url: `http://127.0.0.1:${port}/mcp`, stop: () => program.stop() };
}

// upstream: a URL, or a command as a list. issuer: of support/issuer.mjs; its audience is set to the gateway's URL.
export async function startGateway({ upstream, issuer, auth = {}, gateway = {}, rows = policy, tables = {}, port, env, args = [] }) {
  const folder = temporaryFolder();
  const at = port ?? await freePort();
  const url = `http://127.0.0.1:${at}/mcp`;
  if (issuer) issuer.audience = url;
  const config = writeFile(folder, "doorward.toml", toml({
    auth: { enabled: true, provider: "oidc", issuer: issuer?.url, audience: url, ...auth },
    gateway: { listen: `127.0.0.1:${at}`, ...(Array.isArray(upstream) ? { command: upstream } : { upstream }), ...gateway },
    policy: rows, ...tables,
  }));
  const program = await serve(binary, ["gateway", "--config", config, ...args], `http://127.0.0.1:${at}/healthz`, { env });
  return { program, url, port: at, folder, config, stop: () => program.stop() };
}

export const upstreams = {
  http: async () => startFixture(),
  unix: async () => startFixture(path.join(temporaryFolder(), "mcp.sock")),
  stdio: async () => ({ url: [node, fixture, "stdio"], stop: async () => {} }),
};

export const doorward = (args, options) => run(binary, args, options);

export const users = {
  user: { email: "user@example.com", password: "correct horse battery", role: "MCP User" },
  admin: { email: "admin@example.com", password: "staple horse battery", role: "MCP Admin" },
};

// Gateway and tenant in one process. upstream: a URL, or a command as a list; nothing: what dev does by itself.
export async function startDev({ upstream, rows = policy, people = users, env, args = [], tables = {}, folder = temporaryFolder() } = {}) {
  const [gatewayPort, tenantPort] = [await freePort(), await freePort()];
  const config = writeFile(folder, "doorward.toml", toml({ policy: rows, ...tables }));
  const program = await serve(binary, [
    "dev", "--config", config, "--listen", `127.0.0.1:${gatewayPort}`, "--tenant-listen", `127.0.0.1:${tenantPort}`,
    "--state-dir", path.join(folder, "state"),
    ...Object.values(people).flatMap(({ email, password, role }) => ["--user", [email, password, role].join(":")]),
    ...(typeof upstream === "string" ? ["--upstream", upstream] : []), ...args, ...(Array.isArray(upstream) ? ["--", ...upstream] : []),
  ], `http://127.0.0.1:${gatewayPort}/healthz`, { env, cwd: folder });
  return { program, folder, url: `http://127.0.0.1:${gatewayPort}/mcp`, issuer: `http://127.0.0.1:${tenantPort}/`, gatewayPort, tenantPort, stop: () => program.stop() };
}

// The tenant alone. seed: what test users and applications there are (src/tenant/seed_file.c).
export async function startTenant({ seed = {}, tenant = {}, tables = {}, folder = temporaryFolder(), port, env } = {}) {
  const at = port ?? await freePort();
  const issuer = `http://127.0.0.1:${at}/`;
  const seedFile = writeFile(folder, "seed.json", JSON.stringify(seed));
  const config = writeFile(folder, "tenant.toml", toml({
    tenant: { listen: `127.0.0.1:${at}`, issuer, state_dir: path.join(folder, "state"), ...tenant }, "tenant.seed": { file: seedFile }, ...tables,
  }));
  const program = await serve(binary, ["tenant", "--config", config], `http://127.0.0.1:${at}/healthz`, { env });
  return { program, issuer, port: at, folder, config, stop: () => program.stop() };
}
