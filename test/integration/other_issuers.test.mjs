// Other people's authorization servers behind our gateway: a real client finds them, registers, logs in, calls.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { OAuth2Server } from "oauth2-mock-server";
import { startFixture, startGateway } from "./support/doorward.mjs";
import { modernMessage, modernVersion, post } from "./support/mcp.mjs";
import { connectLoggingIn, HeadlessProvider } from "./support/oauth.mjs";
import { freePort } from "./support/process.mjs";

const scopes = "execute:tools read:tools read:resources";
const call = (gateway, token, tool = "echo") => post(gateway.url, modernMessage(1, "tools/call", { name: tool, arguments: { text: "in" } }), {
  authorization: `Bearer ${token}`, "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": tool,
});
let upstream;
before(async () => { upstream = await startFixture(); });
after(() => upstream?.stop());

describe("oidc-provider", () => {
  let server, gateway, issuer;

  before(async () => {
    const { default: Provider } = await import("oidc-provider");
    issuer = `http://127.0.0.1:${await freePort()}`; // without a slash at the end, unlike Auth0
    const provider = new Provider(issuer, {
      clients: [{ client_id: "robot", client_secret: "a long secret of a robot", grant_types: ["client_credentials"], redirect_uris: [], response_types: [], scope: scopes }],
      scopes: ["openid", "offline_access", "admin", ...scopes.split(" ")],
      features: {
        registration: { enabled: true }, clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true, useGrantedResource: () => true, defaultResource: () => gateway.url,
          getResourceServerInfo: (_, resource) => ({ scope: scopes, audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 300 }),
        },
      },
      cookies: { keys: ["a key of this test"] },
    });
    server = createServer(provider.callback());
    await new Promise((resolve) => server.listen(new URL(issuer).port, "127.0.0.1", resolve));
    gateway = await startGateway({ upstream: upstream.url, auth: { issuer } });
  });
  after(async () => {
    await gateway?.stop();
    server?.closeAllConnections();
    server?.close();
  });

  test("a real client discovers it through the gateway, registers, logs in and calls", async () => {
    const provider = new HeadlessProvider({ email: "somebody@example.com", password: "any", scope: scopes });
    const client = await connectLoggingIn(() => new StreamableHTTPClientTransport(new URL(gateway.url), { authProvider: provider }), () => new Client({ name: "test", version: "1" }), provider);
    assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name).filter((name) => /^admin-|^crash$/.test(name)), [], "what the policy keeps is not listed");
    assert.equal((await client.callTool({ name: "echo", arguments: { text: "hello" } })).content[0].text, "hello");
    await client.close();
  });

  const robot = async (resource) => (await (await fetch(`${issuer}/token`, {
    method: "POST", headers: { authorization: `Basic ${Buffer.from("robot:a%20long%20secret%20of%20a%20robot").toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: scopes, resource }),
  })).json()).access_token;
  test("client credentials for the gateway are let in", async () => {
    assert.equal((await call(gateway, await robot(gateway.url))).status, 200);
  });
  test("a token of the same issuer for another API is refused", async () => {
    assert.equal((await call(gateway, await robot("https://other.example/api"))).challenge.error, "invalid_token");
  });
});

describe("oauth2-mock-server", () => {
  const server = new OAuth2Server();
  let gateway;

  before(async () => {
    await server.issuer.keys.generate("RS256");
    await server.issuer.keys.generate("ES256");
    await server.start(0, "127.0.0.1");
    server.issuer.url = `http://127.0.0.1:${server.address().port}`;
    gateway = await startGateway({ upstream: upstream.url, auth: { issuer: server.issuer.url } });
  });
  after(async () => {
    await gateway?.stop();
    await server.stop();
  });

  const token = (claims) => server.issuer.buildToken({ scopesOrTransform: (_, payload) => Object.assign(payload, { sub: "somebody", aud: gateway.url, scope: scopes }, claims) });
  test("its tokens are let in, for what their scopes allow", async () => {
    assert.equal((await call(gateway, await token())).status, 200);
    assert.equal((await call(gateway, await token(), "admin-reset")).challenge.error, "insufficient_scope");
  });
  test("so are those it signs with its other key", async () => {
    assert.equal((await call(gateway, await server.issuer.buildToken({ kid: server.issuer.keys.toJSON().at(-1).kid, scopesOrTransform: (_, payload) => Object.assign(payload, { sub: "somebody", aud: gateway.url, scope: scopes }) }))).status, 200);
  });
  test("expired, for another audience, or of nobody: refused", async () => {
    for (const claims of [{ exp: 1 }, { aud: "https://other.example/" }, { iss: "http://127.0.0.1:1" }]) {
      assert.equal((await call(gateway, await token(claims))).challenge.error, "invalid_token", JSON.stringify(claims));
    }
  });
});
