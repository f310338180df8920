// Bad tokens against a running gateway: nothing but the good ones gets 200, and every refusal says why and where to go.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { startGateway, startFixture } from "./support/doorward.mjs";
import { Issuer, makeKey, signature } from "./support/issuer.mjs";
import { challengeOf, modernMessage, modernVersion, post, rawRequest } from "./support/mcp.mjs";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);
let issuer, other, upstream, gateway;

before(async () => {
  issuer = await new Issuer().start();
  other = await new Issuer().start();
  issuer.keys.push(makeKey("ES256"), makeKey("PS256"), makeKey("EdDSA"), makeKey("ES384"), makeKey("ES512"));
  upstream = await startFixture();
  gateway = await startGateway({ upstream: upstream.url, issuer });
  other.audience = issuer.audience;
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
const pem = () => issuer.keys[0].publicKey.export({ type: "spki", format: "pem" });
const raw = (header, payload, key = issuer.keys[0]) => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature("RS256", key.privateKey, input)}`;
};
const header = (more = {}) => ({ alg: "RS256", typ: "at+jwt", kid: issuer.keys[0].kid, ...more });
const claims = (more = {}) => issuer.claims({ scope: "execute:tools", ...more });
const without = (name, given) => { const copy = { ...given }; delete copy[name]; return copy; };
const flip = (token, part) => { // changes one bit in a part
  const parts = token.split(".");
  const bytes = Buffer.from(parts[part], "base64url");
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString("base64url");
  return parts.join(".");
};

const goodTokens = {
  "RS256": () => good(),
  "PS256": () => good({}, { key: issuer.keys[2] }),
  "ES256": () => good({}, { key: issuer.keys[1] }),
  "ES384": () => good({}, { key: issuer.keys[4] }),
  "ES512": () => good({}, { key: issuer.keys[5] }),
  "EdDSA": () => good({}, { key: issuer.keys[3] }),
  "typ JWT, as Auth0's own profile has it": () => good({}, { header: { typ: "JWT" } }),
  "typ application/at+jwt": () => good({}, { header: { typ: "application/at+jwt" } }),
  "without typ": () => raw(without("typ", header()), claims()),
  "aud as a list of two": () => good({ aud: [`${issuer.url}userinfo`, issuer.audience] }),
  "expired within the leeway": () => good({ exp: now() - 30 }),
  "nbf within the leeway": () => good({ nbf: now() + 30 }),
  "jku, x5u and jwk in the header are ignored": () => good({}, { header: { jku: `${other.url}.well-known/jwks.json`, jwk: other.keys[0].jwk, x5u: other.url } }),
  "exp with a fraction": () => good({ exp: now() + 60.5 }),
};

const badTokens = {
  "alg none": () => `${encode(header({ alg: "none" }))}.${encode(claims())}.`,
  "alg None": () => `${encode(header({ alg: "None" }))}.${encode(claims())}.`,
  "alg NONE with a signature": () => raw(header({ alg: "NONE" }), claims()),
  "alg missing": () => raw(without("alg", header()), claims()),
  "alg a number": () => raw(header({ alg: 256 }), claims()),
  "alg rs256 in small letters": () => raw(header({ alg: "rs256" }), claims()),
  "alg RS1": () => raw(header({ alg: "RS1" }), claims()),
  "HS256 keyed with the RSA public key, PEM": () => { const input = `${encode(header({ alg: "HS256" }))}.${encode(claims())}`; return `${input}.${createHmac("sha256", pem()).update(input).digest("base64url")}`; },
  "HS256 keyed with the modulus": () => { const input = `${encode(header({ alg: "HS256" }))}.${encode(claims())}`; return `${input}.${createHmac("sha256", Buffer.from(issuer.keys[0].jwk.n, "base64url")).update(input).digest("base64url")}`; },
  "HS256 with an empty key": () => { const input = `${encode(header({ alg: "HS256" }))}.${encode(claims())}`; return `${input}.${createHmac("sha256", "").update(input).digest("base64url")}`; },
  "PS256 header over an RS256 signature": () => raw(header({ alg: "PS256" }), claims()),
  "ES256 header over an RS256 signature": () => raw(header({ alg: "ES256" }), claims()),
  "RS256 header with the kid of an EC key": () => raw(header({ kid: issuer.keys[1].kid }), claims()),
  "a key of another issuer": () => good({}, { key: { ...other.keys[0], kid: issuer.keys[0].kid } }),
  "a key of another issuer, kid unknown": () => good({}, { key: { ...other.keys[0], kid: "nobody" } }),
  "a key in the header": () => good({}, { key: { ...other.keys[0], kid: "own" }, header: { jwk: other.keys[0].jwk } }),
  "a jku in the header": () => good({}, { key: { ...other.keys[0], kid: "own" }, header: { jku: `${other.url}.well-known/jwks.json` } }),
  "kid that climbs folders": () => raw(header({ kid: "../../../../dev/null" }), claims()),
  "kid with SQL": () => raw(header({ kid: "x' UNION SELECT 'key" }), claims()),
  "kid a number": () => raw(header({ kid: 1 }), claims()),
  "kid of 10,000 bytes": () => raw(header({ kid: "k".repeat(10_000) }), claims()),
  "crit unknown": () => raw(header({ crit: ["exp"] }), claims()),
  "crit empty": () => raw(header({ crit: [] }), claims()),
  "crit of b64 false": () => raw(header({ crit: ["b64"], b64: false }), claims()),
  "typ of an ID token is wrong when it says so": () => raw(header({ typ: "id_token+jwt" }), claims()),
  "typ of a logout token": () => raw(header({ typ: "logout+jwt" }), claims()),
  "typ a number": () => raw(header({ typ: 1 }), claims()),
  "signature changed": () => flip(good(), 2),
  "payload changed": () => flip(good(), 1),
  "header changed": () => flip(good(), 0),
  "signature empty": () => good().replace(/[^.]*$/, ""),
  "signature cut": () => good().slice(0, -10),
  "signature of another token": () => `${good().replace(/\.[^.]*$/, "")}.${good({ sub: "x" }).split(".")[2]}`,
  "ES256 signature as DER": () => { const key = issuer.keys[1]; const input = `${encode(header({ alg: "ES256", kid: key.kid }))}.${encode(claims())}`; return `${input}.${Buffer.concat([Buffer.from([0x30, 0x44, 2, 0x20]), Buffer.from(signature("ES256", key.privateKey, input), "base64url")]).toString("base64url")}`; },
  "ES256 signature of zeros": () => { const key = issuer.keys[1]; return `${encode(header({ alg: "ES256", kid: key.kid }))}.${encode(claims())}.${Buffer.alloc(64).toString("base64url")}`; },
  "iss of another issuer": () => good({ iss: other.url }),
  "iss without its slash": () => good({ iss: issuer.url.slice(0, -1) }),
  "iss missing": () => raw(header(), without("iss", claims())),
  "iss a list": () => good({ iss: [issuer.url] }),
  "aud of another resource": () => good({ aud: "https://other.example.com/mcp" }),
  "aud a prefix of ours": () => good({ aud: issuer.audience.slice(0, -1) }),
  "aud longer than ours": () => good({ aud: `${issuer.audience}/` }),
  "aud missing": () => raw(header(), without("aud", claims())),
  "aud empty": () => good({ aud: "" }),
  "aud an empty list": () => good({ aud: [] }),
  "aud a number": () => good({ aud: 1 }),
  "aud a list of lists": () => good({ aud: [[issuer.audience]] }),
  "aud null": () => good({ aud: null }),
  "expired": () => good({ exp: now() - 3600 }),
  "expired past the leeway": () => good({ exp: now() - 120 }),
  "exp missing": () => raw(header(), without("exp", claims())),
  "exp as text": () => good({ exp: String(now() + 3600) }),
  "exp 1e300": () => raw(header(), JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e300')),
  "exp negative": () => good({ exp: -1 }),
  "exp null": () => good({ exp: null }),
  "exp true": () => good({ exp: true }),
  "exp a list": () => good({ exp: [now() + 3600] }),
  "nbf in an hour": () => good({ nbf: now() + 3600 }),
  "nbf as text": () => good({ nbf: String(now()) }),
  "duplicate aud": () => raw(header(), JSON.stringify(claims()).replace("{", `{"aud":"https://other.example.com",`)),
  "duplicate exp": () => raw(header(), JSON.stringify(claims()).replace("{", `{"exp":1,`)),
  "duplicate alg in the header": () => raw(JSON.stringify(header()).replace("{", `{"alg":"none",`), claims()),
  "NUL in a key": () => raw(header(), JSON.stringify(claims()).replace('"sub"', '"aud\\u0000x":1,"sub"')),
  "payload not an object": () => raw(header(), [claims()]),
  "payload not JSON": () => raw(header(), "hello"),
  "payload empty": () => raw(header(), ""),
  "payload nested 200 deep": () => raw(header(), JSON.stringify(claims()).replace("{", `{"deep":${"[".repeat(200)}${"]".repeat(200)},`)),
  "payload not UTF-8": () => { const input = `${encode(header())}.${Buffer.concat([Buffer.from(JSON.stringify(claims()).slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]).toString("base64url")}`; return `${input}.${signature("RS256", issuer.keys[0].privateKey, input)}`; },
  "header not JSON": () => raw("hello", claims()),
  "header a list": () => raw([header()], claims()),
  "two parts": () => good().split(".").slice(0, 2).join("."),
  "four parts": () => `${good()}.x`,
  "one dot too many": () => `.${good()}`,
  "five parts, encrypted": () => `${encode({ alg: "dir", enc: "A256GCM", iss: issuer.url })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
  "opaque": () => "sG7aFqhTb0Qm1xX2m3Kc9sU5vP8wY1zA",
  "padding in base64": () => { const [head, payload, sign] = good().split("."); return `${head}=.${payload}.${sign}`; },
  "base64 of the wrong alphabet": () => good().replace(/\.([^.]*)$/, (all, sign) => `.+${sign.slice(1)}`),
  "garbage": () => "!!!!",
  "a dot": () => ".",
  "two dots": () => "..",
  "of 6,000 more bytes with a broken signature": () => flip(good({ padding: "x".repeat(6000) }), 2),
};

for (const [name, make] of Object.entries(goodTokens)) {
  test(`good: ${name}`, async () => {
    const answer = await send(make());
    assert.equal(answer.status, 200, `${answer.headers.get("www-authenticate")} ${answer.text}`);
    assert.equal(answer.message.result.content[0].text, "in");
  });
}

for (const [name, make] of Object.entries(badTokens)) {
  test(`refused: ${name}`, async () => {
    for (const attempt of ["first", "again, from the cache of refusals"]) {
      const answer = await send(make());
      assert.equal(answer.status, 401, `${attempt}: ${answer.text}`);
      assert.equal(answer.challenge?.scheme, "Bearer", attempt);
      assert.equal(answer.challenge.error, "invalid_token", attempt);
      assert.ok(answer.challenge.error_description?.length > 10, answer.headers.get("www-authenticate"));
      assert.match(answer.challenge.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, "RFC 6750 section 3 names the characters");
      const metadata = await fetch(answer.challenge.resource_metadata);
      assert.equal((await metadata.json()).resource, gateway.url);
      assert.ok(!answer.text.includes("in\""), "nothing of the upstream's answer");
    }
  });
}

test("no token: a challenge without an error (RFC 6750 section 3.1)", async () => {
  const answer = await send(undefined);
  assert.equal(answer.status, 401);
  assert.equal(answer.challenge.error, undefined);
  assert.ok(answer.challenge.resource_metadata && answer.challenge.scope, answer.headers.get("www-authenticate"));
});
test("another scheme, an empty token, a token in the query or the body do not count", async () => {
  for (const fields of [{ authorization: `Basic ${Buffer.from("a:b").toString("base64")}` }, { authorization: "Bearer" }, { authorization: "Bearer " }, { authorization: `Token ${good()}` }]) {
    assert.equal((await send(undefined, fields)).status, 401, JSON.stringify(fields));
  }
  const queried = await post(`${gateway.url}?access_token=${good()}`, modernMessage(1, "tools/call", echo), { "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": "echo" });
  assert.equal(queried.status, 401);
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
  for (const make of [badTokens["five parts, encrypted"], badTokens.opaque]) {
    assert.match((await send(make())).challenge.error_description, /audience/);
  }
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
