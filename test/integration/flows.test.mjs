// The flows beside the plain code flow, as openid-client speaks them: pushed requests, DPoP, devices, CIBA, keys instead of secrets, introspection.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import * as client from "openid-client";
import { Browser } from "./support/browser.mjs";
import { fixture, node, startDev, startTenant, users } from "./support/doorward.mjs";
import { writeFile } from "./support/process.mjs";
import { claimsOf, manage } from "./support/tenant.mjs";

const audience = "https://mcp.example.com/mcp";
const redirectUri = "http://127.0.0.1:39997/callback";
const ada = { email: "ada@example.com", password: "a long enough password" };
const eve = { email: "eve@example.com", password: "another long password" };
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const cibaGrant = "urn:openid:params:grant-type:ciba";
const secret = "a-secret-of-32-bytes-and-some-more";
const seed = {
  apis: [{ identifier: audience, name: "MCP", permissions: ["read:tools"] }],
  roles: [{ name: "MCP User", api: audience, permissions: ["read:tools"] }],
  clients: [
    { client_id: "cli", name: "CLI", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] },
    { client_id: "web", client_secret: secret, name: "Web", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] },
    { client_id: "tv", name: "Television", grant_types: [deviceGrant, "refresh_token"] },
    { client_id: "agent", client_secret: secret, name: "Agent", grant_types: [cibaGrant, "client_credentials"], audiences: [audience] },
    { client_id: "gateway", client_secret: secret, name: "Gateway", grant_types: ["client_credentials"], audiences: [audience] },
  ],
  users: [{ ...ada, roles: ["MCP User"] }, { ...eve, roles: ["MCP User"] }],
};

let tenant;
async function discover(id, authentication) {
  const config = await client.discovery(new URL(tenant.issuer), id, {}, authentication ?? client.None(), { execute: [client.allowInsecureRequests] });
  return config;
}
const confidential = (id) => discover(id, client.ClientSecretPost(secret));

async function checks(config, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: redirectUri, scope: "openid offline_access read:tools", audience, state: client.randomState(),
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  };
  return { parameters, checks: { pkceCodeVerifier: verifier, expectedState: parameters.state, idTokenExpected: true } };
}
// Fills whatever form a page shows, until a page has none.
async function walk(browser, url, user, pressed = []) {
  let page = await browser.open(url);
  for (let step = 0; page.forms.length > 0; step++) {
    assert.ok(step < 8, page.html);
    const names = page.forms[0].fields.map((field) => field.name);
    page = names.includes("password") ? await browser.submit(page, { username: user.email, password: user.password }, "login")
      : await browser.submit(page, {}, pressed.find((action) => page.forms[0].buttons.some((button) => button.value === action)));
  }
  return page;
}

describe("flows", () => {
  before(async () => {
    tenant = await startTenant({ seed });
  });
  after(() => tenant?.stop());

  test("a pushed authorization request, used once", async () => {
    const config = await confidential("web");
    const { parameters, checks: expected } = await checks(config);
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
    assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const browser = new Browser();
    const answer = await browser.authorize(url.href, redirectUri, ada);
    const tokens = await client.authorizationCodeGrant(config, answer, expected);
    assert.equal(tokens.token_type, "bearer");
    const again = await new Browser().open(url.href);
    assert.equal(again.status, 400);
    await assert.rejects(client.buildAuthorizationUrlWithPAR(config, { ...parameters, redirect_uri: "https://evil.example/" }), (error) => error.status >= 400 && error.status < 500);
  });
  test("a client that must push is refused without", async () => {
    await manage(tenant, "client", "update", "--id", "web", "--set", "require_pushed_authorization_requests=true");
    const config = await confidential("web");
    const { parameters } = await checks(config);
    const answer = await new Browser().authorize(client.buildAuthorizationUrl(config, parameters).href, redirectUri, ada);
    assert.equal(answer.searchParams.get("error"), "invalid_request");
    await manage(tenant, "client", "update", "--id", "web", "--set", "require_pushed_authorization_requests=false");
  });

  test("DPoP: the nonce is asked for, tokens are bound, userinfo and refreshing want the key", async () => {
    const config = await discover("cli");
    const keys = await client.randomDPoPKeyPair("ES256");
    const DPoP = client.getDPoPHandle(config, keys);
    const { parameters, checks: expected } = await checks(config, { dpop_jkt: await DPoP.calculateThumbprint() });
    const answer = await new Browser().authorize(client.buildAuthorizationUrl(config, parameters).href, redirectUri, ada);
    const tokens = await client.authorizationCodeGrant(config, answer, expected, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    assert.equal(claimsOf(tokens.access_token).cnf.jkt, await DPoP.calculateThumbprint());
    const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    assert.equal(info.sub, tokens.claims().sub);
    const stolen = await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(stolen.status, 401);
    const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: thief }), { error: "invalid_dpop_proof" });
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_dpop_proof" });
    const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    assert.equal(claimsOf(next.access_token).cnf.jkt, await DPoP.calculateThumbprint());
  });
  test("DPoP with a pushed request, and a client that must prove", async () => {
    await manage(tenant, "client", "update", "--id", "web", "--set", "require_proof_of_possession=true");
    const config = await confidential("web");
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const { parameters, checks: expected } = await checks(config);
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    const answer = await new Browser().authorize(url.href, redirectUri, ada);
    const tokens = await client.authorizationCodeGrant(config, answer, expected, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    const plain = await checks(config);
    const other = await new Browser().authorize(client.buildAuthorizationUrl(config, plain.parameters).href, redirectUri, ada);
    await assert.rejects(client.authorizationCodeGrant(config, other, plain.checks), { error: "invalid_dpop_proof" });
    await manage(tenant, "client", "update", "--id", "web", "--set", "require_proof_of_possession=false");
  });

  test("a device: the user types the code elsewhere", async () => {
    const config = await discover("tv");
    const started = await client.initiateDeviceAuthorization(config, { scope: "openid offline_access read:tools", audience });
    assert.match(started.user_code, /^[B-Z]{4}-[B-Z]{4}$/);
    assert.equal(started.expires_in, 900);
    assert.equal(started.verification_uri, `${tenant.issuer}activate`);
    const polling = client.pollDeviceAuthorizationGrant(config, started);
    const browser = new Browser();
    let page = await browser.open(started.verification_uri);
    page = await browser.submit(page, { user_code: started.user_code.toLowerCase().replace("-", " ") });
    assert.ok(page.html.includes(started.user_code) && page.html.includes("Television"), page.html);
    page = await browser.submit(page, {}, "confirm");
    page = await browser.submit(page, { username: ada.email, password: ada.password }, "login");
    if (page.forms.length > 0) page = await browser.submit(page, {}, "accept");
    assert.equal(page.status, 200, page.html);
    const tokens = await polling;
    assert.equal(tokens.claims().email ?? ada.email, ada.email);
    assert.ok(tokens.refresh_token);
    await assert.rejects(client.genericGrantRequest(config, deviceGrant, { device_code: started.device_code }), { error: "invalid_grant" });
  });
  test("a device whose user says no", async () => {
    const config = await discover("tv");
    const started = await client.initiateDeviceAuthorization(config, { scope: "openid", audience });
    await walk(new Browser(), started.verification_uri_complete, ada, ["deny"]);
    await assert.rejects(client.genericGrantRequest(config, deviceGrant, { device_code: started.device_code }), { error: "access_denied", status: 403 });
  });
  test("a device that polls too often", async () => {
    const config = await discover("tv");
    const started = await client.initiateDeviceAuthorization(config, { scope: "openid", audience });
    const ask = () => client.genericGrantRequest(config, deviceGrant, { device_code: started.device_code });
    await assert.rejects(ask(), { error: "authorization_pending", status: 403 });
    await assert.rejects(ask(), { error: "slow_down", status: 429 });
  });
  const fifty = (config, grant, parameters) => Promise.allSettled(Array.from({ length: 50 }, () => client.genericGrantRequest(config, grant, parameters)));
  const one = async (asked) => {
    const answers = await asked;
    assert.equal(answers.filter((answer) => answer.status === "fulfilled").length, 1);
    for (const { reason } of answers.filter((answer) => answer.status === "rejected")) assert.equal(reason.error, "invalid_grant");
  };
  test("one device code, fifty callers at once: one gets the tokens", async () => {
    const config = await discover("tv");
    const started = await client.initiateDeviceAuthorization(config, { scope: "openid", audience });
    await walk(new Browser(), started.verification_uri_complete, ada, ["confirm", "accept"]);
    await one(fifty(config, deviceGrant, { device_code: started.device_code }));
  });

  const hint = (sub) => JSON.stringify({ format: "iss_sub", iss: tenant.issuer, sub });
  const sub = async (email) => (await manage(tenant, "user", "list")).find((user) => user.email === email).user_id;
  test("CIBA: an operator approves, the agent polls", async () => {
    const config = await confidential("agent");
    const id = await sub(ada.email);
    const started = await client.initiateBackchannelAuthentication(config, { scope: "openid read:tools", audience, login_hint: hint(id), binding_message: "ORDER-7" });
    assert.deepEqual([started.expires_in, started.interval], [300, 5]);
    const polling = client.pollBackchannelAuthenticationGrant(config, started);
    const [request] = (await manage(tenant, "ciba", "list")).filter((row) => row.status === "pending");
    assert.equal(request.binding_message, "ORDER-7");
    assert.equal((await manage(tenant, "ciba", "approve", "--id", request.id)).status, "approved");
    const tokens = await polling;
    assert.equal(tokens.claims().sub, id);
    assert.equal(claimsOf(tokens.access_token).sub, id);
    await assert.rejects(client.genericGrantRequest(config, cibaGrant, { auth_req_id: started.auth_req_id }), { error: "invalid_grant" });
  });
  test("one auth_req_id, fifty callers at once: one gets the tokens", async () => {
    const config = await confidential("agent");
    const { auth_req_id } = await client.initiateBackchannelAuthentication(config, { scope: "openid read:tools", audience, login_hint: hint(await sub(ada.email)), binding_message: "ORDER-50" });
    const [request] = (await manage(tenant, "ciba", "list")).filter((row) => row.status === "pending");
    await manage(tenant, "ciba", "approve", "--id", request.id);
    await one(fifty(config, cibaGrant, { auth_req_id }));
  });
  test("CIBA: denied, and what is not taken", async () => {
    const config = await confidential("agent");
    const started = await client.initiateBackchannelAuthentication(config, { scope: "openid", login_hint: hint(await sub(ada.email)), binding_message: "ORDER-8" });
    const [request] = (await manage(tenant, "ciba", "list")).filter((row) => row.status === "pending");
    await manage(tenant, "ciba", "deny", "--id", request.id);
    await assert.rejects(client.genericGrantRequest(config, cibaGrant, { auth_req_id: started.auth_req_id }), { error: "access_denied" });
    const refused = (parameters, error) => assert.rejects(client.initiateBackchannelAuthentication(config, { scope: "openid", binding_message: "X", login_hint: hint("auth0|none"), ...parameters }), { error, status: 400 });
    await refused({}, "unknown_user_id");
    await refused({ scope: "read:tools" }, "invalid_request");
    await refused({ binding_message: "<b>" }, "invalid_binding_message");
  });

  test("introspection tells the API's own application, and nobody else", async () => {
    await manage(tenant, "client", "update", "--id", "gateway", "--set", "app_type=resource_server", "--set", `resource_server_identifier=${audience}`);
    const [gateway, agent] = [await confidential("gateway"), await confidential("agent")];
    const tokens = await client.clientCredentialsGrant(agent, { audience });
    const seen = await client.tokenIntrospection(gateway, tokens.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.client_id, "agent");
    assert.equal(seen.sub, "agent@clients");
    assert.deepEqual(await client.tokenIntrospection(await confidential("web"), tokens.access_token), { active: false });
    assert.deepEqual(await client.tokenIntrospection(gateway, `${tokens.access_token}x`), { active: false });
  });

  for (const algorithm of ["RS256", "RS384", "PS256", "ES256"]) {
    test(`a key instead of a secret, added as PEM: ${algorithm}`, async () => {
      const { publicKey, privateKey } = algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
      const id = `robot-${algorithm.toLowerCase()}`;
      await manage(tenant, "client", "add", "--name", id, "--id", id, "--audience", audience);
      const pem = writeFile(path.dirname(tenant.config), `${id}.pem`, publicKey.export({ format: "pem", type: "spki" }));
      const credential = await manage(tenant, "client", "credential", "add", "--id", id, "--pem", pem, "--alg", algorithm, "--name", "first");
      assert.match(credential.id, /^cred_/);
      const names = { RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" }, PS256: { name: "RSA-PSS", hash: "SHA-256" }, ES256: { name: "ECDSA", namedCurve: "P-256" } };
      const key = await crypto.subtle.importKey("pkcs8", privateKey.export({ format: "der", type: "pkcs8" }), names[algorithm], false, ["sign"]);
      const config = await discover(id, client.PrivateKeyJwt({ key, kid: credential.kid }));
      assert.ok((await client.clientCredentialsGrant(config, { audience })).access_token);
      assert.equal((await manage(tenant, "client", "credential", "list", "--id", id)).length, 1);
      await manage(tenant, "client", "credential", "delete", "--id", id, "--credential", credential.id);
      await assert.rejects(client.clientCredentialsGrant(config, { audience }), { status: 401 });
    });
  }
});

test("DPoP at the gateway: a fresh proof each time, and nothing without", async () => {
  const dev = await startDev({ upstream: [node, fixture, "stdio"] });
  try {
    const { client_id: id } = await (await fetch(`${dev.issuer}oidc/register`, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Prover", redirect_uris: [redirectUri], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"] }),
    })).json();
    const config = await client.discovery(new URL(dev.issuer), id, {}, client.None(), { execute: [client.allowInsecureRequests] });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const { parameters, checks: expected } = await checks(config, { scope: "read:tools", audience: undefined, resource: dev.url });
    delete parameters.audience;
    const answer = await new Browser().authorize(client.buildAuthorizationUrl(config, parameters).href, redirectUri, users.user);
    const tokens = await client.authorizationCodeGrant(config, answer, { ...expected, idTokenExpected: false }, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } } });
    for (let round = 0; round < 2; round++) {
      const passed = await client.fetchProtectedResource(config, tokens.access_token, new URL(dev.url), "POST", body, new Headers(headers), { DPoP });
      assert.equal(passed.status, 200, await passed.text());
    }
    const metadata = await (await fetch(new URL("/.well-known/oauth-protected-resource/mcp", dev.url))).json();
    assert.ok(metadata.dpop_signing_alg_values_supported.includes("ES256"));
    const stolen = await fetch(dev.url, { method: "POST", body, headers: { ...headers, authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(stolen.status, 401);
    const bare = await fetch(dev.url, { method: "POST", body, headers: { ...headers, authorization: `DPoP ${tokens.access_token}` } });
    assert.equal(bare.status, 401);
    assert.match(bare.headers.get("www-authenticate"), /^DPoP error="invalid_dpop_proof", .*algs="ES256 /);
    const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    await assert.rejects(client.fetchProtectedResource(config, tokens.access_token, new URL(dev.url), "POST", body, new Headers(headers), { DPoP: thief }), (error) => error.status === 401);
  } finally { await dev.stop(); }
});
