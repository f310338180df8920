// What Auth0's documents and recordings say of its Authentication API, one line after the other, asked of a running tenant: discovery and
// keys, /authorize, /oauth/token and its errors as forms and as JSON, and what else applications call.
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { until } from "./support/process.mjs";
import { claimsOf, manage, pkce, send as sendTo } from "./support/tenant.mjs";

const audience = "https://api.example.com/v1";
const callback = "http://127.0.0.1:39990/callback";
const siteCallback = "https://app.example.com/callback";
const ada = { email: "ada@example.com", password: "a long enough password", name: "Ada Lovelace" };
const blocked = { email: "blocked@example.com", password: "a long enough password" };
const machine = { client_id: "machine", client_secret: "machine-secret-0123456789abcdef" };
const stranger = { client_id: "stranger", client_secret: "stranger-secret-0123456789abcdef" };
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdef" };
const device = "urn:ietf:params:oauth:grant-type:device_code";
const ciba = "urn:openid:params:grant-type:ciba";
const auth0 = (name) => `http://auth0.com/oauth/grant-type/${name}`;
const userGrants = ["authorization_code", "refresh_token", "password", auth0("password-realm"), device];
const mfaGrants = ["mfa-otp", "mfa-oob", "mfa-recovery-code"].map(auth0);
const seed = {
  apis: [{ identifier: audience, name: "API", permissions: ["read:x", "write:x"] }],
  clients: [
    { client_id: "cli", name: "CLI", redirect_uris: [callback], grant_types: userGrants, audiences: [audience], allowed_logout_urls: ["https://*.app.example.com/bye"] },
    { ...web, name: "Web", redirect_uris: [siteCallback], grant_types: [...userGrants, ciba, ...mfaGrants], audiences: [audience], web_origins: ["https://app.example.com"] },
    { client_id: "bare", name: "Bare", redirect_uris: [callback], grant_types: ["authorization_code"] },
    { ...machine, name: "Machine", grant_types: ["client_credentials"], audiences: [audience] },
    { ...machine, client_id: "narrow", name: "Narrow", grant_types: ["client_credentials"] },
    { ...stranger, name: "Stranger", grant_types: ["client_credentials"] },
  ],
  roles: [{ name: "All", api: audience, permissions: ["read:x", "write:x"] }],
  users: [{ ...ada, roles: ["All"] }, blocked],
};

let tenant;
const at = (path) => new URL(path, tenant.issuer);
function send(path, { query = {}, ...options } = {}) {
  const url = at(path);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  return sendTo(url, options);
}
const get = (path, options) => send(path, { method: "GET", ...options });
const token = (form) => send("oauth/token", { form });
const patch = (...settings) => manage(tenant, "settings", "set", ...settings);
const discovery = async () => (await get(".well-known/openid-configuration")).body;
// A running server sees a setting within half a second.
const settled = (isIt) => until(async () => isIt(await discovery()), "the setting", 5_000);

const request = (more = {}) => ({ response_type: "code", client_id: "cli", redirect_uri: callback, scope: "openid", state: "s1", ...pkce().challenge, ...more });
const authorize = (more, options) => get("authorize", { query: request(more), ...options });
const landing = (answer, to = callback) => {
  const location = answer.headers.get("location") ?? "";
  assert.ok(location.startsWith(to), `${answer.status} ${location} ${answer.text.slice(0, 300)}`);
  return new URL(location);
};
async function logIn({ more = {}, user = ada, to = callback } = {}) {
  const proof = pkce();
  const url = `${at("authorize")}?${new URLSearchParams({ ...request(), ...proof.challenge, ...more })}`;
  const answer = (await new Browser().authorize(url, to, user)).searchParams;
  return { code: answer.get("code"), code_verifier: proof.code_verifier, redirect_uri: to };
}
const redeem = (answer, more = {}) => token({ grant_type: "authorization_code", client_id: "cli", ...answer, ...more });

describe("the wire, line by line", () => {
  before(async () => {
    tenant = await startTenant({ seed, tenant: { allow_password_grant: true }, tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } } });
    await manage(tenant, "user", "update", "--email", ada.email, "--set", "given_name=Ada", "--set", "family_name=Lovelace");
    await manage(tenant, "user", "block", "--email", blocked.email);
    await manage(tenant, "api", "add", "--identifier", "https://ungranted.example.com", "--name", "Ungranted");
  });
  after(() => tenant?.stop());

  describe("discovery and keys", () => {
    const lists = {
      scopes_supported: "openid profile offline_access name given_name family_name nickname email email_verified picture created_at identities phone address",
      response_types_supported: "code",
      code_challenge_methods_supported: "S256",
      response_modes_supported: "query fragment form_post",
      subject_types_supported: "public",
      token_endpoint_auth_methods_supported: "client_secret_basic client_secret_post private_key_jwt none",
      claims_supported: "aud auth_time created_at email email_verified exp family_name given_name iat identities iss name nickname phone_number picture sub",
      backchannel_token_delivery_modes_supported: "poll",
      id_token_signing_alg_values_supported: "RS256 PS256",
    };
    const endpoints = {
      issuer: "", authorization_endpoint: "authorize", token_endpoint: "oauth/token", device_authorization_endpoint: "oauth/device/code",
      userinfo_endpoint: "userinfo", mfa_challenge_endpoint: "mfa/challenge", jwks_uri: ".well-known/jwks.json",
      registration_endpoint: "oidc/register", revocation_endpoint: "oauth/revoke", backchannel_authentication_endpoint: "bc-authorize",
      end_session_endpoint: "oidc/logout", pushed_authorization_request_endpoint: "oauth/par",
    };
    test("the document has Auth0's members", async () => {
      const answer = await get(".well-known/openid-configuration");
      assert.equal(answer.status, 200);
      for (const [key, path] of Object.entries(endpoints)) assert.equal(answer.body[key], tenant.issuer + path, key);
      for (const [key, list] of Object.entries(lists)) {
        const got = answer.body[key].filter((name) => key !== "scopes_supported" || !["read:x", "write:x"].includes(name));
        assert.deepEqual([...got].sort(), list.split(" ").sort(), key);
      }
      for (const [key, least] of [["token_endpoint_auth_signing_alg_values_supported", ["RS256", "RS384", "PS256"]], ["dpop_signing_alg_values_supported", ["ES256"]]])
        for (const name of least) assert.ok(answer.body[key].includes(name), `${key} ${name}`);
      assert.equal(answer.body.request_parameter_supported, false);
      assert.equal(answer.body.request_uri_parameter_supported, false);
      assert.equal(answer.body.client_id_metadata_document_supported, true);
      assert.equal(answer.body.authorization_response_iss_parameter_supported, true);
      const alias = await get(".well-known/oauth-authorization-server");
      assert.equal(alias.text, answer.text);
    });
    test("a setting adds or removes a member", async () => {
      for (const [setting, key] of [
        ["client_id_metadata_document_supported", "client_id_metadata_document_supported"],
        ["authorization_response_iss_parameter_supported", "authorization_response_iss_parameter_supported"],
        ["pushed_authorization_requests_supported", "pushed_authorization_request_endpoint"],
        ["oidc_logout.rp_logout_end_session_endpoint_discovery", "end_session_endpoint"],
      ]) {
        await patch(`${setting}=false`);
        await settled((document) => !(key in document));
        await patch(`${setting}=true`);
        await settled((document) => key in document);
      }
      await patch("require_pushed_authorization_requests=true");
      await settled((document) => document.require_pushed_authorization_requests === true);
      await patch("require_pushed_authorization_requests=false");
      await settled((document) => !("require_pushed_authorization_requests" in document));
    });
    test("keys have a certificate and its thumbprint, and come in four more forms", async () => {
      const { keys } = (await get(".well-known/jwks.json")).body;
      assert.ok(keys.length >= 2, "the current and the next");
      for (const key of keys) {
        assert.deepEqual([key.kty, key.use, key.alg, key.e], ["RSA", "sig", "RS256", "AQAB"]);
        assert.deepEqual(Object.keys(key).sort(), ["alg", "e", "kid", "kty", "n", "use", "x5c", "x5t"]);
        assert.match(key.kid, /^[\w-]{21}$/);
        const der = Buffer.from(key.x5c[0], "base64");
        assert.equal(key.x5t, createHash("sha1").update(der).digest("base64url"));
        const certificate = new X509Certificate(der);
        assert.equal(certificate.subject, `CN=${at("").host}`);
        assert.equal(certificate.issuer, certificate.subject);
        assert.equal(certificate.publicKey.export({ format: "jwk" }).n, key.n);
      }
      await patch("flags.remove_alg_from_jwks=true");
      const bare = async () => (await get(".well-known/jwks.json")).body.keys;
      await until(async () => (await bare()).every((key) => !("alg" in key)), "keys without alg", 5_000);
      assert.deepEqual((await bare()).map(({ kid, n, x5t }) => [kid, n, x5t]), keys.map(({ kid, n, x5t }) => [kid, n, x5t]));
      await patch("flags.remove_alg_from_jwks=false");
      for (const path of ["pem", "rawpem", "cer", "pb7", "pem?cert=connection"]) {
        const answer = await fetch(at(path));
        assert.equal(answer.status, 200, path);
        const bytes = Buffer.from(await answer.arrayBuffer());
        if (path.startsWith("pb7")) assert.ok(bytes.length > 500);
        else assert.ok(keys.some((key) => Buffer.from(key.x5c[0], "base64").equals(new X509Certificate(bytes).raw)), path);
      }
    });
  });

  describe("/authorize", () => {
    test("what is not to be redirected is a page with 403 or 400, and Auth0's words", async () => {
      for (const [more, status, words] of [
        [{ redirect_uri: "https://evil.example/cb" }, 403, "Callback URL mismatch. https://evil.example/cb is not in the list of allowed callback URLs"],
        [{ redirect_uri: `${callback}/` }, 403, `Callback URL mismatch. ${callback}/ is not in the list of allowed callback URLs`],
        [{ client_id: "nobody" }, 400, "Unknown client: nobody"],
      ]) {
        const answer = await authorize(more);
        assert.equal(answer.status, status);
        assert.match(answer.headers.get("content-type"), /^text\/html/);
        assert.ok(answer.text.includes(words), words);
        assert.ok(answer.text.includes(status === 403 ? "unauthorized_client" : "invalid_request"));
        assert.equal(answer.headers.get("location"), null);
      }
    });
    test("the operator's own error page is there instead", async () => {
      await patch("error_page.url=https://errors.example.com/page");
      await until(async () => (await authorize({ client_id: "nobody" })).status === 302, "the setting", 5_000);
      const answer = landing(await authorize({ redirect_uri: "https://evil.example/cb" }), "https://errors.example.com/page");
      assert.deepEqual([...answer.searchParams.keys()].sort(), ["client_id", "error", "error_description", "lang", "tracking"]);
      assert.equal(answer.searchParams.get("error"), "unauthorized_client");
      assert.match(answer.searchParams.get("error_description"), /^Callback URL mismatch\. https:\/\/evil/);
      await patch("error_page.url=");
      await until(async () => (await authorize({ client_id: "nobody" })).status === 400, "the setting", 5_000);
    });
    const refusals = [
      [{ prompt: "none" }, "login_required", "Login required"],
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ response_type: "" }, "invalid_request", "Missing required parameter: response_type"],
      [{ response_mode: "other" }, "invalid_request"],
      [{ audience: "https://none.example" }, "access_denied", "Service not found: https://none.example"],
      [{ resource: "https://none.example" }, "access_denied", "Service not found: https://none.example"],
      [{ resource: "relative" }, "invalid_target"],
      [{ resource: `${audience}#x` }, "invalid_target"],
      [{ prompt: "none login" }, "invalid_request"],
      [{ max_age: "soon" }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge: "" }, "invalid_request"],
      [{ request: "e30.e30." }, "invalid_request"],
      [{ request_uri: "https://evil.example/request" }, null],
      [{ dpop_jkt: "short" }, "invalid_request"],
      [{ organization: "org_0123456789abcdef" }, "invalid_request", "parameter organization is not allowed for this client"],
      [{ scope: 'open"id' }, "invalid_scope"],
      [{ authorization_details: '[{"type":"payment"}]' }, "invalid_authorization_details"],
    ];
    test("what is to be redirected has error, description, state and iss", async () => {
      for (const [more, error, description] of refusals) {
        const answer = await authorize(more);
        if (!error) {
          assert.equal(answer.status, 400, JSON.stringify(more));
          continue;
        }
        const where = landing(answer);
        const searchParams = where.hash ? new URLSearchParams(where.hash.slice(1)) : where.searchParams; // what would be a token is in the fragment
        assert.equal(searchParams.get("error"), error, JSON.stringify(more));
        if (description) assert.equal(searchParams.get("error_description"), description);
        assert.ok(searchParams.get("error_description"));
        assert.equal(searchParams.get("state"), "s1");
        assert.equal(searchParams.get("iss"), tenant.issuer);
        assert.equal(answer.status, 302);
      }
    });
    test("what Auth0's clients send besides is passed over, by GET and by POST", async () => {
      const more = {
        display: "popup", "ext-color": "blue", auth0Client: Buffer.from('{"name":"auth0.js"}').toString("base64"), claims: '{"id_token":{"email":null}}',
        ui_locales: "de en", login_hint: "ada@example.com", connection_scope: "a,b", nonce: "n", acr_values: "urn:x", screen_hint: "login", prompt: "login",
        access_type: "offline", id_token_hint: "x", owp: "true", "x-client-SKU": "y",
      };
      const shown = await authorize(more);
      assert.match(new URL(shown.headers.get("location"), tenant.issuer).pathname, /^\/u\/login/);
      const posted = await send("authorize", { form: request(more) });
      assert.equal(posted.status, 303);
      assert.match(new URL(posted.headers.get("location"), tenant.issuer).pathname, /^\/u\/login/);
    });
    test("the answer comes in the mode that was asked for", async () => {
      assert.equal(new URLSearchParams(landing(await authorize({ prompt: "none", response_mode: "fragment" })).hash.slice(1)).get("error"), "login_required");
      const post = await authorize({ prompt: "none", response_mode: "form_post" });
      assert.equal(post.status, 200);
      assert.match(post.text, /name="error" value="login_required"/);
      const message = await authorize({ client_id: "web", redirect_uri: siteCallback, prompt: "none", response_mode: "web_message" });
      assert.equal(message.status, 200);
      assert.match(message.text, /login_required/);
      assert.match(message.headers.get("content-security-policy"), /frame-ancestors https:\/\/app\.example\.com/);
    });
    test("a parameter that comes twice is refused, but for resource", async () => {
      const twice = (name, value) => get("authorize", { query: {}, headers: {} }).then(() => {
        const url = at("authorize");
        for (const [key, word] of Object.entries(request({ prompt: "none" }))) url.searchParams.append(key, word);
        url.searchParams.append(name, value);
        if (!url.searchParams.getAll(name)[1]) url.searchParams.append(name, value);
        return fetch(url, { redirect: "manual" });
      });
      for (const name of ["client_id", "redirect_uri", "state", "response_mode", "response_type"]) {
        const answer = await twice(name, "x");
        assert.equal(answer.status, 400, name);
        assert.equal(answer.headers.get("location"), null);
      }
      for (const name of ["scope", "nonce", "audience", "prompt", "code_challenge"])
        assert.equal(new URL((await twice(name, "x")).headers.get("location")).searchParams.get("error"), "invalid_request", name);
      assert.equal(new URL((await twice("resource", audience)).headers.get("location")).searchParams.get("error"), "login_required");
    });
    test("audience wins over resource, and the profile says whether resource counts", async () => {
      const aimed = async (more) => {
        const { body } = await redeem(await logIn({ more: { scope: "openid read:x", ...more } }));
        return body.access_token.split(".").length === 3 ? [claimsOf(body.access_token).aud].flat()[0] : "opaque";
      };
      assert.equal(await aimed({ resource: audience }), audience);
      assert.equal(await aimed({ audience, resource: "https://none.example" }), audience);
      assert.equal(await aimed({}), "opaque");
      await patch("resource_parameter_profile=audience");
      await until(async () => landing(await authorize({ resource: "https://none.example", prompt: "none" })).searchParams.get("error") === "login_required", "the setting", 5_000);
      assert.equal(await aimed({ resource: audience }), "opaque");
      await patch("resource_parameter_profile=compatibility");
      await until(async () => landing(await authorize({ resource: "https://none.example", prompt: "none" })).searchParams.get("error") === "access_denied", "the setting", 5_000);
    });
  });

  describe("/oauth/token", () => {
    const uri = { error_uri: "https://auth0.com/docs/clients/client-grant-types" };
    const m2m = { grant_type: "client_credentials", ...machine };
    const password = { grant_type: "password", client_id: "cli", username: ada.email, password: ada.password, scope: "openid" };
    const rows = [
      ["an unknown client", { ...m2m, client_id: "nobody" }, 401, "access_denied", "Unauthorized"],
      ["a wrong secret", { ...m2m, client_secret: "wrong" }, 401, "access_denied", "Unauthorized"],
      ["no secret", { grant_type: "client_credentials", client_id: "machine", audience }, 401, "access_denied", "Unauthorized"],
      ["no client_id", { grant_type: "client_credentials" }, 401, "invalid_client", "Missing client_id"],
      ["no grant_type", { client_id: "cli" }, 400, "invalid_request", "Missing required parameter: grant_type"],
      ["a grant that is not the client's", { ...m2m, grant_type: "refresh_token", refresh_token: "x" }, 403, "unauthorized_client", "Grant type 'refresh_token' not allowed for the client.", uri],
      ["a grant for machines", { grant_type: "client_credentials", client_id: "cli", audience }, 403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.", uri],
      ["a bad code", { grant_type: "authorization_code", client_id: "cli", code: "x", code_verifier: "y".repeat(43), redirect_uri: callback }, 403, "invalid_grant", "Invalid authorization code"],
      ["a bad refresh token", { grant_type: "refresh_token", client_id: "cli", refresh_token: "x" }, 403, "invalid_grant", "Unknown or invalid refresh token."],
      ["a wrong password", { ...password, password: "wrong" }, 403, "invalid_grant", "Wrong email or password."],
      ["no such user", { ...password, username: "nobody@example.com" }, 403, "invalid_grant", "Wrong email or password."],
      ["a wrong password in a realm", { ...password, grant_type: auth0("password-realm"), realm: "Username-Password-Authentication", password: "wrong" }, 403, "invalid_grant", "Wrong email or password."],
      ["a blocked user", { ...password, username: blocked.email, password: blocked.password }, 403, "unauthorized", "user is blocked"],
      ["no audience", m2m, 403, "access_denied", "Non-global clients are not allowed access to APIv1"],
      ["an unknown audience", { ...m2m, audience: "https://none.example" }, 403, "access_denied", "Service not found: https://none.example"],
      ["no client grant", { ...m2m, ...stranger, audience }, 403, "access_denied", `Client is not authorized to access "${audience}". You need to create a "client-grant" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants`],
      ["scopes beyond the grant", { ...m2m, client_id: "narrow", audience, scope: "read:x write:x else" }, 403, "access_denied", "Client has not been granted scopes: write:x, else"],
      ["a bad device code", { grant_type: device, client_id: "cli", device_code: "x" }, 403, "invalid_grant"],
      ["a bad mfa_token", { grant_type: auth0("mfa-otp"), ...web, mfa_token: "x", otp: "123456" }, 403, "invalid_grant", "Malformed mfa_token"],
      ["details nobody knows", { ...m2m, audience, authorization_details: '[{"type":"payment"}]' }, 400, "invalid_authorization_details"],
      ["a grant nobody has", { ...m2m, grant_type: "urn:x" }, 400, "unsupported_grant_type"],
    ];
    before(() => manage(tenant, "client-grant", "put", "--client", "narrow", "--audience", audience, "--subject-type", "client", "--scope", "read:x"));
    for (const [name, parameters, status, error, description, more] of rows)
      test(`${name}: ${status} ${error}`, async () => {
        for (const kind of ["form", "json"]) {
          const answer = await send("oauth/token", { [kind]: parameters });
          assert.equal(answer.status, status, `${kind}: ${answer.text}`);
          assert.equal(answer.body.error, error);
          if (description) assert.equal(answer.body.error_description, description);
          assert.equal(typeof answer.body.error_description, "string");
          assert.deepEqual(Object.keys(answer.body), ["error", "error_description", ...Object.keys(more ?? {})]);
          if (more) assert.equal(answer.body.error_uri, more.error_uri);
          assert.equal(answer.headers.get("cache-control"), "no-store");
          assert.equal(answer.headers.get("content-type"), "application/json");
        }
      });
    test("a client's secret comes in the body, as JSON, or as Basic, and in one way alone", async () => {
      const basic = { authorization: `Basic ${Buffer.from(`${machine.client_id}:${machine.client_secret}`).toString("base64")}` };
      const wanted = { grant_type: "client_credentials", audience };
      for (const options of [{ form: { ...wanted, ...machine } }, { json: { ...wanted, ...machine } }, { form: wanted, headers: basic }, { json: wanted, headers: basic }]) {
        const { status, body } = await send("oauth/token", options);
        assert.equal(status, 200);
        assert.deepEqual(Object.keys(body).sort(), ["access_token", "expires_in", "scope", "token_type"]);
        assert.equal(body.token_type, "Bearer");
        assert.equal(body.scope, "read:x write:x");
      }
      const both = await send("oauth/token", { form: { ...wanted, ...machine }, headers: basic });
      assert.deepEqual([both.status, both.body.error], [400, "invalid_request"]);
    });
    test("a code is for its verifier and its redirect_uri, once", async () => {
      const wrong = await redeem(await logIn(), { code_verifier: "z".repeat(43) });
      assert.deepEqual([wrong.status, wrong.body], [403, { error: "invalid_grant", error_description: "Failed to verify code verifier" }]);
      const left = await logIn();
      delete left.redirect_uri;
      assert.ok((await redeem(left)).status >= 400);
      const answer = await logIn({ more: { scope: "openid offline_access", audience: "" } });
      const first = await redeem(answer);
      assert.equal(first.status, 200, first.text);
      assert.equal(first.headers.get("cache-control"), "no-store");
      const second = await redeem(answer);
      assert.deepEqual([second.status, second.body], [403, { error: "invalid_grant", error_description: "Invalid authorization code" }]);
    });
    test("without a directory the password grant is a server error", async () => {
      await patch("default_directory=");
      await until(async () => (await token(password)).status === 500, "the setting", 5_000);
      assert.deepEqual((await token(password)).body, { error: "server_error", error_description: "Authorization server not configured with default connection." });
      await patch("default_directory=Username-Password-Authentication");
      await until(async () => (await token(password)).status === 200, "the setting", 5_000);
    });
    test("without a scope a password is good for every scope of the API", async () => {
      const { body } = await token({ ...password, scope: "", audience });
      assert.deepEqual(claimsOf(body.access_token).scope.split(" ").filter((name) => name.includes(":")), ["read:x", "write:x"]);
    });
  });

  describe("what else applications call", () => {
    const password = { grant_type: "password", client_id: "cli", username: ada.email, password: ada.password };
    const bearer = (answer) => ({ authorization: `Bearer ${answer.body.access_token}` });
    const family = async () => (await redeem(await logIn({ more: { scope: "openid offline_access read:x", audience: "https://offline.example.com" } }))).body.refresh_token;
    const refreshes = async (refresh_token) => (await token({ grant_type: "refresh_token", client_id: "cli", refresh_token })).status;
    before(async () => {
      await manage(tenant, "api", "add", "--identifier", "https://offline.example.com", "--name", "Offline", "--permission", "read:x");
      await manage(tenant, "api", "update", "--identifier", "https://offline.example.com", "--set", "allow_offline_access=true", "--set", "enforce_policies=false");
    });

    test("/userinfo says what the scopes let through, by GET and by POST", async () => {
      const profile = ["family_name", "given_name", "name", "nickname", "picture", "updated_at"];
      for (const [scope, keys] of [
        ["openid", []], ["openid profile", profile], ["openid email", ["email", "email_verified"]], ["openid profile email", [...profile, "email", "email_verified"]],
        ["openid given_name", ["given_name"]], ["openid created_at", ["created_at"]], ["openid identities", ["identities"]],
      ]) {
        const headers = bearer(await token({ ...password, scope }));
        for (const options of [{ method: "GET", headers }, { headers }]) {
          const answer = await send("userinfo", options);
          assert.equal(answer.status, 200, answer.text);
          assert.deepEqual(Object.keys(answer.body).sort(), ["sub", ...keys].sort(), scope);
          if (answer.body.updated_at) assert.match(answer.body.updated_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
          if (answer.body.identities)
            assert.deepEqual(answer.body.identities, [{ connection: "Username-Password-Authentication", user_id: answer.body.sub.slice(6), provider: "auth0", isSocial: false }]);
        }
      }
    });
    test("/userinfo refuses what is no token for it with 401 and the scheme", async () => {
      const none = await get("userinfo");
      assert.deepEqual([none.status, none.headers.get("www-authenticate")], [401, "Bearer"]);
      const machines = await token({ grant_type: "client_credentials", ...machine, audience });
      for (const headers of [{ authorization: "Bearer x" }, bearer(machines)]) {
        const bad = await get("userinfo", { headers });
        assert.deepEqual([bad.status, bad.headers.get("www-authenticate"), bad.body.error], [401, 'Bearer error="invalid_token"', "invalid_token"]);
      }
    });
    test("/oauth/revoke is 200 and empty for a form and for JSON, known token or not", async () => {
      for (const kind of ["form", "json"]) {
        const refresh_token = await family();
        for (const given of [refresh_token, refresh_token, "unknown"]) {
          const answer = await send("oauth/revoke", { [kind]: { client_id: "cli", token: given, token_type_hint: "refresh_token" } });
          assert.deepEqual([answer.status, answer.text], [200, ""]);
        }
        assert.equal(await refreshes(refresh_token), 403);
      }
      const foreign = await family();
      assert.equal((await send("oauth/revoke", { form: { ...web, token: foreign } })).status, 200);
      assert.equal((await send("oauth/revoke", { form: { ...web, client_secret: "wrong", token: foreign } })).status, 401);
      assert.equal(await refreshes(foreign), 200);
      const missing = await send("oauth/revoke", { form: { client_id: "cli" } });
      assert.deepEqual([missing.status, missing.body.error], [400, "invalid_request"]);
    });
    test("revoke_refresh_token_grant ends the other refresh tokens of the user and the application", async () => {
      let [one, other] = [await family(), await family()];
      await send("oauth/revoke", { form: { client_id: "cli", token: one } });
      assert.equal(await refreshes(other), 200);
      await patch("flags.revoke_refresh_token_grant=true");
      await until(async () => {
        [one, other] = [await family(), await family()];
        await send("oauth/revoke", { form: { client_id: "cli", token: one } });
        return await refreshes(other) === 403;
      }, "the other token to be dead", 5_000);
      // Nobody was asked for these, so there is no consent that they rest on.
      const silent = async () => (await token({ ...password, audience: "https://offline.example.com", scope: "offline_access read:x" })).body.refresh_token;
      [one, other] = [await silent(), await silent()];
      await send("oauth/revoke", { form: { client_id: "cli", token: one } });
      assert.equal(await refreshes(other), 403);
      await patch("flags.revoke_refresh_token_grant=false");
    });
    test("/oidc/register makes a third-party client and passes over what it does not know", async () => {
      const wanted = { client_name: "Inspector", redirect_uris: ["http://localhost:6274/oauth/callback"], resource: audience, unknown: { x: 1 } };
      const secret = await send("oidc/register", { json: wanted });
      assert.equal(secret.status, 201, secret.text);
      assert.match(secret.body.client_id, /^tpc_/);
      assert.ok(secret.body.client_secret);
      assert.deepEqual([secret.body.client_secret_expires_at, secret.body.token_endpoint_auth_method], [0, "client_secret_post"]);
      assert.ok(!("resource" in secret.body) && !("unknown" in secret.body));
      const open = await send("oidc/register", { json: { ...wanted, token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token", "client_credentials", "implicit", "password"] } });
      assert.equal(open.status, 201, open.text);
      assert.equal(open.body.client_secret, undefined);
      assert.deepEqual([...open.body.grant_types].sort(), ["authorization_code", "refresh_token"]);
      // A third party without a client grant: a page, with Auth0's code and words.
      const ungranted = "https://ungranted.example.com";
      await manage(tenant, "client-grant", "list", "--audience", ungranted).then(async (grants) => {
        for (const { id } of [grants.client_grants ?? grants].flat()) await manage(tenant, "client-grant", "delete", "--id", id);
      });
      const url = `${at("authorize")}?${new URLSearchParams(request({ client_id: open.body.client_id, redirect_uri: wanted.redirect_uris[0], audience: ungranted, scope: "" }))}`;
      await assert.rejects(new Browser().authorize(url, wanted.redirect_uris[0], ada), (stuck) => {
        assert.match(stuck.message, /\(403\)/);
        assert.ok(stuck.message.includes(`is not authorized to access resource server &quot;${ungranted}&quot;.`), stuck.message);
        return true;
      });
      for (const method of ["GET", "PUT", "DELETE"]) assert.equal((await send(`oidc/register/${open.body.client_id}`, { method })).status, 404);
      await patch("flags.enable_dynamic_client_registration=false").catch(() => undefined); // the file says that it is on
    });
    test("/oauth/par: 201, 30 seconds, one use", async () => {
      for (const kind of ["form", "json"]) {
        const pushed = await send("oauth/par", { [kind]: { ...request({ prompt: "none" }), client_id: "cli" } });
        assert.equal(pushed.status, 201, pushed.text);
        assert.deepEqual(Object.keys(pushed.body), ["request_uri", "expires_in"]);
        assert.match(pushed.body.request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{20,}$/);
        assert.equal(pushed.body.expires_in, 30);
        const query = { client_id: "cli", request_uri: pushed.body.request_uri };
        assert.equal(landing(await get("authorize", { query })).searchParams.get("error"), "login_required");
        assert.equal((await get("authorize", { query })).status, 400);
      }
      for (const details of ['[{"type":"payment"}]', "x"]) {
        const refused = await send("oauth/par", { form: request({ authorization_details: details }) });
        assert.deepEqual([refused.status, refused.body.error], [400, "invalid_authorization_details"]);
      }
      const list = await send("oauth/par", { json: request({ authorization_details: [{ type: "payment" }] }) });
      assert.deepEqual([list.status, list.body.error], [400, "invalid_authorization_details"]);
      assert.equal((await send("oauth/par", { form: request({ authorization_details: "[]" }) })).status, 201);
    });
    test("/oauth/device/code, and every answer while somebody waits", async () => {
      for (const kind of ["form", "json"]) {
        const { status, body } = await send("oauth/device/code", { [kind]: { client_id: "cli", scope: "openid" } });
        assert.equal(status, 200);
        assert.deepEqual(Object.keys(body).sort(), ["device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"]);
        assert.deepEqual([body.expires_in, body.interval, body.verification_uri], [900, 5, `${tenant.issuer}activate`]);
        assert.match(body.user_code, /^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
        assert.equal(body.verification_uri_complete, `${tenant.issuer}activate?user_code=${body.user_code}`);
        const poll = () => send("oauth/token", { [kind]: { grant_type: device, client_id: "cli", device_code: body.device_code } });
        const first = await poll(), second = await poll();
        assert.deepEqual([first.status, first.body], [403, { error: "authorization_pending", error_description: "User has yet to authorize device code." }]);
        assert.deepEqual([second.status, second.body], [429, { error: "slow_down", error_description: "You are polling faster than the specified interval of 5 seconds." }]);
      }
    });
    test("/v2/logout and /oidc/logout go where the lists say, with one label for a star", async () => {
      for (const [path, name] of [["v2/logout", "returnTo"], ["oidc/logout", "post_logout_redirect_uri"]]) {
        const left = await get(path, { query: { client_id: "cli", [name]: "https://a.app.example.com/bye", state: "s", logout_hint: "x" } });
        assert.ok([200, 302].includes(left.status), `${path} ${left.status}`);
        if (path === "v2/logout") assert.equal(left.headers.get("location").split("?")[0], "https://a.app.example.com/bye");
        for (const url of ["https://evil.example/", "https://a.b.app.example.com/bye", "https://app.example.com/bye"]) {
          const refused = await get(path, { query: { client_id: "cli", [name]: url } });
          assert.equal(refused.status, 400, url);
          assert.equal(refused.headers.get("location"), null);
        }
        assert.equal((await get(path, { query: { [name]: "https://a.app.example.com/bye" } })).status, 400);
      }
      await patch('allowed_logout_urls=["https://tenant.example.com"]');
      await until(async () => (await get("v2/logout", { query: { returnTo: "https://tenant.example.com" } })).status === 302, "the setting", 5_000);
      assert.equal((await get("v2/logout", { query: { returnTo: "https://tenant.example.com", federated: "" } })).headers.get("location"), "https://tenant.example.com");
    });
    test("/dbconnections: sign-up, its errors, and the mail for a new password", async () => {
      const connection = "Username-Password-Authentication";
      const who = { client_id: "cli", connection, email: "new@example.com", password: "A long enough passw0rd" };
      await manage(tenant, "connection", "update", "--name", connection, "--set", "attributes.email.signup.verification.active=false"); // as Auth0's are
      const made = await send("dbconnections/signup", { json: who });
      assert.equal(made.status, 200, made.text);
      assert.match(made.body._id, /^[0-9a-f]{24}$/);
      assert.deepEqual([made.body.email, made.body.email_verified], ["new@example.com", false]);
      for (const [more, name, code] of [[{}, "BadRequestError", "invalid_signup"], [{ email: "weak@example.com", password: "short" }, "PasswordStrengthError", "invalid_password"]]) {
        const refused = await send("dbconnections/signup", { json: { ...who, ...more } });
        assert.deepEqual([refused.status, refused.body.name, refused.body.code, refused.body.statusCode], [400, name, code, 400], refused.text);
      }
      for (const email of ["new@example.com", "nobody@example.com"]) {
        const mailed = await send("dbconnections/change_password", { json: { client_id: "cli", connection, email } });
        assert.deepEqual([mailed.status, mailed.text], [200, "We've just sent you an email to reset your password."]);
        assert.match(mailed.headers.get("content-type"), /^text\/html/);
      }
    });
    test("/bc-authorize", async () => {
      const sub = claimsOf((await token({ ...password, scope: "openid" })).body.id_token).sub;
      const hint = JSON.stringify({ format: "iss_sub", iss: tenant.issuer, sub });
      const wanted = { ...web, scope: "openid", binding_message: "CODE-1", login_hint: hint };
      const asked = await send("bc-authorize", { form: wanted });
      assert.equal(asked.status, 200, asked.text);
      assert.deepEqual(Object.keys(asked.body).sort(), ["auth_req_id", "expires_in", "interval"]);
      assert.deepEqual([asked.body.expires_in, asked.body.interval], [300, 5]);
      const waiting = await token({ grant_type: ciba, ...web, auth_req_id: asked.body.auth_req_id });
      assert.deepEqual([waiting.status, waiting.body.error], [400, "authorization_pending"]);
      for (const [more, error, description] of [
        [{ login_hint: "x" }, "unknown_user_id", "User ID is malformed or unknown"], [{ scope: "profile" }, "invalid_request", "openid scope must be requested"],
        [{ authorization_details: '[{"type":"payment"}]' }, "invalid_authorization_details"],
      ]) {
        const refused = await send("bc-authorize", { form: { ...wanted, ...more } });
        assert.deepEqual([refused.status, refused.body.error], [400, error], refused.text);
        if (description) assert.equal(refused.body.error_description, description);
      }
    });
  });
});
