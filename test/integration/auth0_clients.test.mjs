// Auth0's own clients and other real ones against a tenant, over https as they insist. Each is a script of clients/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { doorward } from "./support/doorward.mjs";
import { runClient, startHttpsTenant } from "./support/https.mjs";
import { freePort } from "./support/process.mjs";

const audience = "https://api.example.com/";
const redirectUri = "http://127.0.0.1:39996/callback";
const user = { email: "ada@example.com", password: "a long enough password" };
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdefghij" };
const grants = ["authorization_code", "refresh_token", "client_credentials", "password", "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp",
  ...["otp", "oob", "recovery-code"].map((name) => `http://auth0.com/oauth/grant-type/mfa-${name}`)];
const [spaPort, sitePort, pagePort] = [await freePort(), await freePort(), await freePort()];
const page = `http://localhost:${pagePort}/`;
const signed = { ES256: "https://es256.example.com/", PS256: "https://ps256.example.com/", strict: "https://strict.example.com/" };
const seed = {
  apis: [audience, ...Object.values(signed)].map((identifier) => ({ identifier, name: "API", permissions: ["read:tools", "admin"] })),
  roles: [{ name: "Reader", api: audience, permissions: ["read:tools"] }],
  clients: [
    { ...web, name: "Web", redirect_uris: [redirectUri, `http://localhost:${sitePort}/callback`], allowed_logout_urls: [`http://localhost:${sitePort}`], grant_types: grants, audiences: [audience, ...Object.values(signed)] },
    { client_id: "page", name: "Old page", redirect_uris: [page], allowed_logout_urls: [page], grant_types: grants },
    { client_id: "spa", name: "Page", redirect_uris: [`https://localhost:${spaPort}/`], allowed_logout_urls: [`https://localhost:${spaPort}/`], grant_types: ["authorization_code", "refresh_token"] },
  ],
  users: [{ ...user, roles: ["Reader"] }],
};

describe("real clients over https", () => {
  let tenant, facts;
  before(async () => {
    tenant = await startHttpsTenant({ seed, tenant: { allow_password_grant: true }, tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } } });
    for (const [identifier, setting] of [[signed.ES256, "signing_alg=ES256"], [signed.PS256, "signing_alg=PS256"], [signed.strict, "token_dialect=rfc9068_profile"]]) {
      const ended = await doorward(["tenant", "api", "update", "--identifier", identifier, "--set", setting, "--config", tenant.config]);
      assert.equal(ended.status, 0, ended.talk);
    }
    for (const name of ["email", "sms"]) {
      const ended = await doorward(["tenant", "connection", "create", "--name", name, "--strategy", name, "--client", web.client_id, "--client", "page", "--config", tenant.config]);
      assert.equal(ended.status, 0, ended.talk);
    }
    // Who registers itself may then have an ID token, too.
    const mode = await doorward(["tenant", "settings", "set", "dynamic_client_registration_security_mode=permissive", "--config", tenant.config]);
    assert.equal(mode.status, 0, mode.talk);
    const origins = await doorward(["tenant", "client", "update", "--id", "spa", "--set", `web_origins=["https://localhost:${spaPort}"]`, "--config", tenant.config]);
    assert.equal(origins.status, 0, origins.talk);
    facts = { issuer: tenant.issuer, host: tenant.host, audience, redirectUri, web, user };
  });
  after(() => tenant?.stop());
  const run = async (name, more) => {
    const said = await runClient(name, tenant.ca, { ...facts, ...more });
    assert.match(said, /^ok /m);
  };

  test("auth0, Auth0's client for Node.js", () => run("node_auth0"));
  test("auth0-auth-js, with a second factor", async () => {
    const set = async (policy) => {
      const ended = await doorward(["tenant", "mfa", "set", "--policy", policy, "--factor", "otp", "--factor", "email", "--factor", "recovery-code", "--config", tenant.config]);
      assert.equal(ended.status, 0, ended.talk);
    };
    await set("all-applications");
    try { await run("auth0_auth"); } finally { await set("never"); }
  });
  test("openid-client", () => run("openid_client"));
  test("jose, with a remote JWK Set", () => run("jose", { apis: { RS256: audience, ES256: signed.ES256, PS256: signed.PS256 } }));
  test("express-oauth2-jwt-bearer, strict", () => run("express_bearer", { audience: signed.strict }));
  test("express-openid-connect", () => run("express_oidc", { sitePort }));
  test("auth0-server-js", () => run("auth0_server", { returnTo: `http://localhost:${sitePort}` }));
  test("passport-auth0", () => run("passport", { sitePort }));
  test("auth0-js in Chromium", { timeout: 90_000 }, () => run("auth0_js", { sitePort: pagePort }));
  test("auth0-spa-js in Chromium", { timeout: 90_000 }, () => run("spa", { spaPort, spa: "spa", folder: tenant.folder }));
});
