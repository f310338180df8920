// Starts programs, keeps what they say, and ends them: at stop(), and all of them when the test file ends.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const root = path.dirname(path.dirname(here));
export const binary = process.env.DOORWARD ?? path.join(root, "build", "doorward");
export const examples = process.env.EXAMPLES ?? path.join(root, "build", "examples");
export const everything = path.join(here, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");

const running = new Set();
const folders = [];

process.on("exit", () => {
  for (const program of running) program.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "doorward-test-"));
  folders.push(folder);
  return folder;
}

export function writeFile(folder, name, text, mode = 0o600) {
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode });
  return file;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until the check gives something true; shows the last error when it never does.
export async function until(check, what, limitMs = 15_000) {
  const end = Date.now() + limitMs;
  let last;
  while (Date.now() < end) {
    try {
      const value = await check();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await sleep(25);
  }
  throw new Error(`waited ${limitMs} ms for ${what}${last ? `: ${last.message}` : ""}`);
}

export function start(command, args, { env = {}, cwd, input } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME ?? "/tmp", LANG: "C.UTF-8", ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  const program = {
    child, stdout: "", stderr: "", status: undefined, signal: undefined,
    get talk() { return program.stdout + program.stderr; },
    kill(signal = "SIGTERM") {
      if (program.status !== undefined) return;
      try { process.kill(-child.pid, signal); } catch { /* it is gone already */ }
    },
    async stop() {
      program.kill("SIGTERM");
      const late = setTimeout(() => program.kill("SIGKILL"), 8_000);
      await program.ended;
      clearTimeout(late);
      return program.status;
    },
  };
  running.add(program);
  child.stdout.on("data", (bytes) => { program.stdout += bytes; });
  child.stderr.on("data", (bytes) => { program.stderr += bytes; });
  if (input !== undefined) child.stdin.end(input);
  program.ended = new Promise((resolve) => {
    child.on("error", (error) => { program.stderr += error.message; program.status = 127; running.delete(program); resolve(); });
    child.on("close", (status, signal) => {
      program.status = status ?? 128;
      program.signal = signal;
      running.delete(program);
      resolve();
    });
  });
  return program;
}

// Runs a program to its end.
export async function run(command, args, options = {}) {
  const program = start(command, args, options);
  const late = setTimeout(() => program.kill("SIGKILL"), options.limitMs ?? 20_000);
  await program.ended;
  clearTimeout(late);
  return program;
}

// Starts a server and waits until its health answers; a program that ends first is an error with what it said.
export async function serve(command, args, url, options = {}) {
  const program = start(command, args, options);
  await until(async () => {
    if (program.status !== undefined) throw Object.assign(new Error("ended"), { ended: true });
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.status < 500;
  }, `${url} of ${path.basename(command)} ${args.join(" ")}`, options.limitMs ?? 20_000).catch((error) => {
    program.kill("SIGKILL");
    throw new Error(`${error.message}\n${program.talk.slice(-4000)}`);
  });
  return program;
}
