// Bad tokens against a running gateway: nothing but the good ones gets 200, and every refusal says why and where to go.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { startGateway, startFixture } from "./support/doorward.mjs";
import { Issuer, makeKey } from "./support/issuer.mjs";
import { challengeOf, modernMessage, modernVersion, post, rawRequest } from "./support/mcp.mjs";
import { binary, temporaryFolder, writeFile } from "./support/process.mjs";

// The cases are data, shared with the library's own test: test/corpus/tokens.tsv says what each is.
const mintToken = path.join(path.dirname(binary), "test/tools/mint_token");
const mint = (...args) => execFileSync(mintToken, args, { maxBuffer: 1 << 26 });
const cases = mint("--list").toString().trim().split("\n").map((line) => line.split("\t")).map(([name, status, why]) => ({ name, status: Number(status), why }));
const now = () => Math.floor(Date.now() / 1000);
let issuer, other, upstream, gateway, minted;

before(async () => {
  issuer = await new Issuer().start();
  other = await new Issuer().start();
  const keys = writeFile(temporaryFolder(), "keys.pem", mint("--new-keys"));
  issuer.foreignKeys = JSON.parse(mint("--keys", keys, "--jwks")).keys;
  upstream = await startFixture();
  gateway = await startGateway({ upstream: upstream.url, issuer });
  other.audience = issuer.audience;
  minted = new Map(mint("--keys", keys, "--issuer", issuer.url, "--audience", issuer.audience, "--scope", "execute:tools", "--all").toString("latin1").split("\n").filter(Boolean).map((line) => line.split("\t")).map(([name, , token]) => [name, token]));
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
  await Promise.all([issuer?.stop(), other?.stop()]);
});

const echo = { name: "echo", arguments: { text: "in" } };
const send = (token, fields = {}) => post(gateway.url, modernMessage(1, "tools/call", echo), {
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": "echo", ...fields,
});
const good = (claims, options) => issuer.token({ scope: "execute:tools", ...claims }, options);

for (const { name, status, why } of cases) {
  test(`${status} ${name}: ${why}`, async () => {
    for (const attempt of ["first", "again, when it may be remembered"]) {
      const answer = await send(minted.get(name));
      assert.equal(answer.status, status, `${attempt}: ${answer.headers.get("www-authenticate")} ${answer.text}`);
      if (status === 200) {
        assert.equal(answer.message.result.content[0].text, "in");
        continue;
      }
      assert.equal(answer.challenge?.scheme, "Bearer", attempt);
      assert.equal(answer.challenge.error, status === 400 ? "invalid_request" : "invalid_token", attempt);
      assert.ok(answer.challenge.error_description?.length > 10, answer.headers.get("www-authenticate"));
      assert.match(answer.challenge.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, "RFC 6750 section 3 names the characters");
      assert.equal(answer.challenge.resource_metadata, `${new URL(gateway.url).origin}/.well-known/oauth-protected-resource/mcp`);
      assert.equal(answer.message?.result, undefined, "nothing of the upstream's answer");
    }
  });
}
test("the metadata that challenges name is there", async () => {
  const { challenge } = await send(undefined);
  assert.equal((await (await fetch(challenge.resource_metadata)).json()).resource, gateway.url);
});

test("no token: a challenge without an error (RFC 6750 section 3.1)", async () => {
  const answer = await send(undefined);
  assert.equal(answer.status, 401);
  assert.equal(answer.challenge.error, undefined);
  assert.ok(answer.challenge.resource_metadata && answer.challenge.scope, answer.headers.get("www-authenticate"));
});
test("another scheme, an empty token, a token in the query or the body do not count", async () => {
  for (const fields of [{ authorization: `Basic ${Buffer.from("a:b").toString("base64")}` }, { authorization: "Bearer" }, { authorization: "Bearer " }, { authorization: `Token ${good()}` }]) {
    const answer = await send(undefined, fields);
    assert.ok(answer.status === 401 || (answer.status === 400 && answer.challenge.error === "invalid_request"), JSON.stringify(fields));
  }
  const queried = await post(`${gateway.url}?access_token=${good()}`, modernMessage(1, "tools/call", echo), { "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": "echo" });
  assert.ok([400, 401].includes(queried.status), String(queried.status));
});
test("two Authorization fields are refused", async () => {
  const answer = await rawRequest(gateway.url, {
    headers: ["Host", new URL(gateway.url).host, "Content-Type", "application/json", "Accept", "application/json, text/event-stream", "Authorization", `Bearer ${good()}`, "Authorization", `Bearer ${good({ sub: "x" })}`],
    body: JSON.stringify(modernMessage(1, "tools/call", echo)),
  });
  assert.ok(answer.status === 400 || answer.status === 401, String(answer.status));
});
test("the scheme is compared without regard to case", async () => {
  assert.equal((await send(undefined, { authorization: `bearer ${good()}` })).status, 200);
});
test("a wrong audience names both values; an expired token says when", async () => {
  const wrong = (await send(good({ aud: "https://other.example.com/mcp" }))).challenge.error_description;
  assert.ok(wrong.includes("https://other.example.com/mcp") && wrong.includes(gateway.url), wrong);
  const late = (await send(good({ exp: Date.UTC(2026, 0, 2) / 1000 }))).challenge.error_description;
  assert.match(late, /2026-01-02|1767312000/);
});
test("an encrypted or opaque token says what was left out", async () => {
  const encrypted = `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString("base64url")}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`;
  for (const token of [encrypted, "sG7aFqhTb0Qm1xX2m3Kc9sU5vP8wY1zA"]) assert.match((await send(token)).challenge.error_description, /audience/);
});
test("a token that expires while it is cached stops working", async () => {
  const token = good({ exp: now() - 58 });
  assert.equal((await send(token)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  assert.equal((await send(token)).status, 401);
});
test("unknown kids do not make the gateway hammer the issuer", async () => {
  const count = () => issuer.requests.filter((url) => url === "/.well-known/jwks.json").length;
  const before = count();
  await Promise.all(Array.from({ length: 50 }, (_, index) => send(good({}, { key: { ...other.keys[0], kid: `unknown-${index}` } }))));
  assert.ok(count() - before <= 2, `${count() - before} fetches`);
});
test("a key that appears just after the keys were fetched is found at once", async () => {
  const rotating = await new Issuer().start();
  const fresh = await startGateway({ upstream: upstream.url, issuer: rotating });
  const ask = (key) => post(fresh.url, modernMessage(1, "tools/list"), { authorization: `Bearer ${rotating.token({ scope: "read:tools" }, { key })}`, "mcp-protocol-version": modernVersion, "mcp-method": "tools/list" });
  assert.equal((await ask(rotating.keys[0])).status, 200);
  for (let at = 0; at < 2; at++) {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    rotating.keys = [makeKey("ES256", `rotated-${at}`)];
    assert.equal((await ask(rotating.keys[0])).status, 200);
  }
  await fresh.stop(); await rotating.stop();
});
test("keys are kept while the issuer is down, and a new key is found when it is back", async () => {
  issuer.isDown = true;
  assert.equal((await send(good({ jti: "down" }))).status, 200);
  issuer.isDown = false;
});
test("a challenge is the same for a browser on another origin, and it may read it", async () => {
  const answer = await send(undefined, { origin: "http://localhost:6274" });
  assert.equal(answer.status, 401, answer.text);
  assert.match(answer.headers.get("access-control-expose-headers") ?? "", /www-authenticate/i);
});
test("challengeOf reads quoted pairs", () => {
  assert.deepEqual(challengeOf('Bearer error="a", error_description="b \\"c\\""'), { scheme: "Bearer", error: "a", error_description: 'b "c"' });
});
