// examples/own_event_loop.c: real clients against an HTTP server that is not ours, with the library deciding the answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import path from "node:path";
import * as second from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Peer } from "./support/mcp.mjs";
import { Issuer } from "./support/issuer.mjs";
import { examples, freePort, serve, until } from "./support/process.mjs";

const info = { name: "doorward-test", version: "1.0.0" };
const kinds = {
  "sdk 1": () => [new FirstClient(info), FirstTransport],
  "sdk 2 modern": () => [new second.Client(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } }), second.StreamableHTTPClientTransport],
};
async function startExample(env = {}) {
  const port = await freePort();
  const program = await serve(path.join(examples, "own_event_loop"), [String(port)], `http://127.0.0.1:${port}/healthz`, { env });
  return { program, url: `http://127.0.0.1:${port}/mcp`, stop: () => program.stop() };
}

let server;
before(async () => { server = await startExample(); });
after(async () => { assert.equal(await server.stop(), 0, server.program.talk); });

for (const [name, make] of Object.entries(kinds)) {
  test(`${name} lists, calls with progress, and calls many at once`, async () => {
    const [client, Transport] = make();
    await client.connect(new Transport(new URL(server.url)));
    assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), ["count_up"]);
    const steps = [];
    const counted = await (client instanceof FirstClient
      ? client.callTool({ name: "count_up", arguments: { to: 4 } }, undefined, { onprogress: ({ progress }) => steps.push(progress) })
      : client.callTool({ name: "count_up", arguments: { to: 4 } }, { onprogress: ({ progress }) => steps.push(progress) }));
    assert.equal(counted.content[0].text, "counted to 4");
    assert.deepEqual(steps, [1, 2, 3, 4]);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => client.callTool({ name: "count_up", arguments: { to: 1 + i % 3 } })));
    assert.deepEqual(all.map((one) => one.content[0].text), all.map((_, i) => `counted to ${1 + i % 3}`));
    await client.close();
  });
}

test("a client that leaves cancels its call", async () => {
  const leaving = new AbortController();
  const request = new Peer(server.url, "2026-07-28").request("tools/call", { name: "count_up", arguments: { to: 1000 }, _meta: { progressToken: 1 } });
  const answer = await fetch(server.url, { ...request, signal: leaving.signal });
  const reader = answer.body.getReader();
  await reader.read();
  leaving.abort();
  await reader.cancel().catch(() => {});
  await until(() => server.program.stderr.includes("was cancelled"), "the tool to see it");
});

test("with OAuth strangers are told where to log in, and a token lets in", async () => {
  const issuer = await new Issuer().start();
  const guarded = await startExample({ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: "https://mcp.example.com/" });
  issuer.audience = "https://mcp.example.com/";
  const refused = await new Peer(guarded.url, "2026-07-28").call("count_up", { to: 1 });
  assert.equal(refused.status, 401);
  const metadata = await (await fetch(refused.challenge.resource_metadata)).json();
  assert.equal(metadata.resource, guarded.url);
  assert.deepEqual(metadata.authorization_servers, [issuer.url]);
  assert.equal((await new Peer(guarded.url, "2026-07-28", issuer.token({ exp: 1 })).call("count_up", { to: 1 })).status, 401);
  const answer = await new Peer(guarded.url, "2026-07-28", issuer.token()).call("count_up", { to: 1 });
  assert.equal(answer.message.result.content[0].text, "counted to 1");
  assert.equal(await guarded.stop(), 0, guarded.program.talk);
  await issuer.stop();
});
