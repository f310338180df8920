// What the tenant signs and for whom, with jose as the judge: algorithms and keys that rotate under a running server, refresh
// tokens under concurrency and for several APIs, token exchange and ID-JAG, and tokens that die before they expire.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import { Browser } from "./support/browser.mjs";
import { doorward, startTenant } from "./support/doorward.mjs";
import { until } from "./support/process.mjs";
import { manage, pkce, postForm } from "./support/tenant.mjs";

const apis = { mcp: "https://mcp.example.com/mcp", bills: "https://bills.example.com/", down: "https://down.example.com" };
const redirectUri = "http://127.0.0.1:39997/callback";
const ada = { email: "ada@example.com", password: "a long enough password" };
const robot = { client_id: "robot", client_secret: "robot-secret-0123456789abcdef" };
const server = { client_id: "mcp-server", client_secret: "server-secret-0123456789abcdef" };
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessType = "urn:ietf:params:oauth:token-type:access_token";
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const seed = {
  apis: Object.values(apis).map((identifier) => ({ identifier, name: identifier, permissions: ["read:x", "write:x"] })),
  roles: Object.values(apis).map((api, at) => ({ name: `Reader ${at}`, api, permissions: ["read:x"] })),
  clients: [
    { client_id: "cli", name: "CLI", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token", "password"], audiences: [apis.mcp] },
    { ...robot, name: "Robot", grant_types: ["client_credentials"], audiences: [apis.mcp, apis.bills] },
    { ...server, name: "MCP server", grant_types: ["client_credentials", jwtBearer] },
  ],
  users: [{ ...ada, roles: ["Reader 0", "Reader 1", "Reader 2"] }],
};

const post = (tenant, path, parameters) => postForm(new URL(path, tenant.issuer), parameters);
const token = (tenant, parameters) => post(tenant, "oauth/token", parameters);
async function granted(tenant, parameters) {
  const answer = await token(tenant, parameters);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}
const machine = (tenant, audience) => granted(tenant, { grant_type: "client_credentials", ...robot, audience });
const password = (tenant, more) => granted(tenant, { grant_type: "password", client_id: "cli", username: ada.email, password: ada.password, ...more });
const refresh = (tenant, refresh_token, more) => token(tenant, { grant_type: "refresh_token", client_id: "cli", refresh_token, ...more });
const userinfo = async (tenant, access_token) => fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
const jwks = async (tenant) => (await fetch(`${tenant.issuer}.well-known/jwks.json`)).json();
const remote = (tenant) => createRemoteJWKSet(new URL(".well-known/jwks.json", tenant.issuer), { cooldownDuration: 0 });

async function code(tenant, parameters) {
  const { code_verifier, challenge } = pkce();
  const url = `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "cli", redirect_uri: redirectUri, state: "s", ...challenge, ...parameters })}`;
  const answer = (await new Browser().authorize(url, redirectUri, ada)).searchParams;
  return { grant_type: "authorization_code", client_id: "cli", code: answer.get("code"), code_verifier, redirect_uri: redirectUri };
}

describe("tokens", () => {
  let tenant;
  before(async () => { tenant = await startTenant({ seed, tenant: { allow_password_grant: true, refresh_token_leeway_s: 30 } }); });
  after(() => tenant?.stop());

  test("each API signs with its algorithm, and jose believes it", async () => {
    for (const alg of ["RS256", "PS256", "ES256"]) {
      await manage(tenant, "api", "update", "--identifier", apis.mcp, "--set", `signing_alg=${alg}`);
      const { access_token } = await machine(tenant, apis.mcp);
      assert.equal(decodeProtectedHeader(access_token).alg, alg);
      const { payload } = await jwtVerify(access_token, remote(tenant), { issuer: tenant.issuer, audience: apis.mcp, algorithms: [alg] });
      assert.equal(payload.sub, "robot@clients");
    }
    for (const key of (await jwks(tenant)).keys) {
      assert.equal(key.use, "sig");
      assert.deepEqual(Object.keys(key).slice(0, 3), ["kty", "use", "alg"]);
      assert.ok(key.kid && key.x5t && key.x5c.length === 1);
      assert.ok(!("d" in key) && !("k" in key));
    }
    await manage(tenant, "api", "update", "--identifier", apis.mcp, "--set", "signing_alg=RS256");
  });

  test("an application's ID tokens are signed with its algorithm", async () => {
    const discovered = await (await fetch(`${tenant.issuer}.well-known/openid-configuration`)).json();
    assert.deepEqual(discovered.id_token_signing_alg_values_supported, ["RS256", "PS256"]);
    for (const alg of ["PS256", "RS256"]) {
      await manage(tenant, "client", "update", "--id", "cli", "--set", `jwt_configuration.alg=${alg}`);
      const { id_token, access_token } = await password(tenant, { audience: apis.mcp, scope: "openid read:x" });
      assert.equal(decodeProtectedHeader(id_token).alg, alg);
      assert.equal(decodeProtectedHeader(access_token).alg, "RS256"); // the API's
      await jwtVerify(id_token, remote(tenant), { issuer: tenant.issuer, audience: "cli", algorithms: [alg] });
      const logout = await fetch(`${tenant.issuer}oidc/logout?id_token_hint=${id_token}`, { redirect: "manual" });
      assert.ok(logout.status < 400);
    }
    const refused = await doorward(["tenant", "client", "update", "--id", "cli", "--set", "jwt_configuration.alg=HS256", "--config", tenant.config]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /must be one of: RS256, PS256/);
  });

  test("an HS256 API shares its secret with nobody but its own server", async () => {
    const secret = randomBytes(32).toString("hex");
    await manage(tenant, "api", "update", "--identifier", apis.bills, "--set", `signing_secret=${secret}`);
    const { access_token } = await machine(tenant, apis.bills);
    assert.deepEqual(decodeProtectedHeader(access_token), { alg: "HS256", typ: "JWT" });
    await jwtVerify(access_token, new TextEncoder().encode(secret), { issuer: tenant.issuer, audience: apis.bills });
    await assert.rejects(jwtVerify(access_token, remote(tenant)));
    assert.ok((await jwks(tenant)).keys.every((key) => key.kty !== "oct"));
    await manage(tenant, "api", "update", "--identifier", apis.bills, "--set", "signing_alg=RS256");
    assert.equal(decodeProtectedHeader((await machine(tenant, apis.bills)).access_token).alg, "RS256");
  });

  test("the next key is published first; rotation and revocation count in a running server", async () => {
    const keySet = remote(tenant);
    const { access_token: old } = await machine(tenant, apis.mcp);
    const listed = await manage(tenant, "key", "list");
    const of = (phase) => listed.find((key) => key.alg === "RS256" && key.phase === phase).kid;
    const [current, next] = [of("current"), of("next")];
    assert.equal(decodeProtectedHeader(old).kid, current);
    assert.ok((await jwks(tenant)).keys.some((key) => key.kid === next));
    await manage(tenant, "key", "rotate");
    let fresh;
    await until(async () => decodeProtectedHeader(fresh = (await machine(tenant, apis.mcp)).access_token).kid === next, "the next key to sign", 5_000);
    await jwtVerify(fresh, keySet);
    await jwtVerify(old, keySet); // still published
    await manage(tenant, "key", "revoke", "--kid", current);
    await until(async () => (await jwks(tenant)).keys.every((key) => key.kid !== current), "the revoked key to be gone", 5_000);
    await assert.rejects(jwtVerify(old, remote(tenant)));
    await jwtVerify(fresh, remote(tenant));
    const refused = await doorward(["tenant", "key", "revoke", "--kid", next, "--config", tenant.config]);
    assert.equal(refused.status, 1); // it signs
  });

  test("dialects: what is in a token, and what is not", async () => {
    const rows = {
      access_token: { typ: "JWT", has: ["azp", "gty"], hasNot: ["client_id", "permissions"] },
      access_token_authz: { typ: "JWT", has: ["azp", "gty", "permissions"], hasNot: ["client_id"] },
      rfc9068_profile: { typ: "at+jwt", has: ["client_id", "jti"], hasNot: ["azp", "gty", "permissions"] },
      rfc9068_profile_authz: { typ: "at+jwt", has: ["client_id", "jti", "permissions"], hasNot: ["azp", "gty"] },
    };
    for (const [dialect, { typ, has, hasNot }] of Object.entries(rows)) {
      await manage(tenant, "api", "update", "--identifier", apis.mcp, "--set", `token_dialect=${dialect}`);
      const { access_token } = await password(tenant, { audience: apis.mcp, scope: "openid read:x write:x" });
      const claims = decodeJwt(access_token);
      assert.equal(decodeProtectedHeader(access_token).typ, typ);
      assert.deepEqual(claims.aud, [apis.mcp, `${tenant.issuer}userinfo`]);
      assert.equal(claims.scope, "openid read:x");
      for (const name of has) assert.ok(name in claims, `${dialect}: ${name}`);
      for (const name of hasNot) assert.ok(!(name in claims), `${dialect}: ${name}`);
      assert.equal((await userinfo(tenant, access_token)).status, 200);
    }
    await manage(tenant, "api", "update", "--identifier", apis.mcp, "--set", "token_dialect=access_token_authz");
  });

  test("without an API the token is opaque and good at /userinfo alone", async () => {
    const { access_token, id_token, expires_in } = await password(tenant, { scope: "openid profile email" });
    assert.equal(expires_in, 86400);
    assert.equal(access_token.split(".").length, 1);
    const answer = await userinfo(tenant, access_token);
    assert.equal(answer.status, 200);
    const body = await answer.json();
    assert.equal(body.sub, decodeJwt(id_token).sub);
    assert.equal(body.email, ada.email);
    assert.equal(typeof body.updated_at, "string");
    const refused = await userinfo(tenant, `${access_token}x`);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate"), /^Bearer .*invalid_token/);
  });

  test("fifty refreshes at once within the grace give one successor, which is good", async () => {
    const first = await password(tenant, { audience: apis.mcp, scope: "openid offline_access read:x" });
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(tenant, first.refresh_token)));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    const successors = new Set(answers.map((answer) => answer.body.refresh_token));
    assert.equal(successors.size, 1);
    assert.equal(new Set(answers.map((answer) => decodeJwt(answer.body.access_token).jti)).size, 50);
    const [successor] = successors;
    assert.notEqual(successor, first.refresh_token);
    const second = await refresh(tenant, successor);
    assert.equal(second.status, 200);
    assert.equal((await refresh(tenant, first.refresh_token)).status, 403); // the successor was used: this is a thief's
    assert.equal((await refresh(tenant, second.body.refresh_token)).status, 403); // and ends the family
    assert.equal((await userinfo(tenant, second.body.access_token)).status, 401);
  });

  test("without a grace fifty refreshes at once give one answer and end the family", async () => {
    const strict = await startTenant({ seed, tenant: { allow_password_grant: true, refresh_token_leeway_s: 0 } });
    try {
      const first = await password(strict, { audience: apis.mcp, scope: "offline_access" });
      const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(strict, first.refresh_token)));
      const good = answers.filter((answer) => answer.status === 200);
      assert.equal(good.length, 1);
      assert.equal((await refresh(strict, good[0].body.refresh_token)).status, 403);
    } finally {
      await strict.stop();
    }
  });

  test("a refresh token is good for further APIs by the application's policies", async () => {
    await manage(tenant, "client", "update", "--id", "cli", "--set", `refresh_token.policies=${JSON.stringify([{ audience: apis.bills, scope: ["read:x", "write:x"] }])}`);
    await manage(tenant, "api", "update", "--identifier", apis.bills, "--set", "skip_consent_for_verifiable_first_party_clients=true");
    let { refresh_token } = await password(tenant, { audience: apis.mcp, scope: "openid offline_access read:x" });
    for (const [more, aud] of [[{ audience: apis.bills }, apis.bills], [{ resource: apis.bills.slice(0, -1) }, apis.bills], [{}, apis.mcp]]) {
      const answer = await refresh(tenant, refresh_token, more);
      assert.equal(answer.status, 200, answer.text);
      refresh_token = answer.body.refresh_token;
      assert.equal([decodeJwt(answer.body.access_token).aud].flat()[0], aud);
      assert.match(decodeJwt(answer.body.access_token).scope, /read:x/);
      assert.doesNotMatch(decodeJwt(answer.body.access_token).scope, /write:x/); // the policy has it, Ada's role has not
    }
    const refused = await refresh(tenant, refresh_token, { audience: apis.down });
    assert.equal(refused.body.error, "invalid_target");
    assert.equal((await refresh(tenant, refresh_token)).status, 200); // and nothing was spent
  });

  test("a replayed code kills the access token that came of it", async () => {
    for (const parameters of [{ scope: "openid", audience: apis.mcp }, { scope: "openid" }]) {
      const request = await code(tenant, parameters);
      const { access_token } = await granted(tenant, request);
      assert.equal((await userinfo(tenant, access_token)).status, 200);
      assert.equal((await token(tenant, request)).body.error, "invalid_grant");
      assert.equal((await userinfo(tenant, access_token)).status, 401);
    }
  });

  test("fifty exchanges of one code at once give one answer, a foreign client none", async () => {
    const request = await code(tenant, { scope: "openid", audience: apis.mcp });
    const foreign = () => token(tenant, { ...request, ...server });
    await manage(tenant, "client", "update", "--id", server.client_id, "--set", `grant_types=${JSON.stringify(["client_credentials", "authorization_code", jwtBearer])}`);
    assert.equal((await foreign()).body.error, "invalid_grant"); // and the code is not spent
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => at % 5 === 4 ? foreign() : token(tenant, request)));
    const good = answers.filter((answer) => answer.status === 200);
    assert.equal(good.length, 1);
    for (const { status, body } of answers.filter((answer) => answer !== good[0])) assert.deepEqual([status, body.error], [403, "invalid_grant"]);
    assert.equal((await userinfo(tenant, good[0].body.access_token)).status, 401); // it came more than once
  });

  // Another process writes it; the server that runs has much of it in memory.
  test("what an operator takes away counts at once in a running server", async () => {
    const made = await manage(tenant, "client", "add", "--name", "Temp", "--id", "temp", "--audience", apis.mcp);
    const temp = (secret) => token(tenant, { grant_type: "client_credentials", client_id: "temp", client_secret: secret, audience: apis.mcp });
    assert.equal((await temp(made.client_secret)).status, 200);
    const rotated = await manage(tenant, "client", "rotate-secret", "--id", "temp");
    assert.equal((await temp(made.client_secret)).status, 401);
    assert.equal((await temp(rotated.client_secret)).status, 200);
    const [grant] = (await manage(tenant, "client-grant", "list", "--client", "temp"));
    await manage(tenant, "client-grant", "delete", "--id", grant.id);
    assert.deepEqual([(await temp(rotated.client_secret)).status, (await temp(rotated.client_secret)).body.error], [403, "access_denied"]);
    await manage(tenant, "client", "delete", "--id", "temp");
    assert.equal((await temp(rotated.client_secret)).status, 401);

    const eve = { email: "eve@example.com", password: "another long enough password" };
    await manage(tenant, "user", "add", "--email", eve.email, "--password", eve.password);
    const logIn = () => granted(tenant, { grant_type: "password", client_id: "cli", username: eve.email, password: eve.password, scope: "openid offline_access" });
    const isDead = async ({ refresh_token, access_token }) => {
      assert.equal((await refresh(tenant, refresh_token)).body.error, "invalid_grant");
      assert.equal((await userinfo(tenant, access_token)).status, 401);
    };
    const before = await logIn();
    await manage(tenant, "user", "block", "--email", eve.email);
    await isDead(before);
    await manage(tenant, "user", "unblock", "--email", eve.email);
    await isDead(before); // what has ended stays so
    const second = await logIn();
    await post(tenant, "oauth/revoke", { client_id: "cli", token: second.refresh_token });
    await isDead(second);
    const last = await logIn();
    await manage(tenant, "user", "delete", "--email", eve.email);
    await isDead(last);
  });

  test("an MCP server calls an API on behalf of its user", async () => {
    for (const change of ["app_type=resource_server", `resource_server_identifier=${apis.mcp}`, 'token_exchange.allow_any_profile_of_type=["on_behalf_of_token_exchange"]'])
      await manage(tenant, "client", "update", "--id", server.client_id, "--set", change);
    const { access_token } = await password(tenant, { audience: apis.mcp, scope: "openid read:x" });
    const request = { grant_type: exchangeGrant, ...server, subject_token: access_token, subject_token_type: accessType, requested_token_type: accessType, audience: apis.down };
    assert.equal((await token(tenant, request)).body.error, "access_denied"); // no client grant yet
    await manage(tenant, "client-grant", "put", "--client", server.client_id, "--audience", apis.down, "--subject-type", "user", "--all-scopes");
    const answer = await granted(tenant, request);
    assert.equal(answer.issued_token_type, accessType);
    const { payload } = await jwtVerify(answer.access_token, remote(tenant), { audience: apis.down });
    const openid = await granted(tenant, { ...request, scope: "openid profile offline_access read:x" });
    assert.deepEqual([openid.scope, openid.id_token, openid.refresh_token, decodeJwt(openid.access_token).aud], ["read:x", undefined, undefined, apis.down]);
    assert.equal(payload.sub, decodeJwt(access_token).sub);
    assert.equal(payload.scope, "read:x");
    assert.deepEqual(payload.act, { sub: server.client_id, act: { sub: "cli" } });
    assert.equal((await token(tenant, { ...request, subject_token: answer.access_token })).status, 401); // it is not for us
    assert.equal((await token(tenant, { ...request, client_secret: "wrong" })).status, 401);
  });

  describe("of other issuers", () => {
    const idp = "http://127.0.0.1:1/idp";
    let keys, web;
    before(async () => {
      keys = await generateKeyPair("ES256");
      const document = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] });
      web = createServer((_, answer) => answer.setHeader("content-type", "application/json").end(document));
      await new Promise((done) => web.listen(0, "127.0.0.1", done));
      await manage(tenant, "trusted-issuer", "add", "--iss", idp, "--jwks-uri", `http://127.0.0.1:${web.address().port}/jwks`, "--user-by", "email", "--id-jag");
    });
    after(() => web?.close());
    const sign = (typ, claims, key = keys.privateKey) => new SignJWT({ email: ada.email, email_verified: true, ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k1", typ }).setIssuer(idp).setSubject("1234").setAudience(tenant.issuer).setIssuedAt().setExpirationTime("2m").setJti(randomUUID()).sign(key);

    test("an identity provider's assertion lets an agent act for its user, once", async () => {
      const assertion = await sign("oauth-id-jag+jwt", { client_id: server.client_id, resource: apis.down, scope: "read:x" });
      const request = { grant_type: jwtBearer, ...server, assertion };
      const answer = await granted(tenant, request);
      assert.deepEqual(Object.keys(answer).sort(), ["access_token", "expires_in", "scope", "token_type"]);
      const { payload } = await jwtVerify(answer.access_token, remote(tenant), { audience: apis.down });
      assert.equal(payload.scope, "read:x");
      assert.equal((await token(tenant, request)).body.error, "invalid_grant");
      const again = await Promise.all(Array.from({ length: 10 }, async () => token(tenant, { ...request, assertion: await sign("oauth-id-jag+jwt", { client_id: server.client_id, resource: apis.down }) })));
      assert.ok(again.every((each) => each.status === 200));
      const one = await sign("oauth-id-jag+jwt", { client_id: server.client_id, resource: apis.down });
      const raced = await Promise.all(Array.from({ length: 10 }, () => token(tenant, { ...request, assertion: one })));
      assert.equal(raced.filter((each) => each.status === 200).length, 1);
      const stranger = await generateKeyPair("ES256");
      for (const wrong of [await sign("JWT", { client_id: server.client_id, resource: apis.down }), await sign("oauth-id-jag+jwt", { client_id: "robot", resource: apis.down }), await sign("oauth-id-jag+jwt", { client_id: server.client_id, resource: apis.down }, stranger.privateKey)])
        assert.equal((await token(tenant, { ...request, assertion: wrong })).body.error, "invalid_grant");
    });

    test("a profile exchanges its tokens, and tokens that were mapped", async () => {
      await manage(tenant, "client", "update", "--id", "cli", "--set", 'token_exchange.allow_any_profile_of_type=["custom_authentication"]');
      const signed = "https://acme.example/signed", mapped = "https://acme.example/session";
      const profile = await manage(tenant, "token-exchange-profile", "add", "--name", "Signed", "--subject-token-type", signed, "--iss", idp);
      assert.match(profile.id, /^tep_[A-Za-z0-9]{16}$/);
      const session = await manage(tenant, "token-exchange-profile", "add", "--name", "Session", "--subject-token-type", mapped);
      await manage(tenant, "token-exchange-profile", "map", "--id", session.id, "--subject", "old-session-of-ada", "--email", ada.email);
      const exchange = (subject_token_type, subject_token) => token(tenant, { grant_type: exchangeGrant, client_id: "cli", subject_token_type, subject_token, audience: apis.mcp, scope: "openid offline_access read:x" });
      for (const answer of [await exchange(signed, await sign("JWT", {})), await exchange(mapped, "old-session-of-ada")]) {
        assert.equal(answer.status, 200, answer.text);
        assert.equal(decodeJwt(answer.body.id_token).email, undefined);
        assert.equal((await refresh(tenant, answer.body.refresh_token)).status, 200);
      }
      assert.equal((await exchange(mapped, "old-session-of-eve")).body.error, "invalid_request");
      assert.equal((await exchange(signed, await sign("JWT", { email_verified: false }))).body.error, "invalid_request");
      assert.equal((await exchange("https://acme.example/nothing", "x")).body.error_description, "Unsupported subject_token_type");
    });
  });

  test("discovery and its alias are one document, whose endpoints exist", async () => {
    const [first, second] = await Promise.all(["openid-configuration", "oauth-authorization-server"].map(async (name) => (await fetch(`${tenant.issuer}.well-known/${name}`)).text()));
    assert.equal(first, second);
    const document = JSON.parse(first);
    assert.deepEqual(Object.keys(document).slice(0, 3), ["issuer", "authorization_endpoint", "token_endpoint"]);
    for (const [key, url] of Object.entries(document)) {
      if (!/_endpoint$|^jwks_uri$/.test(key)) continue;
      const answer = await fetch(url, { redirect: "manual" });
      assert.notEqual(answer.status, 404, key);
    }
    for (const path of ["pem", "cer", "rawpem", "pb7"]) assert.equal((await fetch(new URL(path, tenant.issuer))).status, 200);
  });
});
