// The library's examples with other people's clients: the npm SDKs over stdio, and over HTTP with a login at our tenant;
// the MCP Inspector's CLI; and the seed's own integration test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import path from "node:path";
import * as second from "@modelcontextprotocol/client";
import { StdioClientTransport as SecondStdio } from "@modelcontextprotocol/client/stdio";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as FirstStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as FirstHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { doorward, node, startTenant } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { connectLoggingIn, HeadlessProvider } from "./support/oauth.mjs";
import { binary, examples, freePort, here, root, run, serve, temporaryFolder, writeFile } from "./support/process.mjs";

const info = { name: "doorward-test", version: "1.0.0" };
const pinned = { versionNegotiation: { mode: { pin: "2026-07-28" } } };
const clients = {
  "sdk 1": { make: () => new FirstClient(info), Stdio: FirstStdio, Http: FirstHttp },
  "sdk 2 legacy": { isSecond: true, make: () => new second.Client(info), Stdio: SecondStdio, Http: second.StreamableHTTPClientTransport },
  "sdk 2 modern": { isSecond: true, make: () => new second.Client(info, pinned), Stdio: SecondStdio, Http: second.StreamableHTTPClientTransport },
};
const folder = temporaryFolder();
const database = path.join(folder, "shop.db");
const program = (name) => path.join(examples, name);
const sqlite = (sql) => run("python3", ["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", database, sql]);
const withProgress = (kind, client, call, onprogress) => kind.isSecond ? client.callTool(call, { onprogress }) : client.callTool(call, undefined, { onprogress });

before(async () => {
  const made = await sqlite("CREATE TABLE orders(id INTEGER, org_id TEXT, item TEXT); INSERT INTO orders VALUES (1,'org_a','tea'),(2,'org_b','rum'),(3,'org_a','jam'); CREATE TABLE secrets(text); INSERT INTO secrets VALUES ('no');");
  assert.equal(made.status, 0, made.talk);
});

// What each example must do for any client.
const examined = {
  hello: async (kind, client) => {
    assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), ["hello"]);
    assert.deepEqual((await client.callTool({ name: "hello", arguments: { name: "Ada" } })).content, [{ type: "text", text: "Hello, Ada!" }]);
    const refused = await client.callTool({ name: "hello", arguments: { name: 1 } });
    assert.equal(refused.isError, true);
    assert.match(refused.content[0].text, /\/name.*must be of type "string"/s);
  },
  weather: async (kind, client) => {
    await client.listTools(); // clients learn the output schema here, and check what comes
    const steps = [];
    const answer = await withProgress(kind, client, { name: "forecast", arguments: { city: "Oslo", month: 7, days: 3 } }, ({ progress, total }) => steps.push(`${progress}/${total}`));
    assert.deepEqual(answer.structuredContent, { city: "Oslo", unit: "C", temperatures: [16.1, 19.1, 16.1] });
    assert.deepEqual(JSON.parse(answer.content[0].text), answer.structuredContent);
    // The SDKs drop a progress that comes in one read with the result.
    assert.deepEqual(steps.slice(0, 2), ["1/3", "2/3"]);
    assert.ok(steps.length === 2 || steps[2] === "3/3", steps.join());
    const stop = new AbortController();
    const began = performance.now();
    const call = { name: "forecast", arguments: { city: "Lima", days: 14 } };
    setTimeout(() => stop.abort(), 120);
    await assert.rejects(kind.isSecond ? client.callTool(call, { signal: stop.signal }) : client.callTool(call, undefined, { signal: stop.signal }));
    assert.ok(performance.now() - began < 600, "cancelled before the 14 days were over");
    assert.equal((await client.callTool({ name: "forecast", arguments: { city: "Cairo", days: 1 } })).structuredContent.city, "Cairo");
  },
  sqlite_explorer: async (kind, client) => {
    assert.match((await client.callTool({ name: "list_tables", arguments: {} })).content[0].text, /^name \| sql\norders \| [^\n]*\n$/);
    assert.equal((await client.callTool({ name: "query", arguments: { sql: "SELECT id, item FROM orders ORDER BY id" } })).content[0].text, "id | item\n1 | tea\n3 | jam\n");
    for (const sql of ["DELETE FROM orders", "SELECT * FROM file.orders", "SELECT text FROM secrets", "ATTACH 'x' AS y", "PRAGMA database_list"]) {
      const refused = await client.callTool({ name: "query", arguments: { sql } });
      assert.equal(refused.isError, true, sql);
    }
  },
};

for (const [name, kind] of Object.entries(clients)) {
  describe(`${name} over stdio`, () => {
    for (const [example, examine] of Object.entries(examined)) {
      test(example, async () => {
        const client = kind.make();
        await client.connect(new kind.Stdio({ command: program(example), args: [], env: { PATH: process.env.PATH, SQLITE_EXPLORER_FILE: database, SQLITE_EXPLORER_ORG: "org_a" }, stderr: "ignore" }));
        assert.equal(client.getServerVersion().name, example.replace("_", "-"));
        await examine(kind, client);
        await client.close();
      });
    }
  });
}

describe("over HTTP with OAuth", () => {
  const ada = { email: "ada@example.com", password: "a long enough password" };
  const machine = { client_id: "machine", client_secret: "machine-secret-0123456789abcdef" };
  const ports = {}, servers = {};
  let tenant;
  const urlOf = (example) => `http://127.0.0.1:${ports[example]}/mcp`;
  const startExample = (example, env) => serve(program(example), ["--listen", `127.0.0.1:${ports[example]}`], `http://127.0.0.1:${ports[example]}/healthz`, { env: { ...env, SQLITE_EXPLORER_FILE: database } });

  before(async () => {
    for (const example of Object.keys(examined)) ports[example] = await freePort();
    const apis = Object.keys(examined).map((example) => ({ identifier: urlOf(example), name: example, permissions: ["read:tools", "execute:tools"] }));
    tenant = await startTenant({
      seed: {
        apis, users: [{ ...ada, roles: ["User"] }], roles: [{ name: "User", api: urlOf("hello"), permissions: ["read:tools", "execute:tools"] }],
        clients: [{ ...machine, name: "Machine", grant_types: ["client_credentials"], audiences: apis.map((api) => api.identifier) }],
      },
      tables: { "auth.dcr": { enabled: true } },
    });
    for (const example of ["hello", "weather"]) servers[example] = await startExample(example, { AUTH0_DOMAIN: `127.0.0.1:${tenant.port}`, AUTH0_AUDIENCE: urlOf(example) });
  });
  after(async () => {
    for (const server of Object.values(servers)) assert.equal(await server.stop(), 0, server.talk);
    await tenant?.stop();
  });

  for (const [name, kind] of Object.entries(clients))
    for (const example of ["hello", "weather"])
      test(`${name} finds the tenant, registers, logs in, and uses ${example}`, async () => {
        const provider = Object.assign(new HeadlessProvider(ada), { isSecondGeneration: kind.isSecond });
        const client = await connectLoggingIn(() => new kind.Http(new URL(urlOf(example)), { authProvider: provider }), kind.make, provider);
        assert.equal(provider.seen.authorizationUrl.origin, new URL(tenant.issuer).origin);
        assert.equal(provider.seen.authorizationUrl.searchParams.get("resource"), urlOf(example));
        await examined[example](kind, client);
        await client.close();
      });

  for (const [name, kind] of Object.entries(clients))
    test(`${name} sees the rows of its organization alone`, async () => {
      const issuer = await new Issuer().start();
      issuer.audience = urlOf("sqlite_explorer");
      const server = await startExample("sqlite_explorer", { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: issuer.audience, SQLITE_EXPLORER_ORG: "org_b" });
      const connect = async (claims) => {
        const client = kind.make();
        await client.connect(new kind.Http(new URL(urlOf("sqlite_explorer")), { requestInit: { headers: { authorization: `Bearer ${issuer.token(claims)}` } } }));
        return client;
      };
      const [member, stranger] = [await connect({ org_id: "org_a" }), await connect({})];
      await examined.sqlite_explorer(kind, member);
      const refused = await stranger.callTool({ name: "query", arguments: { sql: "SELECT * FROM orders" } });
      assert.deepEqual([refused.isError, refused.content[0].text], [true, "your access token names no organization (org_id); log in to one"]);
      for (const client of [member, stranger]) await client.close();
      assert.equal(await server.stop(), 0, server.talk);
      await issuer.stop();
    });

  const tokenFor = async (audience) => {
    const ended = await doorward(["token", "--issuer", tenant.issuer, "--audience", audience, "--client-id", machine.client_id, "--client-secret-stdin"], { input: machine.client_secret });
    assert.equal(ended.status, 0, ended.talk);
    return ended.stdout.trim();
  };

  test("the seed's test_auth0_validation: client credentials, the validator, the claims", async () => {
    const page = readFileSync(path.join(root, "docs/from-the-seed.md"), "utf8");
    const [, block] = page.match(/```c\n(static bool auth0_validation.*?)```/s);
    writeFile(folder, "validate.c", `#include <stdio.h>
#include <doorward/doorward.h>
${block}
int main(int argc, char **argv)
{
    struct dw_error error = {0};

    if (argc == 2 && auth0_validation(argv[1], &error))
        return 0;
    fprintf(stderr, "%s\\n", error.message);
    return 1;
}
`);
    const libraries = path.join(path.dirname(binary), "src/sdk/library");
    const built = await run("cc", ["-std=c99", "-Wall", "-Werror", "validate.c", "-o", "validate", `-I${path.join(root, "include")}`, `-L${libraries}`, `-Wl,-rpath,${libraries}`, "-ldoorward"], { cwd: folder });
    assert.equal(built.status, 0, built.talk);
    const validate = (token) => run(path.join(folder, "validate"), [token], { env: { AUTH0_DOMAIN: `127.0.0.1:${tenant.port}`, AUTH0_AUDIENCE: urlOf("hello") } });
    const good = await validate(await tokenFor(urlOf("hello")));
    assert.equal(good.status, 0, good.talk);
    assert.match(good.stdout, /^User: machine@clients\nPermissions: \d+\n$/);
    for (const bad of [await tokenFor(urlOf("weather")), `${(await tokenFor(urlOf("hello"))).slice(0, -8)}AAAAAAAA`, "a.b.c", ""]) {
      const refused = await validate(bad);
      assert.equal(refused.status, 1, `taken: ${bad}`);
      assert.equal(refused.stdout, "");
      assert.notEqual(refused.stderr, "\n");
    }
  });

  test("the MCP Inspector's CLI lists and calls, over stdio and over HTTP with a token", async () => {
    const inspect = async (target, ...args) => {
      const ended = await run(node, [path.join(here, "node_modules/.bin/mcp-inspector"), "--cli", ...target, ...args], { cwd: folder, env: { HOME: folder }, limitMs: 60_000 });
      assert.equal(ended.status, 0, ended.talk);
      return JSON.parse(ended.stdout);
    };
    const token = await tokenFor(urlOf("hello"));
    for (const target of [[program("hello")], [urlOf("hello"), "--transport", "http", "--header", `Authorization: Bearer ${token}`]]) {
      assert.deepEqual((await inspect(target, "--method", "tools/list")).tools.map((tool) => tool.name), ["hello"]);
      assert.deepEqual((await inspect(target, "--method", "tools/call", "--tool-name", "hello", "--tool-arg", "name=Ada")).content, [{ type: "text", text: "Hello, Ada!" }]);
    }
  });
});
