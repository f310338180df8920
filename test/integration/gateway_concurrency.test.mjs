// 200 clients with two sessions each, all using the same JSON-RPC ids at once: no answer may reach the wrong one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway, upstreams } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { modernVersion, Peer, textOf } from "./support/mcp.mjs";

const clientCount = 200;
const sessionsEach = 2;
const callsEach = 5;
// A legacy stdio session is a process of its own: the fixture is Node, 50 MB each, so fewer of them at a time.
const plan = {
  "http legacy": { upstream: "http", version: "2025-11-25" },
  "http modern": { upstream: "http", version: modernVersion },
  "stdio modern": { upstream: "stdio", version: modernVersion },
  "stdio legacy": { upstream: "line", version: "2025-11-25" },
};

for (const [name, { upstream: kind, version }] of Object.entries(plan)) {
  test(`${name}: ${clientCount} clients, ${sessionsEach} sessions each, every answer reaches who asked`, async () => {
    const issuer = await new Issuer().start();
    const upstream = kind === "line" ? { url: [process.execPath, "--max-old-space-size=32", new URL("./fixtures/line_server.mjs", import.meta.url).pathname], stop: async () => {} } : await upstreams[kind]();
    const gateway = await startGateway({ upstream: upstream.url, issuer, gateway: { max_sessions: clientCount * sessionsEach + 10 } });
    const wrong = [];
    const converse = async (client, session) => {
      const peer = new Peer(gateway.url, version, issuer.token({ sub: `auth0|${client}`, scope: "execute:tools" }));
      const opened = await peer.open();
      if (opened && opened.status !== 200) { wrong.push(`open ${client}.${session}: ${opened.status} ${opened.text}`); return; }
      await Promise.all(Array.from({ length: callsEach }, async (_, turn) => {
        const mine = `${client}.${session}.${turn}`;
        const answer = turn % 2 ? await peer.call("echo", { text: mine }) : await peer.call("slow", { ms: (client * 7 + turn * 13) % 50, text: mine });
        if (answer.status !== 200 || textOf(answer) !== mine) wrong.push(`${mine}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }));
      if (peer.session) await peer.close().then((answer) => answer.arrayBuffer());
    };
    try {
      const all = Array.from({ length: clientCount * sessionsEach }, (_, index) => [Math.floor(index / sessionsEach), index % sessionsEach]);
      // Legacy stdio starts a process each; the others all at once.
      const width = kind === "line" ? 20 : all.length;
      await Promise.all(Array.from({ length: width }, async () => { while (all.length) await converse(...all.shift()); }));
    } finally {
      if (wrong.length) wrong.push(...gateway.program.talk.split("\n").filter((line) => /"level":"(warn|error)"/.test(line)).slice(0, 3));
      await gateway.stop();
      await upstream.stop();
      await issuer.stop();
    }
    assert.deepEqual([...wrong.slice(0, 3), ...wrong.slice(3).slice(-3)], []);
  });
}
