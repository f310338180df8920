// `doorward token` in its three ways, against a tenant that runs, and management beside it.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { doorward, fixture, node, startDev, users } from "./support/doorward.mjs";
import { Peer, textOf } from "./support/mcp.mjs";
import { binary, start, until } from "./support/process.mjs";
import { claimsOf } from "./support/tenant.mjs";

describe("doorward token", () => {
  let dev;
  const manage = (...args) => doorward(["tenant", "--state-dir", path.join(dev.folder, "state"), ...args]);
  before(async () => { dev = await startDev({ upstream: [node, fixture, "stdio"], rows: [] }); });
  after(() => dev?.stop());

  // What --no-browser prints is opened here instead; the answer goes to the loopback port it names.
  async function browserLogin(args, decision = "accept") {
    const program = start(binary, ["token", "--no-browser", "--issuer", dev.issuer, "--audience", dev.url, ...args]);
    const [url] = await until(() => program.stderr.match(/http\S*authorize\?\S+/), "the URL to log in at");
    const back = new URL(url).searchParams.get("redirect_uri");
    assert.match(back, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const forged = new URL(back);
    forged.search = "code=stolen&state=wrong";
    assert.equal((await fetch(forged)).status, 404);
    const answer = await new Browser().authorize(url, back, { ...users.user, decision });
    const page = await fetch(answer);
    const html = await page.text();
    await program.ended;
    return { program, url: new URL(url), page, html };
  }

  test("the browser login registers a client, uses PKCE, and its token works", async () => {
    const { program, url, page, html } = await browserLogin([]);
    assert.equal(program.status, 0, program.talk);
    assert.equal(page.status, 200);
    assert.match(html, /logged in/);
    assert.equal(url.searchParams.get("code_challenge_method"), "S256");
    assert.equal(url.searchParams.get("code_challenge").length, 43);
    const token = program.stdout.trim();
    assert.equal(claimsOf(token).aud.includes(dev.url), true);
    const peer = new Peer(dev.url, "2025-11-25", token);
    await peer.open();
    assert.equal(textOf(await peer.call("echo", { text: "hi" })), "hi");
  });
  test("a login that is refused is one sentence and status 1", async () => {
    const { program, page } = await browserLogin([], "deny");
    assert.equal(program.status, 1);
    assert.equal(page.status, 400);
    assert.equal(program.stdout, "");
    assert.match(program.stderr, /access_denied/);
  });
  test("client credentials give a token, with --json the whole answer", async () => {
    const made = await manage("client", "add", "--name", "robot", "--grant-type", "client_credentials", "--audience", dev.url);
    assert.equal(made.status, 0, made.talk);
    const id = made.talk.match(/client_id\s+([\w-]+)/)?.[1];
    const secret = made.talk.match(/client_secret\s+([\w-]+)/)?.[1];
    assert.ok(id && secret, made.talk);
    const args = ["token", "--issuer", dev.issuer, "--audience", dev.url, "--client-id", id, "--client-secret-stdin"];
    const plain = await doorward(args, { input: `${secret}\n` });
    assert.equal(plain.status, 0, plain.stderr);
    assert.equal(claimsOf(plain.stdout.trim()).gty, "client-credentials");
    const whole = JSON.parse((await doorward([...args, "--json"], { input: `${secret}\n` })).stdout);
    assert.equal(whole.token_type, "Bearer");
    const wrong = await doorward(args, { input: "wrong\n" });
    assert.equal(wrong.status, 1);
    assert.equal(wrong.stdout, "");
  });
  test("an issuer that is not what it says, or not safe to ask, is refused", async () => {
    for (const [issuer, expected] of [
      [dev.issuer.slice(0, -1), /calls itself/], ["http://192.0.2.1/", /no https URL/], ["ftp://127.0.0.1/", /no https URL/],
      ["https://user@127.0.0.1/", /no https URL/], ["nonsense", /no https URL/],
    ]) {
      const ended = await doorward(["token", "--issuer", issuer, "--client-id", "x", "--user", "a@b", "--password-stdin"], { input: "x\n" });
      assert.equal(ended.status, 1, issuer);
      assert.match(ended.stderr, expected);
    }
  });
  test("environment and file name the issuer as in the gateway", async () => {
    const ended = await doorward(["token", "--user", users.user.email], { env: { OIDC_ISSUER: dev.issuer, OIDC_AUDIENCE: dev.url, AUTH0_CLIENT_ID: "doorward-dev", DOORWARD_PASSWORD: users.user.password } });
    assert.equal(ended.status, 0, ended.stderr);
    assert.equal(claimsOf(ended.stdout.trim()).iss, dev.issuer);
  });
});
