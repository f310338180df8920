// Auth0's own clients and other real ones against a tenant, over https as they insist. Each is a script of clients/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runClient, startHttpsTenant } from "./support/https.mjs";
import { freePort } from "./support/process.mjs";

const audience = "https://api.example.com/";
const redirectUri = "http://127.0.0.1:39996/callback";
const user = { email: "ada@example.com", password: "a long enough password" };
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdefghij" };
const grants = ["authorization_code", "refresh_token", "client_credentials", "password", "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp"];
const [spaPort, sitePort] = [await freePort(), await freePort()];
const seed = {
  apis: [{ identifier: audience, name: "API", permissions: ["read:tools", "admin"] }],
  roles: [{ name: "Reader", api: audience, permissions: ["read:tools"] }],
  clients: [
    { ...web, name: "Web", redirect_uris: [redirectUri, `http://localhost:${sitePort}/callback`], allowed_logout_urls: [`http://localhost:${sitePort}`], grant_types: grants, audiences: [audience] },
    { client_id: "spa", name: "Page", redirect_uris: [`https://localhost:${spaPort}/`], allowed_logout_urls: [`https://localhost:${spaPort}/`], grant_types: ["authorization_code", "refresh_token"] },
  ],
  users: [{ ...user, roles: ["Reader"] }],
};

describe("real clients over https", () => {
  let tenant, facts;
  before(async () => {
    tenant = await startHttpsTenant({ seed, tenant: { allow_password_grant: true }, tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } } });
    facts = { issuer: tenant.issuer, host: tenant.host, audience, redirectUri, web, user };
  });
  after(() => tenant?.stop());
  const run = async (name, more) => {
    const said = await runClient(name, tenant.ca, { ...facts, ...more });
    assert.match(said, /^ok /m);
  };

  test("openid-client", () => run("openid_client"));
  test("jose, with a remote JWK Set", () => run("jose", { apis: { RS256: audience } }));
});
