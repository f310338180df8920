// Answers of a stdio server that are large, or too large: one answer is one call's affair, not the end of its session.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { node, startGateway } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { modernVersion, Peer, read, textOf } from "./support/mcp.mjs";
import { here } from "./support/process.mjs";

const megabyte = 1024 * 1024;
const limit = 32 * megabyte; // DW_STDIO_MAX_LINE
const big = (peer, given, progressToken, headers) => peer.send("tools/call", { name: "big", arguments: given, ...(progressToken && { _meta: { progressToken } }) }, headers);

for (const version of ["2025-11-25", modernVersion]) {
  describe(version, () => {
    let issuer, gateway, peer;

    before(async () => {
      issuer = await new Issuer().start();
      gateway = await startGateway({ upstream: [node, path.join(here, "fixtures/line_server.mjs")], issuer, rows: [] });
      peer = new Peer(gateway.url, version, issuer.token());
      await peer.open();
    });
    after(async () => {
      await gateway?.stop();
      await issuer?.stop();
    });

    test("20 MB arrive", async () => {
      const answer = await big(peer, { bytes: 20 * megabyte });
      assert.equal(answer.status, 200);
      assert.equal(answer.message.result.big.length, 20 * megabyte);
    });

    test("20 MB arrive on a stream that has begun", async () => {
      const answer = await big(peer, { bytes: 20 * megabyte }, "t1");
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      assert.deepEqual(answer.messages[0].params, { progressToken: "t1", progress: 1 });
      assert.equal(answer.message.result.big.length, 20 * megabyte);
    });

    test("the head of an answer does not wait for the answer", async () => {
      const began = Date.now();
      const answer = await fetch(gateway.url, peer.request("tools/call", { name: "slow", arguments: { ms: 4000, text: "late" } }));
      assert.ok(Date.now() - began < 3000, "some clients do nothing else until it has come");
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const seen = await read(answer);
      assert.match(seen.text, /^: open\n\n/);
      assert.equal(textOf(seen), "late");
    });

    test("who takes no stream gets JSON, however late", async () => {
      const answer = await peer.call("slow", { ms: 1500, text: "late" }, { accept: "application/json" });
      assert.equal(answer.headers.get("content-type"), "application/json");
      assert.equal(textOf(answer), "late");
    });

    test("a crash of somebody's process does not keep others out", async () => {
      const other = new Peer(gateway.url, version, issuer.token({ sub: "other" }));
      await other.open();
      assert.equal(textOf(await other.call("echo", { text: "first" })), "first");
      const crash = await other.call("crash");
      assert.equal(crash.status, 502);
      assert.equal(crash.message.error.message, "the MCP server ended with status 7");
      const another = new Peer(gateway.url, version, issuer.token({ sub: "another" }));
      await another.open();
      assert.equal(textOf(await another.call("echo", { text: "at once" })), "at once");
    });

    for (const is_id_last of [false, true]) {
      test(`an answer over the limit, its id ${is_id_last ? "last" : "first"}, fails its own call alone`, async () => {
        const beside = peer.call("slow", { ms: 1500, text: "beside" });
        const answer = await big(peer, { bytes: limit, is_id_last }, undefined, { accept: "application/json" });
        assert.equal(answer.status, 502);
        assert.equal(answer.message.error.message, "the answer of the MCP server is longer than 32 MiB");
        assert.equal(textOf(await beside), "beside", "another call of the same process");
        assert.equal(textOf(await peer.call("echo", { text: "after" })), "after");
      });
    }
  });
}
