// Settings, organizations, third parties and the audit log, by the command line beside a running tenant.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { doorward, startTenant } from "./support/doorward.mjs";
import { until } from "./support/process.mjs";
import { claimsOf, manage, pkce } from "./support/tenant.mjs";

const audience = "https://mcp.example.com/mcp";
const redirectUri = "http://127.0.0.1:39997/callback";
const ada = { email: "ada@example.com", password: "a long enough password" };
const bob = { email: "bob@example.com", password: "another long password" };
const seed = {
  apis: [{ identifier: audience, name: "MCP", permissions: ["read:tools", "admin"] }],
  roles: [{ name: "MCP User", api: audience, permissions: ["read:tools"] }, { name: "Boss", api: audience, permissions: ["admin"] }],
  clients: [{ client_id: "cli", name: "CLI", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"], audiences: [audience] }],
  users: [{ ...ada, roles: ["MCP User"] }, { ...bob, roles: ["MCP User"] }],
};

describe("what operators decide", () => {
  let tenant;
  before(async () => { tenant = await startTenant({ seed, tables: { "auth.dcr": { enabled: true } } }); });
  after(() => tenant?.stop());

  const authorizeUrl = (challenge, more) => `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "cli", redirect_uri: redirectUri, scope: "offline_access read:tools admin", resource: audience, state: "s", ...challenge, ...more })}`;
  async function tokens(more = {}, user = ada) {
    const { code_verifier, challenge } = pkce();
    const answer = (await new Browser().authorize(authorizeUrl(challenge, more), redirectUri, user)).searchParams;
    if (answer.get("error")) return Object.fromEntries(answer);
    const body = new URLSearchParams({ grant_type: "authorization_code", client_id: more.client_id ?? "cli", code: answer.get("code"), code_verifier, redirect_uri: redirectUri });
    return (await fetch(`${tenant.issuer}oauth/token`, { method: "POST", body })).json();
  }
  const refresh = async (token) => (await fetch(`${tenant.issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", client_id: "cli", refresh_token: token }) })).json();

  test("a running tenant sees a setting that was changed", async () => {
    const discovery = async () => (await fetch(`${tenant.issuer}.well-known/openid-configuration`)).json();
    assert.equal((await discovery()).authorization_response_iss_parameter_supported, true);
    await manage(tenant, "settings", "set", "authorization_response_iss_parameter_supported=false");
    await until(async () => (await discovery()).authorization_response_iss_parameter_supported !== true, "the change", 2_000);
    await manage(tenant, "settings", "set", "authorization_response_iss_parameter_supported=null");
    const refused = await doorward(["tenant", "--config", tenant.config, "settings", "set", "flags.enable_dynamic_client_registration=false"]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /configuration file .*wins/);
  });

  test("members log in to their organization, by id or by the picker, until they are removed", async () => {
    await manage(tenant, "client", "update", "--id", "cli", "--set", "organization_usage=allow");
    const acme = await manage(tenant, "organization", "create", "--name", "acme", "--display-name", "Acme & Co", "--connection", "Username-Password-Authentication");
    assert.match(acme.id, /^org_[A-Za-z0-9]{16}$/);
    assert.match((await tokens({ organization: acme.id })).error_description, /^user auth0\|[0-9a-f]{24} is not part of the org_\w+ organization$/);
    await manage(tenant, "organization", "member", "add", "--organization", "acme", "--email", ada.email, "--role", "Boss");
    const inside = await tokens({ organization: acme.id });
    assert.equal(claimsOf(inside.access_token).org_id, acme.id);
    assert.deepEqual(claimsOf(inside.access_token).scope.split(" ").sort(), ["admin", "offline_access", "read:tools"]);
    assert.ok(!claimsOf((await tokens()).access_token).scope.includes("admin"), "roles count in their organization alone");
    await manage(tenant, "client", "update", "--id", "cli", "--set", "organization_usage=require", "--set", "organization_require_behavior=post_login_prompt");
    assert.equal(claimsOf((await tokens()).access_token).org_id, acme.id);
    const next = await refresh(inside.refresh_token);
    assert.equal(claimsOf(next.access_token).org_id, acme.id);
    await manage(tenant, "organization", "member", "remove", "--organization", "acme", "--email", ada.email);
    assert.equal((await refresh(next.refresh_token)).error, "invalid_grant");
    assert.equal((await tokens()).error, "access_denied");
    await manage(tenant, "client", "update", "--id", "cli", "--set", "organization_usage=allow");
  });

  test("an invitation lets its addressee in, once", async () => {
    const invitation = await manage(tenant, "organization", "invitation", "create", "--organization", "acme", "--email", bob.email, "--client", "cli", "--login-url", "https://app.example/login");
    const asked = Object.fromEntries(new URL(invitation.invitation_url).searchParams);
    assert.deepEqual(Object.keys(asked), ["invitation", "organization", "organization_name"]);
    const { invitation: ticket, organization } = asked;
    assert.equal((await tokens({ organization, invitation: ticket }, ada)).error_description, "the invitation is for another e-mail address");
    assert.equal(claimsOf((await tokens({ organization, invitation: ticket }, bob)).access_token).org_id, organization);
    assert.equal((await tokens({ organization, invitation: ticket }, bob)).error_description, "invitation not found or already used");
  });

  test("a client that registers itself is strict, and needs a grant of the operator and consent of the user", async () => {
    const registered = await (await fetch(`${tenant.issuer}oidc/register`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client_name: "MCP", redirect_uris: [redirectUri], token_endpoint_auth_method: "none" }) })).json();
    const client_id = registered.client_id;
    assert.match(client_id, /^tpc_/);
    // The seed file gives third parties what the API declares; without that they get nothing.
    for (const { id, default_for } of await manage(tenant, "client-grant", "list", "--audience", audience)) if (default_for) await manage(tenant, "client-grant", "delete", "--id", id);
    await assert.rejects(tokens({ client_id, scope: "openid email read:tools" }), /stuck at/, "no client grant: the error stays on a page");
    await manage(tenant, "client-grant", "put", "--audience", audience, "--default-for-third-parties", "--subject-type", "user", "--scope", "read:tools");
    const given = await tokens({ client_id, scope: "openid email read:tools" });
    assert.equal(given.id_token, undefined);
    assert.equal(given.scope, "read:tools");
    const grants = async () => (await manage(tenant, "grant", "list", "--email", ada.email)).filter((grant) => grant.clientID === client_id);
    const [grant] = await grants();
    assert.deepEqual([grant.audience, grant.scope, grant.organization_id], [audience, ["read:tools"], ""]);
    await manage(tenant, "grant", "delete", "--id", grant.id);
    assert.deepEqual(await grants(), []);
    await manage(tenant, "connection", "update", "--name", "Username-Password-Authentication", "--no-domain");
    const page = await fetch(authorizeUrl("v".repeat(43), { client_id }));
    assert.equal(page.status, 400);
    assert.match(await page.text(), /no connections enabled|cannot continue/);
    await manage(tenant, "connection", "update", "--name", "Username-Password-Authentication", "--domain");
  });

  test("all of it is in the audit log, and no secret is", async () => {
    await until(async () => (await doorward(["tenant", "--config", tenant.config, "logs", "--type", "si", "--json"])).stdout !== "", "the invitation's entry", 3_000);
    const { stdout } = await doorward(["tenant", "--config", tenant.config, "logs", "--take", "200", "--json"]);
    const entries = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const types = new Set(entries.map(({ type }) => type));
    for (const type of ["s", "f", "seacft", "sertft", "si", "fi", "sapi"]) assert.ok(types.has(type), `${type} in ${[...types]}`);
    assert.ok(entries.every(({ log_id, _id }) => /^900\d{53}$/.test(log_id) && log_id === _id));
    assert.deepEqual(entries.map(({ log_id }) => log_id), entries.map(({ log_id }) => log_id).sort());
    for (const secret of [ada.password, bob.password]) assert.ok(!stdout.includes(secret));
    const mine = await doorward(["tenant", "--config", tenant.config, "logs", "--user", ada.email, "--since", "1h", "--json"]);
    assert.ok(mine.stdout.trim().split("\n").every((line) => JSON.parse(line).user_name === ada.email));
  });
});
