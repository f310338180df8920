// One policy, every protocol version, every kind of upstream: the same decisions everywhere.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startGateway, upstreams } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { legacyVersions, modernVersion, Peer, textOf } from "./support/mcp.mjs";

const user = "read:tools execute:tools read:resources";
const operations = [
  // method, params, scopes that allow it, scopes that do not, what the challenge must ask for
  ["tools/call", { name: "echo", arguments: { text: "hi" } }, user, "read:tools", "execute:tools"],
  ["tools/call", { name: "admin-reset", arguments: {} }, "admin", user, "admin"],
  ["prompts/get", { name: "greeting" }, "read:tools", "execute:tools", "read:tools"],
  ["prompts/get", { name: "secret-prompt" }, "admin", user, "admin"],
  ["resources/read", { uri: "test://open/a" }, "read:resources", "execute:tools", "read:resources"],
  ["resources/read", { uri: "test://secret/a" }, "admin", user, "admin"],
];

for (const [kind, startUpstream] of Object.entries(upstreams)) {
  describe(`over ${kind}`, () => {
    let issuer, upstream, gateway;
    before(async () => {
      issuer = await new Issuer().start();
      upstream = await startUpstream();
      gateway = await startGateway({ upstream: upstream.url, issuer });
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
      await issuer?.stop();
    });

    const connect = async (version, scope, more = {}) => {
      const peer = new Peer(gateway.url, version, issuer.token({ scope, ...more }));
      await peer.open();
      return peer;
    };

    for (const version of [...legacyVersions, modernVersion]) {
      test(`${kind} ${version}: a call passes with its scope and is refused without`, async () => {
        for (const [method, params, allowing, lacking, needed] of operations) {
          const allowed = await (await connect(version, allowing)).send(method, params);
          assert.equal(allowed.status, 200, `${method} ${JSON.stringify(params)}: ${allowed.text}`);
          assert.ok(allowed.message.result, allowed.text);
          const refused = await (await connect(version, lacking)).send(method, params);
          assert.equal(refused.status, 403, `${method} ${JSON.stringify(params)}: ${refused.text}`);
          assert.equal(refused.challenge?.error, "insufficient_scope", refused.text);
          assert.ok(refused.challenge.scope.split(" ").includes(needed), refused.headers.get("www-authenticate"));
          assert.match(refused.challenge.resource_metadata, /\/\.well-known\/oauth-protected-resource/);
        }
      });
      test(`${kind} ${version}: permissions of Auth0 and scopes of others count alike`, async () => {
        const peer = await connect(version, "", { scp: ["execute:tools"], permissions: ["execute:tools"] });
        assert.equal(textOf(await peer.call("echo", { text: "scp" })), "scp");
      });
      test(`${kind} ${version}: a denied tool is refused to everybody`, async () => {
        const peer = await connect(version, `${user} admin`);
        const refused = await peer.call("crash");
        assert.equal(refused.status, 403, refused.text);
        assert.notEqual(refused.challenge?.error, "insufficient_scope", "no scope would help");
      });
      test(`${kind} ${version}: lists show what may be used, and nothing else`, async () => {
        const plain = await connect(version, user);
        const tools = await plain.send("tools/list");
        assert.deepEqual(tools.message.result.tools.map((tool) => tool.name).sort(), ["echo", "progress", "slow", "whoami"]);
        const prompts = await plain.send("prompts/list");
        assert.deepEqual(prompts.message.result.prompts.map((prompt) => prompt.name), ["greeting"]);
        const resources = await plain.send("resources/list");
        assert.deepEqual(resources.message.result.resources.map((resource) => resource.uri), ["test://open/a"]);
        if (version === modernVersion) assert.equal(tools.message.result.cacheScope, "private");
        const admin = await (await connect(version, `${user} admin`)).send("tools/list");
        assert.deepEqual(admin.message.result.tools.map((tool) => tool.name).sort(), ["admin-reset", "echo", "progress", "slow", "whoami"]);
      });
      test(`${kind} ${version}: a batch is refused whole`, async () => {
        const peer = await connect(version, "admin");
        const batch = JSON.stringify([{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "admin-reset", arguments: {} } }]);
        const { post } = await import("./support/mcp.mjs");
        const answer = await post(gateway.url, batch, peer.headers("tools/call", { name: "admin-reset" }));
        assert.equal(answer.status, 400, answer.text);
      });
      test(`${kind} ${version}: progress arrives before its answer`, async () => {
        const peer = await connect(version, user);
        const answer = await peer.send("tools/call", { name: "progress", arguments: { steps: 3 }, _meta: { progressToken: "mine" } });
        assert.equal(textOf(answer), "did 3");
        const steps = answer.messages.filter((message) => message.method === "notifications/progress");
        assert.deepEqual(steps.map((message) => [message.params.progressToken, message.params.progress]), [["mine", 1], ["mine", 2], ["mine", 3]]);
      });
    }

    test(`${kind}: an older version is no way around the policy`, async () => {
      const token = issuer.token({ scope: user });
      const { post } = await import("./support/mcp.mjs");
      for (const version of [undefined, "2024-11-05", ...legacyVersions, modernVersion, "1999-01-01"]) {
        const answer = await post(gateway.url, { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "admin-reset", arguments: {} } },
          { authorization: `Bearer ${token}`, ...(version && { "mcp-protocol-version": version }) });
        assert.ok(answer.status >= 400 && answer.status < 500, `${version}: ${answer.status} ${answer.text}`);
      }
    });
    test(`${kind}: headers that lie about the body are refused`, async () => {
      const peer = await connect(modernVersion, user);
      for (const lie of [{ "mcp-method": "tools/list" }, { "mcp-name": "whoami" }, { "mcp-protocol-version": "2025-11-25" }]) {
        const answer = await peer.call("echo", { text: "x" }, lie);
        assert.equal(answer.status, 400, JSON.stringify(lie) + answer.text);
        assert.equal(answer.message?.error?.code, -32020, answer.text);
      }
    });
    if (kind !== "stdio") {
      test(`${kind}: the upstream gets the identity and never the token`, async () => {
        for (const version of [legacyVersions[2], modernVersion]) {
          const peer = await connect(version, user);
          const spoofed = { "x-doorward-sub": "root", "X_Doorward_Sub": "root", "x-doorward_sub": "root" };
          const seen = JSON.parse(textOf(await peer.call("whoami", {}, spoofed))).identity;
          assert.equal(seen["x-doorward-sub"], "auth0|u1");
          assert.equal(seen.authorization, undefined);
          assert.ok(!JSON.stringify(seen).includes("root"), JSON.stringify(seen));
        }
      });
    }
    test(`${kind}: a session belongs to the principal who opened it`, async () => {
      const mine = await connect("2025-11-25", user);
      if (!mine.session) return;
      const theirs = new Peer(gateway.url, "2025-11-25", issuer.token({ scope: `${user} admin`, sub: "auth0|u2" }));
      Object.assign(theirs, { session: mine.session, isOpen: true });
      const stolen = await theirs.call("echo", { text: "x" });
      assert.ok([403, 404].includes(stolen.status), `${stolen.status} ${stolen.text}`);
      const refreshed = new Peer(gateway.url, "2025-11-25", issuer.token({ scope: user, jti: "another" }));
      Object.assign(refreshed, { session: mine.session, isOpen: true });
      assert.equal(textOf(await refreshed.call("echo", { text: "still mine" })), "still mine");
    });
    test(`${kind}: a session that never was is 404`, async () => {
      const peer = await connect("2025-11-25", user);
      Object.assign(peer, { session: "never-was" });
      assert.equal((await peer.call("echo", { text: "x" })).status, 404);
    });
  });
}
