// Every endpoint of the tenant, every parameter it may read, with texts that mean something to HTML, SQL, headers, templates and
// logs: nothing is a 5xx, nothing comes back raw, nothing becomes a header, a log line is one JSON object, and no secret is in it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { doorward, startTenant } from "./support/doorward.mjs";
import { root } from "./support/process.mjs";

const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)>{{state}}' OR '1'='1' --; DROP TABLE user; \${jndi:x} %s%n ../../etc/passwd`;
const lines = "x\r\nX-Injected: yes\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>\n{\"event\":\"forged\"}";
const bytes = "\0\u0001\ud7ff\u202e\uffff";
const secret = "S3CRET-that-is-in-no-log";
const audience = "https://api.example.com/";
const redirectUri = "https://app.example.com/callback";
const web = { client_id: "web", client_secret: `${secret}-client` };
const ada = { email: "ada@example.com", password: `${secret}-password` };
const grantTypes = ["authorization_code", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
  "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer", "http://auth0.com/oauth/grant-type/password-realm",
  "http://auth0.com/oauth/grant-type/passwordless/otp", "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"];
const seed = {
  apis: [{ identifier: audience, name: "API", permissions: ["read:tools"] }],
  clients: [{ ...web, name: "Web", redirect_uris: [redirectUri], grant_types: grantTypes, audiences: [audience] }],
  users: [ada],
};

// "X(POST,  "/oauth/token", ..." and what each may read, from the code itself.
const source = (name) => readFileSync(path.join(root, "src", name), "utf8");
const endpoints = [...source("tenant/endpoints.def").matchAll(/^X\((\w+),\s*"([^"]+)",\s*\w+,\s*(\w+)/gm)].map(([, method, route, caller]) => ({ method, route, caller }));
const usual = {
  ...web, response_type: "code", redirect_uri: redirectUri, scope: "openid read:tools", audience, state: "s", nonce: "n",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256", code_verifier: `${secret}-verifier-dBjftJeZ4CVP-mB92K27uhbUJU`,
  code: `${secret}-code`, refresh_token: `${secret}-refresh`, token: `${secret}-token`, username: ada.email, email: ada.email, password: ada.password, connection: "Username-Password-Authentication",
  realm: "Username-Password-Authentication", mfa_token: `${secret}-mfa`, oob_code: `${secret}-oob`, otp: "123456", binding_code: "123456", recovery_code: "A".repeat(24), assertion: `${secret}.a.b`, subject_token: `${secret}.c.d`,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token", device_code: `${secret}-device`, auth_req_id: `${secret}-ciba`, user_code: "ABCD-EFGH", login_hint: ada.email, binding_message: "hello",
  action: "login", ticket: `${secret}-ticket`, request_uri: "urn:ietf:params:oauth:request_uri:x", client_assertion: `${secret}.e.f`, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
};
const optional = ["response_mode", "prompt", "max_age", "ui_locales", "organization", "invitation", "screen_hint", "acr_values", "display", "resource", "dpop_jkt", "id_token_hint", "logout_hint", "post_logout_redirect_uri", "returnTo",
  "federated", "actor_token", "actor_token_type", "requested_token_type", "token_type_hint", "phone_number", "send", "challenge_type", "authenticator_id", "authenticator_types", "name", "given_name", "family_name", "nickname", "picture",
  "user_metadata", "client_name", "redirect_uris", "grant_types", "logo_uri", "client_uri", "jwks", "jwks_uri", "token_endpoint_auth_method", "method", "otp_code", "auth0Client", "ext-x", "kid", "cert", "new_password", "password_confirm", "remember", "requested_expiry", "authorization_details"];
// Every parameter that the code asks a form or a JSON body for, so that a new one is not forgotten here.
const asked = ["oauth", "tenant"].flatMap((folder) => readdirSync(path.join(root, "src", folder), { recursive: true }).filter((name) => name.endsWith(".c"))
  .flatMap((name) => [...source(`${folder}/${name}`).matchAll(/\b(?:dw_form_\w+|need|fill_text|read_texts?|text_of)\([^;"]*"([A-Za-z_-]+)"/g)].map((match) => match[1])));
const names = [...new Set([...Object.keys(usual), ...optional, ...asked])];
// Credentials two ways at once are refused before anything else is read.
const withoutAssertion = (parameters) => { const { client_assertion: a, client_assertion_type: b, request_uri: c, ...rest } = parameters; return rest; }; // eslint-disable-line no-unused-vars

describe("injection", () => {
  let tenant, visit;
  const withPages = new Set();
  before(async () => {
    tenant = await startTenant({ seed, tenant: { allow_password_grant: true }, tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } } });
    visit = new Browser();
    const page = await visit.open(`${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: web.client_id, redirect_uri: redirectUri, scope: "openid", state: "s" })}`);
    visit.state = page.forms[0].fields.find(({ name }) => name === "state").value;
  });
  after(() => tenant?.stop());

  async function send({ method, route, caller }, parameters, { asJson = false, headers = {} } = {}) {
    const url = new URL(route.replace("{id}", encodeURIComponent(markup)), tenant.issuer);
    const cookie = [...visit.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const isBody = method === "POST";
    if (!isBody) url.search = new URLSearchParams(parameters);
    const answer = await fetch(url, {
      method, redirect: "manual", ...(isBody && { body: asJson ? JSON.stringify(parameters) : new URLSearchParams(parameters) }),
      headers: { ...(caller === "BROWSERS" && { cookie, origin: new URL(tenant.issuer).origin, "sec-fetch-site": "same-origin" }), ...(asJson && { "content-type": "application/json" }), ...headers },
    }).catch((error) => { throw new Error(`${method} ${route}: ${error.cause}`); });
    return { route: `${method} ${route}`, status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  function check(answer, what) {
    assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
    assert.equal(answer.headers.get("x-injected"), null, what);
    assert.ok(!answer.headers.getSetCookie().some((line) => line.startsWith("a=b")), what);
    assert.ok(!/\$\{jndi|\r|\n/.test(answer.headers.get("location") ?? ""), what);
    const type = answer.headers.get("content-type") ?? "";
    if (type.startsWith("text/html")) {
      assert.ok(!answer.text.includes("<script>alert(1)"), `${what}: raw script in a page`);
      assert.ok(!answer.text.includes("<img src=x"), `${what}: raw image in a page`);
      const policy = answer.headers.get("content-security-policy") ?? "";
      if (!answer.text.startsWith("<!doctype html>")) return assert.equal(policy, "default-src 'none'", what); // Auth0's sentence
      assert.match(policy, /^default-src 'none'; style-src 'sha256-/, what);
      assert.match(policy, /; form-action [^;]+/, what);
      assert.match(policy, /; frame-ancestors [^;*]+/, what);
      assert.match(policy, /; base-uri 'none'/, what);
      assert.doesNotMatch(policy, /unsafe|data:|\*/, what);
      if (policy.includes("frame-ancestors 'none'")) assert.equal(answer.headers.get("x-frame-options"), "DENY", what);
      assert.equal(answer.headers.get("referrer-policy"), "no-referrer", what);
      assert.match(answer.headers.get("cache-control") ?? "", /no-store/, what);
      const withoutOwn = answer.text.replace(/<style>[^<]*<\/style>/, "").replace(policy.includes("; script-src 'sha256-") ? /<script>[^<]*<\/script>/ : "", "").replaceAll(/"[^"]*"/g, "");
      assert.doesNotMatch(withoutOwn, /<script|<style|<[^>]*\s(style|on\w+)=/, `${what}: a script or a style that the policy does not name`);
      withPages.add(answer.route);
    }
    if (answer.text && ![413, 414, 431].includes(answer.status)) assert.equal(answer.headers.get("x-content-type-options"), "nosniff", `${what}: sniffing`);
  }

  async function inParallel(list, work) {
    const left = list[Symbol.iterator]();
    await Promise.all(Array.from({ length: 8 }, async () => { for (const item of left) await work(item); }));
  }

  for (const endpoint of endpoints.filter(({ route }) => route !== "/oauth/token" && route !== "/healthz")) {
    test(`${endpoint.method} ${endpoint.route}`, { timeout: 60_000 }, async () => {
      const state = endpoint.caller === "BROWSERS" && endpoint.route.startsWith("/u/") ? { state: visit.state } : {};
      const good = { ...withoutAssertion(usual), ...state };
      for (const text of [markup, lines, bytes, "A".repeat(3_000)]) check(await send(endpoint, Object.fromEntries(names.map((name) => [name, endpoint.method === "GET" ? text.slice(0, 200) : text]))), "all of them");
      await inParallel(names, async (name) => {
        for (const text of [markup, lines]) check(await send(endpoint, { ...good, [name]: text }), `${name}=${text.slice(0, 20)}`);
        if (endpoint.method === "POST" && endpoint.caller === "CLIENTS") check(await send(endpoint, { ...good, [name]: [markup, { [markup]: null }] }, { asJson: true }), `${name} as JSON`);
      });
      for (const field of ["authorization", "dpop", "auth0-client", "auth0-forwarded-for", "accept-language", "x-forwarded-for", "referer", "cookie"]) check(await send(endpoint, good, { headers: { [field]: markup.replaceAll("\n", " ") } }), field);
    });
  }

  for (const grantType of [...grantTypes, markup, lines]) {
    test(`/oauth/token ${grantType.slice(0, 60).replaceAll(/\s/g, " ")}`, { timeout: 180_000 }, async () => {
      const endpoint = { method: "POST", route: "/oauth/token", caller: "CLIENTS" };
      const good = { ...withoutAssertion(usual), grant_type: grantType };
      await inParallel(names, async (name) => {
        for (const text of [markup, lines]) check(await send(endpoint, { ...good, [name]: text }), `${name}=${text.slice(0, 20)}`);
        check(await send(endpoint, { ...good, [name]: { [markup]: [markup] } }, { asJson: true }), `${name} as JSON`);
      });
    });
  }

  test("names that an operator or a client registered are shown as text", async () => {
    const registered = JSON.parse((await send({ method: "POST", route: "/oidc/register", caller: "CLIENTS" }, { client_name: markup, redirect_uris: ["http://127.0.0.1/cb"], token_endpoint_auth_method: "none" }, { asJson: true })).text);
    assert.ok(registered.client_id, JSON.stringify(registered));
    await doorward(["tenant", "api", "add", "--identifier", "https://b.example.com/", "--name", markup, "--permission", `read:x=${markup}`, "--config", tenant.config]);
    const browser = new Browser();
    let page = await browser.open(`${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: registered.client_id, redirect_uri: "http://127.0.0.1:1/cb", scope: "openid read:x", audience: "https://b.example.com/", state: markup, code_challenge: usual.code_challenge, code_challenge_method: "S256" })}`);
    for (let steps = 0; steps < 3 && page.forms?.length; steps++) {
      check({ status: page.status, headers: page.headers, text: page.html }, "a page");
      page = await browser.submit(page, { username: ada.email, email: ada.email, password: ada.password }, "login", "http://127.0.0.1:1/cb");
      if (page.redirect) break;
    }
    if (page.redirect) assert.equal(page.redirect.searchParams.get("state"), markup);
  });

  test("every address for browsers answered with a page, whose headers were looked at", () => {
    const without = endpoints.filter(({ caller, route }) => caller === "BROWSERS" && route !== "/favicon.svg").map(({ method, route }) => `${method} ${route}`).filter((route) => !withPages.has(route));
    assert.deepEqual(without, []);
  });

  test("afterwards the store is whole, and the log has one object a line and no secret", async () => {
    assert.equal((await fetch(`${tenant.issuer}healthz`)).status, 200);
    const users = JSON.parse((await doorward(["tenant", "user", "list", "--json", "--config", tenant.config])).stdout);
    assert.ok(users.some(({ email }) => email === ada.email));
    const log = tenant.program.stderr.split("\n").filter((line) => line.startsWith("{"));
    assert.ok(log.length > 1000, `${log.length} lines`);
    for (const line of log) assert.notEqual(JSON.parse(line).event, "forged");
    assert.ok(!tenant.program.stderr.includes(secret), tenant.program.stderr.slice(Math.max(0, tenant.program.stderr.indexOf(secret) - 300), tenant.program.stderr.indexOf(secret) + 100));
    const audit = (await doorward(["tenant", "logs", "--take", "100", "--json", "--config", tenant.config])).stdout;
    assert.ok(!audit.includes(secret), audit.slice(Math.max(0, audit.indexOf(secret) - 300), audit.indexOf(secret) + 100));
  });
});
