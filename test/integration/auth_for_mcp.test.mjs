// "Auth for MCP" as Auth0's quickstart prepares a tenant, by the management verbs; then a client that registers itself and one
// that is a URL walk through. And what each grant's tokens say in each of the four dialects.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createServer } from "node:http";
import { decodeProtectedHeader } from "jose";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { claimsOf, manage, pkce, postForm, send } from "./support/tenant.mjs";

const api = "http://localhost:3001/";
const redirectUri = "http://127.0.0.1:39996/callback";
const ada = { email: "ada@example.com", password: "a long enough password" };
// A running server looks for changed settings twice a second.
async function set(tenant, ...settings) {
  await manage(tenant, "settings", "set", ...settings);
  await new Promise((done) => setTimeout(done, 700));
}
const token = (tenant, parameters) => postForm(new URL("oauth/token", tenant.issuer), parameters);

// The answer of /authorize in a fresh browser, or in the given one.
async function authorize(tenant, parameters, browser = new Browser()) {
  const { code_verifier, challenge } = pkce();
  const query = new URLSearchParams({ response_type: "code", redirect_uri: redirectUri, state: "s", ...challenge, ...parameters });
  return { answer: (await browser.authorize(`${tenant.issuer}authorize?${query}`, redirectUri, ada)).searchParams, code_verifier, browser };
}
async function login(tenant, client, parameters, browser) {
  const { answer, code_verifier } = await authorize(tenant, { client_id: client.client_id, ...parameters }, browser);
  assert.equal(answer.get("error"), null, answer.get("error_description"));
  const given = await token(tenant, { grant_type: "authorization_code", ...client, code: answer.get("code"), code_verifier, redirect_uri: redirectUri });
  assert.equal(given.status, 200, given.text);
  return { ...given.body, iss: answer.get("iss") };
}

describe("Auth for MCP", () => {
  let tenant, documents;
  const page = async (parameters) => new Browser().open(`${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", redirect_uri: redirectUri, state: "s", ...pkce().challenge, ...parameters })}`, redirectUri);
  const register = (more = {}) => send(`${tenant.issuer}oidc/register`, {
    json: { client_name: "MCP Inspector", redirect_uris: [redirectUri], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token", "client_credentials", "implicit"], ...more },
  });

  before(async () => {
    tenant = await startTenant({ tenant: { allow_insecure_client_metadata: true } });
    documents = createServer((request, answer) => {
      const id = `http://127.0.0.1:${documents.address().port}${request.url}`;
      answer.setHeader("content-type", "application/json").end(JSON.stringify({ client_id: id, client_name: "Documented", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none" }));
    });
    await new Promise((done) => documents.listen(0, "127.0.0.1", done));
  });
  after(() => { documents?.close(); return tenant?.stop(); });

  test("the tenant is prepared", async () => {
    assert.equal((await register()).status, 404); // off by default
    await set(tenant, "resource_parameter_profile=compatibility", "authorization_response_iss_parameter_supported=true",
      "flags.enable_dynamic_client_registration=true", "client_id_metadata_document_supported=true");
    const settings = await manage(tenant, "settings", "show");
    assert.equal(settings.session_lifetime, 168);
    assert.equal(settings.idle_session_lifetime, 72);
    assert.equal(settings.dynamic_client_registration_security_mode, "strict");
    await manage(tenant, "connection", "update", "--name", "Username-Password-Authentication", "--no-domain");
    await manage(tenant, "api", "add", "--identifier", api, "--name", "MCP server", "--permission", "tool:whoami=Who am I", "--permission", "tool:greet=Greet", "--offline-access");
    const made = await manage(tenant, "api", "update", "--identifier", api, "--set", "token_dialect=rfc9068_profile_authz", "--set", "enforce_policies=true", "--set", "signing_alg=RS256");
    assert.deepEqual([made.token_dialect, made.enforce_policies, made.signing_alg, made.token_lifetime, made.token_lifetime_for_web], ["rfc9068_profile_authz", true, "RS256", 86400, 7200]);
    await manage(tenant, "role", "add", "--name", "Tool User", "--api", api, "--permission", "tool:whoami", "--permission", "tool:greet");
    await manage(tenant, "user", "add", "--email", ada.email, "--password", ada.password);
    await manage(tenant, "role", "assign", "--role", "Tool User", "--email", ada.email);
    for (const each of await manage(tenant, "client-grant", "list", "--audience", api)) await manage(tenant, "client-grant", "delete", "--id", each.id);
  });

  test("without a domain connection, and without a default grant, a registered client gets nothing", async () => {
    const { status, body } = await register();
    assert.equal(status, 201);
    assert.match(body.client_id, /^tpc_/);
    assert.deepEqual(body.grant_types, ["authorization_code", "refresh_token"]);
    assert.equal(body.client_secret, undefined);
    assert.equal(body.token_endpoint_auth_method, "none");
    const shown = await manage(tenant, "client", "show", "--id", body.client_id);
    assert.deepEqual([shown.is_first_party, shown.third_party_security_mode, shown.redirection_policy, shown.refresh_token.rotation_type, shown.refresh_token.expiration_type],
      [false, "strict", "open_redirect_protection", "rotating", "expiring"]);
    assert.match((await page({ client_id: body.client_id, resource: api, scope: "tool:greet" })).html, /no connections enabled for the client/);
    await manage(tenant, "connection", "update", "--name", "Username-Password-Authentication", "--domain");
    await assert.rejects(authorize(tenant, { client_id: body.client_id, resource: api, scope: "tool:greet" }), /not authorized to access/);
    const grant = await manage(tenant, "client-grant", "put", "--default-for-third-parties", "--audience", api, "--subject-type", "user", "--scope", "tool:whoami");
    assert.deepEqual([grant.default_for, grant.subject_type, grant.scope], ["third_party_clients", "user", ["tool:whoami"]]);
  });

  async function walk(client) {
    const browser = new Browser();
    const scope = "openid profile email offline_access tool:whoami tool:greet";
    const first = await login(tenant, client, { resource: api, scope }, browser);
    assert.equal(first.iss, tenant.issuer); // RFC 9207
    assert.equal(first.id_token, undefined);
    assert.deepEqual(first.scope.split(" ").sort(), ["offline_access", "tool:whoami"]); // the default grant has no tool:greet
    assert.equal(first.expires_in, 86400);
    const claims = claimsOf(first.access_token);
    assert.equal(decodeProtectedHeader(first.access_token).typ, "at+jwt");
    assert.deepEqual([claims.aud, claims.client_id, claims.azp, claims.gty, claims.permissions], [api, client.client_id, undefined, undefined, ["tool:whoami"]]);
    const userinfo = await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${first.access_token}` } });
    assert.equal(userinfo.status, 401);
    const next = await token(tenant, { grant_type: "refresh_token", ...client, refresh_token: first.refresh_token });
    assert.equal(next.status, 200, next.text);
    assert.notEqual(next.body.refresh_token, first.refresh_token);
    // Agreed once is agreed, until it is asked for again; but a loopback port has its page each time.
    const seen = async (more) => {
      const before = browser.pages.length;
      await login(tenant, client, { resource: api, scope, ...more }, browser);
      return browser.pages.slice(before).map(({ url }) => new URL(url).pathname);
    };
    assert.deepEqual(await seen(), ["/u/consent"]);
    await set(tenant, "skip_non_verifiable_callback_uri_confirmation_prompt=true");
    assert.deepEqual(await seen(), []);
    assert.deepEqual(await seen({ prompt: "consent" }), ["/u/consent"]);
    assert.match(browser.pages.at(-1).html, /whoami/);
    await set(tenant, "skip_non_verifiable_callback_uri_confirmation_prompt=null");
    const consents = (await manage(tenant, "grant", "list", "--email", ada.email)).filter((each) => each.clientID === client.client_id);
    assert.equal(consents.length, 1);
  }

  test("a client that registers itself walks through", async () => {
    const { body: { client_id } } = await register();
    await walk({ client_id });
    await manage(tenant, "client-grant", "put", "--client", client_id, "--audience", api, "--subject-type", "user", "--scope", "tool:greet");
    assert.equal((await login(tenant, { client_id }, { resource: api, scope: "tool:whoami tool:greet" })).scope, "tool:greet");
  });

  test("a client that is a URL walks through", async () => {
    const client_id = `http://127.0.0.1:${documents.address().port}/client.json`;
    await walk({ client_id });
    assert.equal((await manage(tenant, "client", "show", "--id", client_id)).kind, "cimd");
  });

  test("a static third party is made as the quickstart makes it, and asks for itself only with a secret", async () => {
    const made = await manage(tenant, "client", "add", "--name", "Inspector", "--third-party", "--redirect-uri", redirectUri, "--grant-type", "authorization_code", "--grant-type", "refresh_token", "--grant-type", "client_credentials");
    assert.match(made.client_id, /^tpc_/);
    const client = { client_id: made.client_id, client_secret: made.client_secret };
    await manage(tenant, "client", "update", "--id", made.client_id, "--set", "logo_uri=https://example.com/logo.png", "--set", "app_type=regular_web");
    assert.equal((await login(tenant, client, { audience: api, scope: "tool:whoami" })).scope, "tool:whoami");
    const machine = () => token(tenant, { grant_type: "client_credentials", ...client, audience: api });
    assert.equal((await machine()).status, 403); // the default grant is for users
    await manage(tenant, "client-grant", "put", "--client", made.client_id, "--audience", api, "--subject-type", "client", "--scope", "tool:greet");
    const claims = claimsOf((await machine()).body.access_token);
    assert.deepEqual([claims.sub, claims.scope], [`${made.client_id}@clients`, "tool:greet"]);
  });

  test("what strict third parties may not do stays on a page of ours, or is an OAuth error", async () => {
    const { body: { client_id } } = await register();
    for (const more of [{ prompt: "none" }, { screen_hint: "signup" }, { response_type: "token" }, { response_type: "code id_token" }, { code_challenge_method: "plain" }, { code_challenge: "" }, { request_uri: "urn:x" }, { audience: "https://nowhere.example" }]) {
      const { redirect, status } = await page({ client_id, resource: api, scope: "tool:whoami", ...more });
      assert.ok(!redirect && status >= 400, JSON.stringify(more));
    }
    for (const parameters of [{ "ext-color": "red" }, { correlation_id: "1" }])
      assert.equal((await page({ client_id, resource: api, scope: "tool:whoami", ...parameters })).status, 200);
    for (const [path, parameters] of [["oauth/device/code", { audience: api }], ["oauth/par", { redirect_uri: redirectUri, response_type: "code" }], ["bc-authorize", { scope: "openid", login_hint: "x", binding_message: "x" }], ["passwordless/start", { connection: "email", email: ada.email, send: "code" }]]) {
      const answer = await postForm(new URL(path, tenant.issuer), { client_id, ...parameters });
      assert.ok(answer.status >= 400, `${path}: ${answer.text}`);
    }
    for (const grant_type of ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"])
      assert.equal((await token(tenant, { grant_type, client_id, username: ada.email, password: ada.password, audience: api, device_code: "x" })).body.error, "unauthorized_client", grant_type);
  });

  test("permissive mode is for those that register from then on", async () => {
    await set(tenant, "dynamic_client_registration_security_mode=permissive");
    const { body: { client_id } } = await register();
    await set(tenant, "dynamic_client_registration_security_mode=null");
    const given = await login(tenant, { client_id }, { resource: api, scope: "openid email tool:whoami" });
    assert.equal(claimsOf(given.id_token).email, ada.email);
    assert.equal((await page({ client_id, resource: api, scope: "tool:whoami", prompt: "none" })).redirect.searchParams.get("error"), "login_required");
    assert.equal((await manage(tenant, "client", "show", "--id", client_id)).third_party_security_mode, "permissive");
  });

  test("an organization lets third parties in when it says so", async () => {
    const { body: { client_id } } = await register();
    const { id } = await manage(tenant, "organization", "create", "--name", "acme", "--connection", "Username-Password-Authentication");
    await manage(tenant, "organization", "member", "add", "--organization", "acme", "--email", ada.email);
    const ask = { client_id, resource: api, scope: "tool:whoami", organization: id };
    assert.match((await page(ask)).html, new RegExp(`parameter organization is invalid: ${id}`));
    await manage(tenant, "organization", "update", "--organization", "acme", "--third-party", "allow");
    const browser = new Browser();
    assert.equal(claimsOf((await login(tenant, { client_id }, { ...ask, organization: "" }, browser)).access_token).org_id, undefined);
    assert.equal(claimsOf((await login(tenant, { client_id }, ask, browser)).access_token).org_id, id);
    // Consent for one organization is none for another, nor for none.
    const grants = (await manage(tenant, "grant", "list", "--email", ada.email)).filter((grant) => grant.clientID === client_id);
    assert.deepEqual(grants.map((grant) => grant.organization_id).sort(), ["", id]);
  });
});

describe("claims", () => {
  const realm = "http://auth0.com/oauth/grant-type/password-realm";
  const web = { client_id: "web", client_secret: "web-secret-0123456789abcdef" };
  let tenant;
  before(async () => {
    tenant = await startTenant({ tenant: { allow_password_grant: true }, seed: {
      apis: [{ identifier: api, name: "API", permissions: ["read:x", "write:x"] }],
      roles: [{ name: "Reader", api, permissions: ["read:x"] }],
      clients: [{ ...web, name: "Web", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token", "password", realm, "client_credentials"], audiences: [api] }],
      users: [{ ...ada, roles: ["Reader"] }],
    } });
  });
  after(() => tenant?.stop());
  const granted = async (parameters) => {
    const answer = await token(tenant, { ...web, ...parameters });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const byPassword = (more = {}) => granted({ grant_type: "password", username: ada.email, password: ada.password, audience: api, scope: "openid offline_access read:x write:x", ...more });

  for (const dialect of ["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"])
    test(`of ${dialect}, by each grant`, async () => {
      const isStandard = dialect.startsWith("rfc9068"), hasPermissions = dialect.endsWith("_authz");
      await manage(tenant, "api", "update", "--identifier", api, "--set", `token_dialect=${dialect}`);
      const codes = await login(tenant, web, { audience: api, scope: "openid offline_access read:x write:x" });
      const passwords = await byPassword();
      const both = [api, `${tenant.issuer}userinfo`];
      const rows = [
        ["code", codes, undefined, both, "read:x"],
        ["code without openid", await login(tenant, web, { audience: api, scope: "read:x write:x" }), undefined, api, "read:x"],
        ["code without scopes", await login(tenant, web, { audience: api }), undefined, api, undefined],
        ["password", passwords, "password", both, "read:x"],
        ["password-realm", await byPassword({ grant_type: realm, realm: "Username-Password-Authentication" }), "password-realm", both, "read:x"],
        ["refresh", await granted({ grant_type: "refresh_token", refresh_token: codes.refresh_token }), "refresh_token", both, "read:x"],
        ["refresh of a password", await granted({ grant_type: "refresh_token", refresh_token: passwords.refresh_token }), ["refresh_token", "password"], both, "read:x"],
        ["client_credentials", await granted({ grant_type: "client_credentials", audience: api }), "client-credentials", api, "read:x write:x"],
      ];
      for (const [name, { access_token }, gty, aud, scope] of rows) {
        const isMachine = name === "client_credentials", claims = claimsOf(access_token), header = decodeProtectedHeader(access_token);
        assert.deepEqual([header.alg, header.typ, typeof header.kid], ["RS256", isStandard ? "at+jwt" : "JWT", "string"], name);
        assert.equal(claims.iss, tenant.issuer);
        assert.deepEqual(claims.aud, aud, name);
        assert.equal(claims.exp - claims.iat, 86400, name);
        assert.deepEqual([claims.azp, claims.client_id], isStandard ? [undefined, "web"] : ["web", undefined], name);
        assert.deepEqual(claims.gty, isStandard ? undefined : gty, name);
        assert.equal(typeof claims.jti, "string");
        assert.match(claims.sub, isMachine ? /^web@clients$/ : /^auth0\|[0-9a-f]{24}$/);
        assert.deepEqual(claims.permissions, !hasPermissions ? undefined : isMachine ? ["read:x", "write:x"] : ["read:x"], name);
        const own = claims.scope?.split(" ").filter((each) => !["openid", "offline_access"].includes(each)).join(" ");
        assert.equal(own, scope, name);
        for (const absent of ["org_id", "org_name", "act", "cnf", "email", "auth_time", "nonce"]) assert.equal(claims[absent], undefined, `${name}: ${absent}`);
      }
    });

  test("permissions need RBAC, too", async () => {
    await manage(tenant, "api", "update", "--identifier", api, "--set", "enforce_policies=false", "--set", "token_dialect=access_token_authz");
    const claims = claimsOf((await byPassword({ scope: "write:x" })).access_token);
    assert.deepEqual([claims.permissions, claims.scope], [undefined, "write:x"]);
    await manage(tenant, "api", "update", "--identifier", api, "--set", "enforce_policies=true");
  });

  test("an ID token says what its scopes allow, and when the login was where that was asked", async () => {
    const ids = async (parameters) => claimsOf((await login(tenant, web, parameters)).id_token);
    const plain = await ids({ scope: "openid", nonce: "n" });
    assert.deepEqual(Object.keys(plain).sort(), ["aud", "exp", "iat", "iss", "nonce", "sid", "sub"]);
    assert.deepEqual([plain.iss, plain.aud, plain.nonce, plain.exp - plain.iat], [tenant.issuer, "web", "n", 36000]);
    const asked = await ids({ scope: "openid", max_age: "600" });
    assert.deepEqual([typeof asked.auth_time, asked.nonce], ["number", undefined]);
    assert.deepEqual(Object.keys(await ids({ scope: "openid email" })).filter((name) => !(name in plain)).sort(), ["email", "email_verified"]);
    const profile = await ids({ scope: "openid profile" });
    assert.equal(profile.email, undefined);
    assert.ok(profile.name && profile.nickname && profile.picture && profile.updated_at);
    assert.equal((await login(tenant, web, { scope: "email profile", audience: api })).id_token, undefined);
  });

  test("organizations are in both tokens, their names where the tenant says so", async () => {
    const { id } = await manage(tenant, "organization", "create", "--name", "acme", "--connection", "Username-Password-Authentication");
    await manage(tenant, "organization", "member", "add", "--organization", "acme", "--email", ada.email);
    await manage(tenant, "client", "update", "--id", "web", "--set", "organization_usage=allow");
    for (const [value, name] of [[false, undefined], [true, "acme"]]) {
      await set(tenant, `allow_organization_name_in_authentication_api=${value}`);
      const given = await login(tenant, web, { scope: "openid", audience: api, organization: id });
      for (const each of [given.access_token, given.id_token]) assert.deepEqual([claimsOf(each).org_id, claimsOf(each).org_name], [id, name]);
    }
  });

  test("an application of ours with a secret keeps its refresh token", async () => {
    const made = await manage(tenant, "client", "add", "--name", "Keeper", "--redirect-uri", redirectUri);
    const keeper = { client_id: made.client_id, client_secret: made.client_secret };
    const { refresh_token } = await login(tenant, keeper, { audience: api, scope: "offline_access read:x" });
    for (let i = 0; i < 3; i++) {
      const next = await token(tenant, { grant_type: "refresh_token", ...keeper, refresh_token });
      assert.deepEqual([next.status, next.body.refresh_token, next.body.scope], [200, refresh_token, "offline_access read:x"]);
    }
    assert.equal((await token(tenant, { grant_type: "refresh_token", client_id: keeper.client_id, refresh_token })).status, 401);
  });

  test("without an API the token is opaque, for a day", async () => {
    const given = await login(tenant, web, { scope: "openid email" });
    assert.deepEqual([given.access_token.split(".").length, given.expires_in], [1, 86400]);
    const userinfo = await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${given.access_token}` } });
    assert.equal((await userinfo.json()).email, ada.email);
  });
});
