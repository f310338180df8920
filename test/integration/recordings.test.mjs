// Recorded exchanges with Auth0's Authentication API, sent to a tenant of ours: the same status, keys, types of values and
// error codes. What they name (codes, tokens, users) is made first and put in its place. The outcome is
// docs/auth0-compatibility.md: this test fails when that page says something else, and writes it when DOORWARD_WRITE_DOCS is set.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { root, temporaryFolder, until, writeFile } from "./support/process.mjs";
import { differences, hasSameWords, loadRecordings, replay } from "./support/recordings.mjs";
import { manage, postForm, send } from "./support/tenant.mjs";

const page = path.join(root, "docs/auth0-compatibility.md");
const recordings = loadRecordings(path.join(root, "test/recordings/authentication"));
const redirectUri = "http://localhost:3000";
const ada = { email: "ada@example.com", password: "a long enough password" };
const web = { client_id: "test-client_id", client_secret: "test-client_secret" };
const mfaGrants = ["mfa-otp", "mfa-oob", "mfa-recovery-code", "password-realm"].map((name) => `http://auth0.com/oauth/grant-type/${name}`);
const seed = {
  apis: [{ identifier: "no-scopes", name: "Without scopes" }, { identifier: "test-audience", name: "Test", permissions: ["profile:read"] }],
  clients: [
    { ...web, name: "Web", redirect_uris: [`${redirectUri}/callback`], grant_types: ["authorization_code", "refresh_token", "client_credentials", "password", "urn:openid:params:grant-type:ciba", "http://auth0.com/oauth/grant-type/passwordless/otp", ...mfaGrants], audiences: ["test-audience"] },
    { client_id: "keyed", client_secret: "not for long", name: "Keyed", grant_types: ["client_credentials", "http://auth0.com/oauth/grant-type/passwordless/otp"], audiences: ["no-scopes"] },
    { client_id: "public", name: "Public", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] },
  ],
  users: [ada, ...["sms", "mail", "challenged", "deleted", "verified"].map((name) => ({ ...ada, email: `${name}@example.com` }))],
};

// Where our answer differs, and why it stays so. Everything else must be the same.
const misses = {
  "TestMFAChallenge/Should_make_a_challenge_request_using_OOB": "The recorded authenticator is Auth0's Guardian app, which is asked by a push message and answers by itself; there is none here. Ours is an e-mail address, whose code is to be typed in, and that is what `binding_method` says at Auth0, too.",
};

let tenant;
const verb = (...words) => manage(tenant, ...words);
const post = async (name, parameters) => (await postForm(new URL(name, tenant.issuer), parameters)).body;

async function code(clientId, uri, { scope = "", audience = "test-audience", sent = uri } = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const url = `${tenant.issuer}authorize?${new URLSearchParams({
    response_type: "code", client_id: clientId, ...(sent && { redirect_uri: sent }), ...(scope && { scope }), ...(audience && { audience }),
    ...(clientId === "public" && { code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256" }),
  })}`;
  return { code: (await new Browser().authorize(url, uri, ada)).searchParams.get("code"), code_verifier: verifier };
}

async function refreshToken(scope) {
  const answer = await post("oauth/token", { grant_type: "authorization_code", client_id: "public", redirect_uri: redirectUri, ...await code("public", redirectUri, { scope }) });
  assert.ok(answer.refresh_token, JSON.stringify(answer));
  return answer.refresh_token;
}

// A database connection of its own for each sign-up, so that the recorded account is new in it.
async function database(name, settings) {
  await verb("connection", "create", "--name", name, "--strategy", "auth0", "--client", web.client_id, ...settings.flatMap((setting) => ["--set", setting]));
  return { replace: { connection: name } };
}

// Auth0's flexible identifiers.
const attributes = (...names) => `attributes=${JSON.stringify(Object.fromEntries(names.map((name) => [name, { identifier: { active: true }, signup: { status: "required" } }])))}`;

// As a client does that proves itself by a key.
const { privateKey, publicKey } = await generateKeyPair("RS256");
const assertion = () => new SignJWT({}).setProtectedHeader({ alg: "RS256", kid: "k1" }).setIssuer("keyed").setSubject("keyed").setAudience(tenant.issuer).setIssuedAt().setExpirationTime("1m").setJti(randomBytes(8).toString("hex")).sign(privateKey);

// ---- second factors ----
const json = async (name, body, headers) => (await send(new URL(name, tenant.issuer), { json: body, headers })).body;
const password = (email, more) => post("oauth/token", { grant_type: "password", ...web, username: email, password: ada.password, ...more });

// The newest code that went to an address.
const sentCode = (address) => until(async () => {
  const page = await (await fetch(new URL("dev/outbox", tenant.issuer))).text();
  return page.slice(page.indexOf(address)).match(/\b(\d{6})\b/)?.[1];
}, `a code for ${address}`);

// While every login asks for a second factor.
async function asking(work) {
  await verb("mfa", "set", "--policy", "all-applications");
  try { return await work(); } finally { await verb("mfa", "set", "--policy", "never"); }
}
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const verify = async (email, token, oobCode) => {
  const answer = await post("oauth/token", { grant_type: "http://auth0.com/oauth/grant-type/mfa-oob", ...web, mfa_token: token, oob_code: oobCode, binding_code: await sentCode(email) });
  assert.ok(answer.access_token, JSON.stringify(answer));
  return answer.access_token;
};

// A password, and the mfa_token that is given for it.
const passwordOnly = async (email, more = { scope: "profile:read", audience: "test-audience" }) => {
  const answer = await password(email, more);
  assert.ok(answer.mfa_token, JSON.stringify(answer));
  return answer.mfa_token;
};

// Enrols the user's e-mail address; gives a token for the MFA API, and the authenticator's id.
async function enrol(email) {
  const token = await passwordOnly(email, { audience: `${tenant.issuer}mfa/`, scope: "enroll read:authenticators remove:authenticators" });
  const { oob_code: oobCode } = await json("mfa/associate", { ...web, authenticator_types: ["oob"], oob_channels: ["email"] }, bearer(token));
  const headers = bearer(await verify(email, token, oobCode));
  const list = await (await fetch(new URL("mfa/authenticators", tenant.issuer), { headers })).json();
  return { headers, id: list.find(({ oob_channel: channel }) => channel === "email").id };
}

const userId = async () => (await verb("user", "list")).find((user) => user.email === ada.email).user_id;
const hint = async (sub) => ({ replace: { login_hint: JSON.stringify({ format: "iss_sub", iss: tenant.issuer, sub }) } });

// What a recording needs: parameters in the place of recorded ones, header fields, another path.
const preparations = {
  "TestCIBA_Initiate": async () => hint(await userId()),
  "TestCIBANegative_Initiate/Should_throw_error_for_invalid_User_ID": () => hint("auth0|Random-ID"),
  "TestCIBANegative_Initiate/Should_throw_error_if_scope_is_not_openid": async () => hint(await userId()),
  "TestDatabaseSignUp_RequiresUsername": () => database("requires-username", ["requires_username=true", "passwordPolicy=none"]),
  "TestDatabaseSignUp_WithEmailIdentifier": () => database("email", ["passwordPolicy=none"]),
  "TestDatabaseSignUp_WithUsernameAndEmailIdentifiers": () => database("username-email", [attributes("username", "email"), "passwordPolicy=none"]),
  "TestDatabaseSignUp_WithUsernameAndPhoneNumberIdentifiers": () => database("username-phone", ["attributes.email=null", attributes("username", "phone_number"), "passwordPolicy=none"]),
  "TestDatabaseSignUp_WithUsernameEmailAndPhoneNumberIdentifiers": () => database("all-identifiers", [attributes("username", "email", "phone_number"), "passwordPolicy=none"]),
  "TestDatabaseSignUp_WithUsernameIdentifier": () => database("username", ["attributes.email=null", attributes("username"), "passwordPolicy=none"]),
  "TestLoginWithClientCredentials/Should_support_using_private_key_jwt_auth": async () => ({ replace: { client_id: "keyed", audience: "no-scopes", client_assertion: await assertion() } }),
  "TestMFAAddAuthenticator/Should_return_response_for_OOB_(SMS_channel)": () => asking(async () => ({ headers: bearer(await passwordOnly("sms@example.com")) })),
  "TestMFAAddAuthenticator/Should_return_response_for_OTP": () => asking(async () => ({ headers: (await enrol("mail@example.com")).headers })),
  "TestMFAChallenge/Should_make_a_challenge_request_using_OOB": () => asking(async () => {
    const { id } = await enrol("challenged@example.com");
    return { replace: { mfa_token: await passwordOnly("challenged@example.com"), authenticator_id: id } };
  }),
  "TestMFADeleteAuthenticator": () => asking(async () => {
    const { headers, id } = await enrol("deleted@example.com");
    return { headers, path: `/mfa/authenticators/${encodeURIComponent(id)}` };
  }),
  "TestMFAVerifyWithOOB/Should_return_tokens_when_authorization_is_approved": () => asking(async () => {
    const email = "verified@example.com";
    await enrol(email);
    const token = await passwordOnly(email, { scope: "profile", audience: "test-audience" });
    const { oob_code: oobCode } = await json("mfa/challenge", { ...web, mfa_token: token, challenge_type: "oob" });
    return { replace: { mfa_token: token, oob_code: oobCode, binding_code: await sentCode(email) } };
  }),
  "TestPasswordlessWithClientAssertion/Should_support_using_private_key_jwt_auth": async () => ({ replace: { client_id: "keyed", client_assertion: await assertion() } }),
  "TestSendSMS": () => ({ replace: { client_id: "public" } }),
  "TestLoginWithAuthCode/Should_return_tokens": async () => {
    const given = await code(web.client_id, `${redirectUri}/callback`, { sent: "" });
    return { replace: { code: given.code } };
  },
  "TestLoginWithAuthCodeWithPKCE/Should_support_setting_a_redirect_uri": async () => ({ replace: { client_id: "public", ...await code("public", redirectUri) } }),
  "TestRefreshToken/Should_return_tokens_with_reduced_scopes": async () => ({ replace: { client_id: "public", refresh_token: await refreshToken("offline_access profile profile:read") } }),
  "TestRevokeRefreshToken/Should_revoke_token": async () => ({ replace: { client_id: "public", token: await refreshToken("offline_access") } }),
};

// Which of Auth0's clients are run: those of auth0_clients.test.mjs, in the versions that are pinned; and others, by hand.
const pinned = JSON.parse(readFileSync(path.join(root, "test/integration/package.json"), "utf8")).dependencies;
const clients = {
  "auth0": "the Authentication API's client for Node.js: codes, PKCE, client credentials, passwords, refresh, userinfo, sign-up, passwordless, PAR, revocation",
  "@auth0/auth0-auth-js": "the second factor: enrolling, challenges, recovery codes, removing",
  "@auth0/auth0-server-js": "login, login by PAR, refresh, passwordless, sign-up, revocation, logout; it is made for frameworks to build on",
  "@auth0/auth0-spa-js": "in Chromium: login, refresh tokens in its worker, silent login in a frame, logout; what those for React, Vue and Angular wrap",
  "auth0-js": "in Chromium: passwords, userinfo, sign-up, passwordless, addresses for login and logout",
  "express-openid-connect": "login, userinfo, logout",
  "express-oauth2-jwt-bearer": "access tokens at an API, strict",
  "passport-auth0": "login, the profile, a refused silent login",
};
const byHand = [
  ["auth0-python 6.8.0", "PyPI", "every method but those of other connections, WS-Federation metadata, Token Vault and authorization details"],
  ["auth0-api-python 1.0.0b10", "PyPI", "access tokens at an API"],
  ["go-auth0 v3, package `authentication`", "its repository, d5be7536", "every method but custom token exchange"],
  ["com.auth0:auth0 3.2.0, `AuthAPI`", "Maven Central", "every method but JAR and authorization details"],
  ["@auth0/nextjs-auth0 4.30.0", "npm", "login, profile, access token, logout, through its middleware"],
];
// All recordings of go-auth0, of which the rows are a sample.
const elsewhere = { exchanges: 53, same: 47 };

function row({ recording, found, sameWords }) {
  const how = found.length === 0 ? (sameWords ? "same" : "same, in other words") : "differs";
  return `| ${recording.name.replaceAll("_", " ").replace("/", ": ")} | \`${recording.request.method} ${recording.request.path.replace(/%7C.*/, "/ID")}\` | ${recording.answer.status} | ${how} |`;
}

function render(outcomes) {
  const same = outcomes.filter(({ found }) => found.length === 0).length;
  const missed = outcomes.filter(({ found }) => found.length > 0);
  return `# Compatibility with Auth0's Authentication API

Made by \`test/integration/recordings.test.mjs\`; do not edit. Each row is an exchange that Auth0 recorded with its own SDK
([test/recordings](../test/recordings/NOTICE)), sent to a tenant of ours with the ids in it replaced. Where a recorded answer was
edited by hand (its token is \`test-access-token\`), the login before it asked for scopes that give the members it has. "Same" means: the same status, the
same keys, values of the same types, the same error codes, and the same error texts.

${same} of ${outcomes.length} are the same (${(100 * same / outcomes.length).toFixed(1)} %).

| recording | request | status | our answer |
|---|---|---|---|
${outcomes.map(row).join("\n")}

## What differs, and why

${missed.map(({ recording, found }) => `- ${recording.name}: ${found.join("; ")}. ${misses[recording.name] ?? ""}`).join("\n") || "Nothing."}

## All recordings of that SDK

The rows above are a sample. In November 2026 all ${elsewhere.exchanges} exchanges that go-auth0 has recorded with the Authentication API were sent in the same
way, and ${elsewhere.same} are the same; ID tokens, which that SDK cuts out of what it records, are not counted. The others:

- two of the Guardian app's push messages, of which the one above is the first; \`oob_channels\` here are \`sms\` and \`email\`;
- two of custom token exchange, whose answers lack \`issued_token_type\`: RFC 8693 section 2.2.1 requires it, and that SDK drops what it does not know;
- two that were edited by hand: a wrong code verifier that gives 401 and an access token (here: 403, "Failed to verify code verifier"), and a
  \`/userinfo\` with a member \`unknown-param\`.

## Auth0's clients

In \`make test\`, over https with the certificates of \`doorward tenant --https\`:

| client | version | what is run |
|---|---|---|
${Object.entries(clients).map(([name, what]) => `| ${name} | ${pinned[name]} | ${what} |`).join("\n")}

By hand, in November 2026, without a difference left:

| client | from | what was run |
|---|---|---|
${byHand.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}

What those clients offer and the tenant does not have answers 404, or an OAuth error: the implicit and hybrid flows, cross-origin
authentication (\`/co/authenticate\`), \`/passwordless/verify\` and \`/oauth/ro\` of the years before 2018, passkeys, signed request objects (JAR), push messages, Token Vault
(\`federated-connection-access-token\`), and connections to other identity providers. \`authorization_details\`
of whatever type is refused with \`invalid_authorization_details\`, as a type is there that no API is registered with.

## Different on purpose

- \`code_challenge_method=plain\` and the implicit flow are refused (RFC 9700), and discovery does not offer them.
- Discovery lists \`none\` among the authentication methods and has \`grant_types_supported\`: MCP clients look for both.
- Discovery leaves out what there is not: HS256 for ID tokens (there is only a digest of a client's secret), mutual TLS, \`global_token_revocation_endpoint\`,
  \`backchannel_logout_supported\`, \`entity_profiles_supported\`; and \`registration_endpoint\` while registration is off. It has an introspection endpoint and the APIs' scopes besides.
- Authorization codes live a minute; Auth0's live ten.
- Scripts of other origins may also call from the origins of an application's callbacks, not only from its \`web_origins\` and \`allowed_origins\`: MCP clients that
  register themselves can say no others.
- \`picture\` of a user who has none is a drawing of the first letters by the tenant itself, where Auth0 refers to Gravatar.
- \`doorward tenant api add\` makes an API for MCP: with RBAC, the dialect \`access_token_authz\`, and a client grant of all its scopes for third
  parties. Auth0's begin without; \`api update\` and \`client-grant delete\` take them away. \`token_lifetime_for_web\` is kept and shown, and
  means nothing: it is for the implicit flow.
- \`doorward tenant client add\` gives the grant types that go with what it was given: \`authorization_code\` and \`refresh_token\` with a redirect
  URI, else \`client_credentials\`. Auth0's \`POST /clients\` gives all three and \`implicit\`.
- Refresh tokens of public applications rotate and end by themselves (RFC 9700 section 4.14), also those of native ones of the tenant's own.
- A third party's \`permissions\` claim never goes beyond its client grant and what the user agreed to; Auth0's has all of the user's.
- Third parties in permissive mode need PKCE with S256 and a client grant for each API, too. A metadata document may make a permissive one,
  where the tenant says so.
- Clients that are a URL come by themselves, without an operator, and as the MCP specification wants it: \`grant_types\` may be missing, and \`jwks\`
  may stand in the document. Their keys are read at each use, so there is no older key that one with the same \`kid\` could be compared to.
- On behalf of a user an API gets tokens without the user's consent, whatever \`skip_consent_for_verifiable_first_party_clients\` says: the
  operator's client grant is enough.
- The consent page shows the descriptions of scopes unless \`flags.use_scope_descriptions_for_consent\` is off; at Auth0 it is off.
- Clients register themselves 300 times an hour from one address (\`registrations_per_hour\`) and are 10,000 at most; Auth0 takes five registrations
  a second of all.
- Passwords are kept as argon2id and never cut at 72 bytes. \`password_dictionary\` and both lists of \`password_options.dictionary.default\` mean about 900
  common passwords with the usual endings, and the operator's file \`[tenant] common_passwords\`.
- User imports refuse hashes that would cost a login more than about a second, outputs of under 8 bytes, and PBKDF2 with \`mdc2\`, which Debian's
  OpenSSL does not have ([accounts.md](accounts.md)).
- Attack protection counts IPv6 addresses by their /64, and an address that fails everywhere does not hold up who logged in from it in the last 30 days.
- Connections with passwords that are made here confirm an address before the first login, by a code on pages and by a link for programs, so that
  signing up answers the same for every address (\`attributes.email.signup.verification.active\`; Auth0's standard is \`false\`). The password grant
  takes an account before that for an application of one's own that proves its secret or key; for others its password is wrong until then.
- A tenant without \`[mail]\` says so: \`/dbconnections/change_password\`, \`/passwordless/start\` by e-mail, and \`/dbconnections/signup\` where it
  needs a mail, answer 400 \`bad.connection\` for every address.
- An application with several callback URLs names one at \`/authorize\`; Auth0 takes the first.
`;
}

describe("recordings", () => {
  const outcomes = [];
  before(async () => {
    const folder = temporaryFolder();
    const keys = writeFile(folder, "keys.json", JSON.stringify({ keys: [{ ...await exportJWK(publicKey), kid: "k1", alg: "RS256", use: "sig" }] }));
    tenant = await startTenant({ seed, folder, tenant: { allow_password_grant: true }, tables: { mail: { outbox: true } } });
    await verb("client", "update", "--id", "keyed", "--jwks", keys);
    await verb("connection", "create", "--name", "sms", "--strategy", "sms", "--client", "public", "--client", "keyed");
    await verb("mfa", "set", "--factor", "otp", "--factor", "email", "--factor", "sms", "--factor", "recovery-code");
  });
  after(() => tenant?.stop());

  for (const recording of recordings) {
    test(recording.name, async () => {
      const ours = await replay(recording, tenant.issuer, await preparations[recording.name]?.());
      const found = differences(recording.answer, ours);
      outcomes.push({ recording, found, sameWords: hasSameWords(recording.answer, ours) });
      if (misses[recording.name]) assert.notDeepEqual(found, [], "it does not differ any more: take it out of the list");
      else assert.deepEqual(found, [], ours.text.slice(0, 500));
    });
  }
  test("at least 95 in 100 are the same, and docs/auth0-compatibility.md says so", () => {
    assert.equal(outcomes.length, recordings.length);
    const text = render(outcomes);
    if (process.env.DOORWARD_WRITE_DOCS) writeFileSync(page, text);
    assert.ok(outcomes.filter(({ found }) => found.length === 0).length >= 0.95 * recordings.length, text);
    assert.equal(existsSync(page) && readFileSync(page, "utf8"), text, "write it again: DOORWARD_WRITE_DOCS=1 tools/with-node test/integration/recordings.test.mjs");
  });
});
