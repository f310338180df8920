// 200 clients with two sessions each, all using the same JSON-RPC ids at once: no answer may reach the wrong one.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { node, startGateway, upstreams } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { modernVersion, Peer, textOf } from "./support/mcp.mjs";
import { freePort, here, start, until } from "./support/process.mjs";

const clientCount = 200;
const sessionsEach = 2;
const callsEach = 4;
const lineServer = path.join(here, "fixtures/line_server.mjs");

async function overHttp() {
  const port = await freePort();
  const program = start(node, [lineServer, "http", String(port)]);
  await until(() => program.stdout.includes("listening"), "the line server");
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => program.stop() };
}

// width: how many sessions at once. A legacy session over stdio is a process of its own, and the machine may be small.
const plan = {
  "http legacy": { startUpstream: overHttp, version: "2025-11-25", width: 400 },
  "http modern": { startUpstream: overHttp, version: modernVersion, width: 400 },
  "stdio modern": { startUpstream: upstreams.stdio, version: modernVersion, width: 400 },
  "stdio legacy": { startUpstream: async () => ({ url: [node, "--max-old-space-size=32", lineServer], stop: async () => {} }), version: "2025-11-25", width: 20 },
};

for (const [name, { startUpstream, version, width }] of Object.entries(plan)) {
  test(`${name}: ${clientCount} clients, ${sessionsEach} sessions each, every answer reaches who asked`, async () => {
    const issuer = await new Issuer().start();
    const upstream = await startUpstream();
    const gateway = await startGateway({ upstream: upstream.url, issuer, gateway: { max_sessions: clientCount * sessionsEach + 10 } });
    const wrong = [];
    const converse = async (client, session) => {
      const peer = new Peer(gateway.url, version, issuer.token({ sub: `auth0|${client}`, scope: "execute:tools" }));
      const opened = await peer.open();
      if (opened && opened.status !== 200) return wrong.push(`open ${client}.${session}: ${opened.status} ${opened.text}`);
      await Promise.all(Array.from({ length: callsEach }, async (_, turn) => {
        const mine = `${client}.${session}.${turn}`;
        const answer = await (turn % 2 ? peer.call("echo", { text: mine }) : peer.call("slow", { ms: (client * 7 + turn * 13) % 50, text: mine }));
        if (answer.status !== 200 || textOf(answer) !== mine) wrong.push(`${mine}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }));
      if (peer.session) await peer.close().then((answer) => answer.arrayBuffer());
    };
    const all = Array.from({ length: clientCount * sessionsEach }, (_, index) => [Math.floor(index / sessionsEach), index % sessionsEach]);
    try {
      await Promise.all(Array.from({ length: width }, async () => { while (all.length) await converse(...all.shift()); }));
    } finally {
      if (wrong.length) wrong.push(...gateway.program.talk.split("\n").filter((line) => /"level":"(warn|error)"|"http_status":50/.test(line)).slice(0, 3));
      await gateway.stop();
      await upstream.stop();
      await issuer.stop();
    }
    assert.deepEqual([...wrong.slice(0, 3), ...wrong.slice(3).slice(-3)], []);
  });
}
