// Attacks on a running tenant that cross its endpoints: stolen codes and tokens, other applications, other browsers, other sites,
// redirects to elsewhere, and what an answer gives away about who has an account.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { postForm } from "./support/tenant.mjs";

const audience = "https://api.example.com/";
const callback = "https://app.example.com/callback";
const grants = ["authorization_code", "refresh_token", "client_credentials", "password"];
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdefghij" };
const other = { client_id: "other", client_secret: "other-secret-0123456789abcdefg" };
const ada = { email: "ada@example.com", password: "a long enough password" };
const bob = { email: "bob@example.com", password: "another long password" };
const seed = {
  apis: [{ identifier: audience, name: "API", permissions: ["read:tools"] }],
  clients: [
    { ...web, redirect_uris: [callback], grant_types: grants, audiences: [audience] },
    { ...other, redirect_uris: ["https://other.example.com/callback"], grant_types: grants, audiences: [audience] },
    { client_id: "public", redirect_uris: ["https://public.example.com/callback"] },
  ],
  users: [ada, bob],
};

describe("attacks", () => {
  let tenant;
  before(async () => { tenant = await startTenant({ seed, tenant: { allow_password_grant: true }, tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } } }); });
  after(() => tenant?.stop());

  const post = (name, parameters, headers) => postForm(new URL(name, tenant.issuer), parameters, headers);
  const authorizeUrl = (clientId, redirectUri, more = {}) => `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: redirectUri, scope: "openid offline_access read:tools", audience, ...more })}`;
  const authorize = async (clientId, redirectUri, more) => (await new Browser().authorize(authorizeUrl(clientId, redirectUri, more), redirectUri, ada)).searchParams;
  const redeem = (client, more) => post("oauth/token", { grant_type: "authorization_code", ...client, ...more });
  const refresh = (client, token) => post("oauth/token", { grant_type: "refresh_token", ...client, refresh_token: token });
  const login = async () => (await redeem(web, { code: (await authorize("web", callback)).get("code"), redirect_uri: callback })).body;

  test("another application gets nothing for a stolen code or refresh token, and cannot revoke it", async () => {
    const stolen = (await authorize("web", callback)).get("code");
    assert.equal((await redeem(other, { code: stolen, redirect_uri: callback })).body.error, "invalid_grant");
    const tokens = await login();
    assert.equal((await refresh(other, tokens.refresh_token)).body.error, "invalid_grant");
    assert.equal((await post("oauth/revoke", { ...other, token: tokens.refresh_token })).status, 200);
    assert.deepEqual((await post("oauth/introspect", { ...other, token: tokens.access_token })).body, { active: false });
    assert.equal((await refresh(web, tokens.refresh_token)).status, 200, "its owner's still works");
  });
  test("a replayed code ends all that it gave", async () => {
    const code = (await authorize("web", callback)).get("code");
    const first = (await redeem(web, { code, redirect_uri: callback })).body;
    assert.equal((await redeem(web, { code, redirect_uri: callback })).body.error, "invalid_grant");
    assert.equal((await refresh(web, first.refresh_token)).body.error, "invalid_grant");
    assert.equal((await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${first.access_token}` } })).status, 401);
  });
  test("PKCE cannot be taken away", async () => {
    const uri = "https://public.example.com/callback";
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert.equal((await authorize("public", uri)).get("error"), "invalid_request");
    assert.equal((await authorize("public", uri, { code_challenge: challenge })).get("error"), "invalid_request", "no method means plain");
    assert.equal((await authorize("public", uri, { code_challenge: challenge, code_challenge_method: "plain" })).get("error"), "invalid_request");
    const without = (await authorize("web", callback)).get("code");
    assert.equal((await redeem(web, { code: without, redirect_uri: callback, code_verifier: "a".repeat(43) })).body.error, "invalid_grant", "a verifier for a code without a challenge");
    const bound = (await authorize("web", callback, { code_challenge: challenge, code_challenge_method: "S256" })).get("code");
    assert.ok((await redeem(web, { code: bound, redirect_uri: callback })).status >= 400, "no verifier for a code with one");
  });
  test("an ID token is no access token", async () => {
    const { id_token: token } = await login();
    assert.equal((await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${token}` } })).status, 401);
  });
  test("credentials two ways at once are refused", async () => {
    const basic = `Basic ${Buffer.from(`web:${web.client_secret}`).toString("base64")}`;
    assert.equal((await post("oauth/token", { grant_type: "client_credentials", ...web, audience }, { authorization: basic })).body.error, "invalid_request");
  });

  const tricks = [
    `${callback}/`, `${callback}?`, `${callback}?x=1`, `${callback}#`, `${callback}#f`, `${callback}%00`, `${callback}%0d%0aX: y`, `${callback}\r\nX: y`, ` ${callback}`, `${callback} `, `\t${callback}`,
    `${callback};x`, `${callback}%20`, `${callback}.`, `${callback}%2e`, `${callback}/../evil`, `${callback}/..;/evil`, `${callback}%2f..%2fevil`, "https://app.example.com/Callback", "https://app.example.com/call%62ack",
    "https://app.example.com//callback", "https://app.example.com/./callback", "https://app.example.com/x/../callback", "https://APP.example.com/callback", "HTTPS://app.example.com/callback", "https://app.example.com:443/callback",
    "https://app.example.com:8443/callback", "https://app.example.com./callback", "http://app.example.com/callback", "https://app.example.com@evil.example/callback", "https://evil.example@app.example.com/callback",
    "https://app.example.com%2f@evil.example/callback", "https://app.example.com\\@evil.example/callback", "https://app.example.com\\.evil.example/callback", "https://app.example.com.evil.example/callback", "https://xapp.example.com/callback",
    "https://evil.example/?https://app.example.com/callback", "https://evil.example/#https://app.example.com/callback", "https://evil.example/app.example.com/callback", "//app.example.com/callback", "/callback", "callback", "https:app.example.com/callback",
    "https:///app.example.com/callback", "https://[app.example.com]/callback", "https://app.example.com\u3002evil.example/callback", "https://app\u2024example.com/callback", "https://\u0430pp.example.com/callback", "javascript:alert(1)//https://app.example.com/callback",
    "data:text/html,https://app.example.com/callback", "vbscript:x", "file:///callback", "blob:https://app.example.com/callback", "about:blank", "https://app.example.com/callback\0", "https://app.example.com/callback\u202e", "https://*.example.com/callback",
    "https://app.example.com/*", "*", "null", "https://", "https://app.example.com", "https://app.example.com/", "http://127.0.0.1/callback", "http://localhost/callback", "https://127.0.0.1/callback", "https://other.example.com/callback",
  ];
  test(`a redirect URI is the registered one, byte for byte: ${tricks.length} others go nowhere`, async () => {
    for (const uri of tricks) {
      const answer = await fetch(authorizeUrl("web", uri), { redirect: "manual" });
      assert.ok([400, 403].includes(answer.status), `${JSON.stringify(uri)}: ${answer.status}`);
      assert.equal(answer.headers.get("location"), null, JSON.stringify(uri));
    }
    const twice = await fetch(`${authorizeUrl("web", callback)}&redirect_uri=${encodeURIComponent("https://evil.example/")}`, { redirect: "manual" });
    assert.equal(twice.headers.get("location"), null, "two of them");
  });
  test("logging out goes nowhere that was not registered", async () => {
    const { id_token: hint } = await login();
    for (const target of ["https://evil.example/", "//evil.example", "https://app.example.com@evil.example/", "javascript:alert(1)", `${callback}x`]) {
      for (const url of [`v2/logout?returnTo=${encodeURIComponent(target)}`, `v2/logout?client_id=web&returnTo=${encodeURIComponent(target)}`,
        `oidc/logout?client_id=web&post_logout_redirect_uri=${encodeURIComponent(target)}`, `oidc/logout?id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(target)}`]) {
        const answer = await fetch(new URL(url, tenant.issuer), { redirect: "manual" });
        assert.equal(answer.status, 400, url);
        assert.equal(answer.headers.get("location"), null, url);
      }
    }
  });
  test("a sign-in belongs to the browser and the site it began in", async () => {
    const browser = new Browser();
    const page = await browser.open(authorizeUrl("web", callback));
    const state = page.forms[0].fields.find(({ name }) => name === "state").value;
    assert.equal((await new Browser().open(`${tenant.issuer}u/login?state=${state}`)).status, 400, "another browser");
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    const forged = await post("u/login", { state, username: ada.email, password: ada.password }, { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" });
    assert.equal(forged.status, 403, "another site's form");
    for (const header of ["x-frame-options", "content-security-policy", "referrer-policy"]) assert.ok(page.headers.get(header), header);
    assert.match(page.headers.get("content-security-policy"), /frame-ancestors 'none'/);
    assert.match(page.headers.get("cache-control"), /no-store/);
  });
  test("pages are for no script of another origin", async () => {
    for (const name of ["authorize?client_id=web", "u/login", "u/consent", "v2/logout"]) {
      const answer = await fetch(new URL(name, tenant.issuer), { headers: { origin: "https://evil.example" }, redirect: "manual" });
      assert.equal(answer.headers.get("access-control-allow-origin"), null, name);
    }
    const preflight = await fetch(`${tenant.issuer}oauth/token`, { method: "OPTIONS", headers: { origin: "https://evil.example", "access-control-request-method": "POST" } });
    assert.equal(preflight.headers.get("access-control-allow-credentials"), null);
  });
  test("an answer does not say who has an account", async () => {
    const wrong = (username) => post("oauth/token", { grant_type: "password", ...web, username, password: "not it" });
    const [known, unknown] = [await wrong(bob.email), await wrong("nobody@example.com")];
    assert.deepEqual([known.status, known.text], [unknown.status, unknown.text]);
    const forgotten = (email) => post("dbconnections/change_password", { client_id: "web", email, connection: "Username-Password-Authentication" });
    assert.deepEqual(await forgotten(bob.email), await forgotten("nobody@example.com"));
    // What differs by chance (ids, times, the address that was asked for) is taken out; the rest is the same to the byte.
    const shape = ({ status, headers, text }, email) => [status, [...headers].filter(([name]) => !["date", "x-request-id", "traceparent"].includes(name)), text.replace(email, "").replace(/"_id":"[0-9a-f]{24}"/, "")];
    const ask = async (path, parameters, email) => shape(await post(path, parameters), email);
    for (const strange of ["eve@example.com", "sam@example.com"]) {
      const signUp = (email) => ask("dbconnections/signup", { client_id: "web", email, password: "Tr0ub4dor&3xyz", connection: "Username-Password-Authentication" }, email);
      assert.deepEqual(await signUp(bob.email), await signUp(strange));
      const early = (email) => ask("oauth/token", { grant_type: "password", client_id: "public", username: email, password: "Tr0ub4dor&3xyz" }, email);
      assert.deepEqual(await early(bob.email), await early(strange), "nor does the password that was just chosen, for a client without a secret");
    }
  });
  test("guessing is stopped, and the right password does not get in then", async () => {
    let last;
    for (let i = 0; i < 12; i++) last = await post("oauth/token", { grant_type: "password", ...web, username: bob.email, password: `wrong ${i}` });
    assert.equal(last.body.error, "too_many_attempts");
    assert.equal((await post("oauth/token", { grant_type: "password", ...web, username: bob.email, password: bob.password })).status, 429);
  });
  test("who registers itself gets no more than a third party may have", async () => {
    const register = async (metadata) => {
      const answer = await fetch(`${tenant.issuer}oidc/register`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client_name: "x", redirect_uris: ["https://x.example/cb"], ...metadata }) });
      return { status: answer.status, body: await answer.json() };
    };
    for (const uri of ["javascript:alert(1)", "data:text/html,x", "http://evil.example/cb", "https://a.example/*", "file:///x", "https://u:p@a.example/", "https://a.example/#f"]) assert.equal((await register({ redirect_uris: [uri] })).body.error, "invalid_redirect_uri", uri);
    assert.deepEqual((await register({ grant_types: ["authorization_code", "client_credentials", "password"] })).body.grant_types, ["authorization_code"]);
    assert.equal((await register({ response_types: ["token"] })).status, 400);
    const { body } = await register({ is_first_party: true, client_id: "web", scope: "admin" });
    assert.match(body.client_id, /^tpc_/);
    assert.equal((await post("oauth/token", { grant_type: "client_credentials", client_id: body.client_id, client_secret: body.client_secret, audience })).body.error, "unauthorized_client");
  });
});
