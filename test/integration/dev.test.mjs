// `doorward dev` as a newcomer meets it, `doorward token`, and the management verbs.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { doorward, fixture, node, startDev, users } from "./support/doorward.mjs";
import { modernVersion, Peer, rawRequest, textOf } from "./support/mcp.mjs";
import { binary, everything, here, run, sleep, until } from "./support/process.mjs";

// The command lines that have this text in them.
const processesNaming = (text) => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((name) => {
  try { return readFileSync(`/proc/${name}/cmdline`, "utf8"); } catch { return ""; }
}).filter((line) => line.includes(text));

describe("dev", () => {
  let dev;
  before(async () => { dev = await startDev({ upstream: [node, everything, "stdio"], rows: [] }); });
  after(() => dev?.stop());

  test("prints the MCP URL, the users, and lines for each client", async () => {
    await until(() => dev.program.talk.includes("curl"), "the last line");
    for (const expected of [dev.url, dev.issuer, users.user.email, users.admin.email, "MCP User", "MCP Admin", "claude mcp add", "Cursor", "inspector", "curl"]) {
      assert.ok(dev.program.talk.includes(expected), `${expected} in:\n${dev.program.talk}`);
    }
  });
  test("the printed curl lines work", async () => {
    const line = dev.program.talk.match(/^\s*(?:\$ )?((?:TOKEN=|curl )[\s\S]*?)\n\s*\n/m)?.[1];
    assert.ok(line, dev.program.talk);
    const ended = await run("bash", ["-c", line.replace(/\\\n/g, " ")], { env: { PATH: `${path.dirname(binary)}:${process.env.PATH}` } });
    assert.equal(ended.status, 0, ended.talk);
  });
  test("health answers on both listeners", async () => {
    for (const origin of [new URL(dev.url).origin, new URL(dev.issuer).origin]) assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  });
  test("the metadata leads from the MCP URL to the login", async () => {
    const metadata = await (await fetch(`${new URL(dev.url).origin}/.well-known/oauth-protected-resource/mcp`)).json();
    assert.equal(metadata.resource, dev.url);
    assert.deepEqual(metadata.authorization_servers, [dev.issuer]);
    const root = await (await fetch(`${new URL(dev.url).origin}/.well-known/oauth-protected-resource`)).json();
    assert.deepEqual(root, metadata);
    // With a slash at the end: as Go's SDK asks, which keeps that of the issuer.
    for (const name of ["oauth-authorization-server", "openid-configuration", "oauth-authorization-server/", "openid-configuration/"]) {
      const document = await (await fetch(`${dev.issuer}.well-known/${name}`)).json();
      assert.equal(document.issuer, dev.issuer);
      assert.deepEqual(document.code_challenge_methods_supported, ["S256"]);
      assert.equal(document.client_id_metadata_document_supported, true);
      assert.equal(document.authorization_response_iss_parameter_supported, true);
    }
  });
  test("doorward token gets a token that works", async () => {
    const ended = await doorward(["token", "--issuer", dev.issuer, "--audience", dev.url, "--client-id", "doorward-dev", "--user", users.user.email, "--password-stdin"], { input: `${users.user.password}\n` });
    assert.equal(ended.status, 0, ended.stderr);
    const peer = new Peer(dev.url, "2025-11-25", ended.stdout.trim());
    await peer.open();
    assert.equal(textOf(await peer.call("echo", { message: "hi" })), "Echo: hi");
  });
  test("a login whose refresh token came twice is over at the gateway, too", async () => {
    const post = async (more) => (await fetch(`${dev.issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ client_id: "doorward-dev", ...more }) })).json();
    const first = await post({ grant_type: "password", username: users.user.email, password: users.user.password, audience: dev.url, scope: "offline_access read:tools" });
    const second = await post({ grant_type: "refresh_token", refresh_token: first.refresh_token });
    const peer = new Peer(dev.url, "2025-11-25", second.access_token);
    await peer.open();
    await post({ grant_type: "refresh_token", refresh_token: second.refresh_token });
    assert.equal((await post({ grant_type: "refresh_token", refresh_token: first.refresh_token })).error, "invalid_grant");
    await until(async () => (await new Peer(dev.url, "2025-11-25", second.access_token).send("initialize")).status === 401, "the gateway to refuse the access token", 5_000);
  });
  test("a wrong password is one sentence and status 1", async () => {
    const ended = await doorward(["token", "--issuer", dev.issuer, "--audience", dev.url, "--client-id", "doorward-dev", "--user", users.user.email, "--password-stdin"], { input: "wrong\n" });
    assert.equal(ended.status, 1);
    assert.equal(ended.stdout, "");
    assert.match(ended.stderr, /[Ww]rong email or password/);
  });
  test("a page of another site cannot call it: Host and Origin are checked", async () => {
    const host = new URL(dev.url).host;
    const fields = (more) => ["Content-Type", "application/json", "Accept", "application/json, text/event-stream", ...more];
    assert.equal((await rawRequest(dev.url, { headers: fields(["Host", "evil.example.com"]), body: "{}" })).status >= 400, true);
    assert.equal((await rawRequest(dev.url, { headers: fields(["Host", host, "Origin", "http://evil.example.com"]), body: "{}" })).status, 403);
    assert.equal((await rawRequest(dev.url, { headers: fields(["Host", host, "Origin", "http://localhost:6274"]), body: "{}" })).status, 401);
  });
  test("modern clients get along with a legacy server's answer", async () => {
    const peer = new Peer(dev.url, modernVersion, "no-token");
    assert.equal((await peer.send("server/discover")).status, 401);
  });
  test("SIGINT ends everything it started", async () => {
    const own = await startDev({ upstream: [node, fixture, "stdio"] });
    own.program.kill("SIGINT");
    const began = Date.now();
    await own.program.ended;
    assert.equal(own.program.status, 0, own.program.talk.slice(-2000));
    assert.ok(Date.now() - began < 8_000);
    await sleep(100);
    assert.deepEqual(processesNaming(own.folder), []);
    assert.ok(existsSync(path.join(own.folder, "state")));
  });
});

describe("the command line", () => {
  test("help and version go to stdout with status 0", async () => {
    for (const args of [["--help"], ["version"], ["dev", "--help"], ["gateway", "--help"], ["tenant", "--help"], ["token", "--help"], ["config", "--help"]]) {
      const ended = await doorward(args);
      assert.equal(ended.status, 0, `${args}: ${ended.stderr}`);
      assert.ok(ended.stdout.length > 5, String(args));
      assert.equal(ended.stderr, "");
    }
  });
  test("no verb is usage: status 2, on stderr", async () => {
    const ended = await doorward([]);
    assert.equal(ended.status, 2);
    assert.equal(ended.stdout, "");
    assert.match(ended.stderr, /dev/);
  });
  test("an unknown flag names itself", async () => {
    const ended = await doorward(["dev", "--lissten", "x"]);
    assert.equal(ended.status, 2);
    assert.match(ended.stderr, /--lissten/);
  });
  test("config check explains the seed's own file", async () => {
    const ended = await doorward(["config", "check", "--config", path.join(here, "fixtures/deploy.toml")]);
    assert.equal(ended.status, 0, ended.talk);
    assert.match(ended.stdout, /https:\/\/your-tenant\.auth0\.com\//);
  });
});
