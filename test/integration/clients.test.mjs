// Other people's clients, end to end: discover, register, log in, list, call, and be told which scope is missing.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as second from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { fixture, node, startDev, startEverything, startFixture, users } from "./support/doorward.mjs";
import { challengeOf } from "./support/mcp.mjs";
import { startMetadataDocument } from "./support/metadata_document.mjs";
import { connectLoggingIn, HeadlessProvider } from "./support/oauth.mjs";
import { everything } from "./support/process.mjs";

const info = { name: "doorward-test", version: "1.0.0" };
const clients = {
  "sdk 1": { eras: ["legacy"], make: () => new FirstClient(info), Transport: FirstTransport },
  "sdk 2 legacy": { eras: ["legacy"], isSecond: true, make: () => new second.Client(info), Transport: second.StreamableHTTPClientTransport },
  "sdk 2 auto": { eras: ["legacy", "modern"], isSecond: true, make: () => new second.Client(info, { versionNegotiation: { mode: "auto" } }), Transport: second.StreamableHTTPClientTransport },
  "sdk 2 modern": { eras: ["modern"], isSecond: true, make: () => new second.Client(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } }), Transport: second.StreamableHTTPClientTransport },
};
// A real server each: what a user may not call there, and what it may.
const everythingRows = [
  { name: "the environment is for admins", tool: "get-env", all_scopes: ["admin"] },
  { name: "tools", tool: "*", all_scopes: ["execute:tools"] },
  { name: "prompts", prompt: "*", all_scopes: ["read:tools"] },
  { name: "resources", resource: "*", all_scopes: ["read:resources"] },
];
const servers = {
  "server-everything over stdio": { era: "legacy", start: async () => ({ url: [node, everything, "stdio"], stop: async () => {} }), rows: everythingRows, forbidden: "get-env" },
  "server-everything over HTTP": { era: "legacy", start: startEverything, rows: everythingRows, forbidden: "get-env" },
  "SDK server over stdio": { era: "modern", start: async () => ({ url: [node, fixture, "stdio"], stop: async () => {} }), forbidden: "admin-reset", denied: ["crash"] },
  "SDK server over HTTP": { era: "modern", start: () => startFixture(), forbidden: "admin-reset", denied: ["crash"] },
};
const echoed = { "get-env": "Echo: hello", "admin-reset": "hello" };

for (const [serverName, server] of Object.entries(servers)) {
  describe(serverName, () => {
    let upstream, dev, documents;
    before(async () => {
      documents = await startMetadataDocument({
        client_name: "Published client", redirect_uris: [new HeadlessProvider({}).redirectUrl], token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
      });
      upstream = await server.start();
      dev = await startDev({ upstream: upstream.url, rows: server.rows, env: { SSL_CERT_FILE: documents.certificate } });
    });
    after(async () => {
      await dev?.stop();
      await upstream?.stop();
      await documents?.stop();
    });

    for (const [clientName, kind] of Object.entries(clients)) {
      // A client of both eras is at home everywhere; the others only where the server speaks theirs.
      if (!kind.eras.includes(server.era) && !(server.era === "modern" && kind.eras.includes("legacy"))) continue;
      for (const registration of clientName === "sdk 2 modern" || clientName === "sdk 1" ? ["registration", "metadata document"] : ["registration"]) {
        test(`${clientName} by ${registration}: discovers, logs in, lists, calls, and learns what it lacks`, async () => {
          const seen = [];
          const recording = async (url, options) => {
            const answer = await fetch(url, options);
            seen.push({ url: String(url), status: answer.status, challenge: challengeOf(answer.headers.get("www-authenticate")) });
            return answer;
          };
          const provider = new HeadlessProvider({ ...users.user, ...(registration !== "registration" && { clientMetadataUrl: documents.url }) });
          provider.isSecondGeneration = kind.isSecond;
          const transports = [];
          const client = await connectLoggingIn(() => {
            transports.push(new kind.Transport(new URL(dev.url), { authProvider: provider, fetch: recording, ...(kind.isSecond && { onInsufficientScope: "throw" }) }));
            return transports.at(-1);
          }, kind.make, provider);

          const refused = seen.find((answer) => answer.status === 401);
          assert.ok(refused.challenge.resource_metadata.startsWith(new URL(dev.url).origin));
          assert.equal(provider.answer.searchParams.get("iss"), dev.issuer);
          assert.equal(provider.seen.authorizationUrl.searchParams.get("resource"), dev.url);
          if (registration === "registration") assert.ok(seen.some((answer) => answer.url === `${dev.issuer}oidc/register` && answer.status === 201));
          else assert.equal(provider.seen.authorizationUrl.searchParams.get("client_id"), documents.url);

          const { tools } = await client.listTools();
          const names = tools.map((tool) => tool.name);
          assert.ok(names.includes("echo"));
          for (const hidden of [server.forbidden, ...(server.denied ?? [])]) assert.ok(!names.includes(hidden), `${hidden} is listed`);
          const said = await client.callTool({ name: "echo", arguments: server.rows ? { message: "hello" } : { text: "hello" } });
          assert.equal(said.content[0].text, echoed[server.forbidden]);

          await assert.rejects(client.callTool({ name: server.forbidden, arguments: {} }));
          const lacking = seen.findLast((answer) => answer.status === 403);
          assert.equal(lacking?.challenge?.error, "insufficient_scope");
          assert.ok(lacking.challenge.scope.split(" ").includes("admin"), lacking.challenge.scope);
          await client.close();
        });
      }
    }

    test("an admin may call what a user may not", async () => {
      const provider = Object.assign(new HeadlessProvider(users.admin), { isSecondGeneration: true });
      const kind = clients["sdk 2 auto"];
      const client = await connectLoggingIn(() => new kind.Transport(new URL(dev.url), { authProvider: provider }), kind.make, provider);
      assert.ok((await client.listTools()).tools.some((tool) => tool.name === server.forbidden));
      const answer = await client.callTool({ name: server.forbidden, arguments: {} });
      assert.ok(!answer.isError, JSON.stringify(answer));
      await client.close();
    });

    test("a user who says no at the consent page gives nothing away", async () => {
      const provider = Object.assign(new HeadlessProvider(users.user), { isSecondGeneration: true });
      provider.user.decision = "deny";
      const kind = clients["sdk 2 auto"];
      await assert.rejects(kind.make().connect(new kind.Transport(new URL(dev.url), { authProvider: provider })), /refused: .*access_denied|refused/);
      assert.equal(provider.answer.searchParams.get("code"), null);
      assert.equal(provider.answer.searchParams.get("error"), "access_denied");
    });

    test("a refresh keeps the client going without a new login", async () => {
      const provider = Object.assign(new HeadlessProvider({ ...users.user, scope: "read:tools execute:tools offline_access" }), { isSecondGeneration: true });
      const kind = clients["sdk 2 auto"];
      const client = await connectLoggingIn(() => new kind.Transport(new URL(dev.url), { authProvider: provider }), kind.make, provider);
      assert.ok(provider.kept.refresh_token, "offline_access gives a refresh token");
      const { authorizationUrl } = provider.seen;
      const before = provider.kept.access_token;
      provider.kept = { ...provider.kept, access_token: `${before.slice(0, -8)}AAAAAAAA` };
      assert.ok((await client.listTools()).tools.length > 0);
      assert.notEqual(provider.kept.access_token, before);
      assert.equal(provider.seen.authorizationUrl, authorizationUrl, "no second login");
      await client.close();
    });
  });
}
