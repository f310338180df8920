// Tenant and dev with --https. Node reads what it trusts once, when it starts, so a test that fetches from them runs as a
// child with NODE_EXTRA_CA_CERTS: a script of clients/ that asserts by itself and says what it has done.
import assert from "node:assert/strict";
import path from "node:path";
import { toml } from "./doorward.mjs";
import { binary, freePort, here, run, start, temporaryFolder, until, writeFile } from "./process.mjs";

async function running(program, line) {
  await until(() => {
    if (program.status !== undefined) throw Object.assign(new Error(program.talk.slice(-2000)), { ended: true });
    return program.talk.includes(line);
  }, line);
}

// host: what the issuer is called by; the listener is 127.0.0.1 anyway.
export async function startHttpsTenant({ seed = {}, tenant = {}, tables = {}, folder = temporaryFolder(), port, host = "localhost", env, args = [] } = {}) {
  const at = port ?? await freePort();
  const issuer = `https://${host}:${at}/`;
  const state = path.join(folder, "state");
  const seedFile = writeFile(folder, "seed.json", JSON.stringify(seed));
  const config = writeFile(folder, "tenant.toml", toml({
    tenant: { listen: `127.0.0.1:${at}`, issuer, state_dir: state, ...tenant }, "tenant.seed": { file: seedFile }, ...tables,
  }));
  const program = start(binary, ["tenant", "--config", config, "--https", ...args], { env });
  await running(program, `doorward tenant: ${issuer}`);
  return { program, issuer, host: `${host}:${at}`, port: at, folder, state, config, ca: path.join(state, "ca.crt"), stop: () => program.stop() };
}

// Runs clients/NAME.mjs with what it needs as JSON in its first argument; it must end well. Gives what it printed.
export async function runClient(name, ca, facts, limitMs = 60_000) {
  const script = path.join(here, "clients", `${name}.mjs`);
  const ended = await run(process.execPath, [script, JSON.stringify(facts)], { env: { NODE_EXTRA_CA_CERTS: ca, CHROMIUM: process.env.CHROMIUM ?? "/usr/bin/chromium" }, limitMs, cwd: here });
  assert.equal(ended.status, 0, `${name}: ${ended.talk.slice(-6000)}`);
  return ended.stdout;
}
