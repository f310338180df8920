// The official suite's `server` command against examples/everything: every required scenario of both revisions, and no
// failed check in those it does not score.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { node } from "./support/doorward.mjs";
import { examples, freePort, here, run, serve, temporaryFolder } from "./support/process.mjs";

const suite = path.join(here, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const revisions = { "2025-11-25": { required: 30, notScored: 3 }, "2026-07-28": { required: 37, notScored: 13 } };

// "✓ tools-list: 4 passed, 0 failed" lines, and the names under "Not scored".
function read(stdout) {
  const scenarios = [...stdout.matchAll(/^(\S) ([\w-]+): (\d+) passed, (\d+) failed/gm)].map(([, mark, name, passed, failed]) => ({ mark, name, passed: Number(passed), failed: Number(failed) }));
  const notScored = new Set([...(stdout.split("\nNot scored")[1] ?? "").matchAll(/^\s+\S ([\w-]+) \(/gm)].map(([, name]) => name));
  return { required: scenarios.filter(({ name }) => !notScored.has(name)), notScored: scenarios.filter(({ name }) => notScored.has(name)) };
}

for (const [revision, expected] of Object.entries(revisions)) {
  test(`the official server suite of ${revision} passes whole`, async () => {
    const port = await freePort();
    const server = await serve(path.join(examples, "everything"), ["--listen", `127.0.0.1:${port}`], `http://127.0.0.1:${port}/healthz`);
    const suiteRun = await run(node, [suite, "server", "--url", `http://127.0.0.1:${port}/mcp`, "--requirements", revision], { cwd: temporaryFolder(), limitMs: 120_000 });
    await server.stop();
    const { required, notScored } = read(suiteRun.stdout);
    const good = (rows) => rows.filter(({ failed, mark }) => failed === 0 && mark === "✓");
    console.log(`# official suite, server ${revision}: required ${good(required).length}/${required.length}, not scored ${good(notScored).length}/${notScored.length}`);
    assert.equal(suiteRun.status, 0, suiteRun.talk.slice(-4000));
    assert.deepEqual([...required, ...notScored].filter(({ failed, mark }) => failed > 0 || mark !== "✓"), []);
    assert.deepEqual({ required: required.length, notScored: notScored.length }, expected);
    assert.deepEqual(required.filter(({ passed }) => passed === 0), [], "a required scenario without a check");
    assert.equal(server.stderr.match(/ERROR|Sanitizer/), null, server.stderr);
  });
}
