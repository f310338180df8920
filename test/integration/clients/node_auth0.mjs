// Auth0's own client for Node.js: the Authentication API as it calls it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { AuthenticationClient, UserInfoClient } from "auth0";
import { authorize, claimsOf, facts, sentCode, step } from "./support.mjs";

const { audience, redirectUri, host, issuer, web, user } = facts;
const auth = new AuthenticationClient({ domain: host, clientId: web.client_id, clientSecret: web.client_secret });
const scope = "openid profile email offline_access read:tools";
const urlFor = (more) => `${issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: web.client_id, redirect_uri: redirectUri, scope, audience, ...more })}`;
let tokens;

await step("a code without PKCE, its ID token validated with the nonce", async () => {
  const code = (await authorize(urlFor({ nonce: "n-1" }))).searchParams.get("code");
  tokens = (await auth.oauth.authorizationCodeGrant({ code, redirect_uri: redirectUri }, { idTokenValidateOptions: { nonce: "n-1" } })).data;
  assert.equal(tokens.token_type, "Bearer");
  assert.equal(claimsOf(tokens.id_token).email, user.email);
  assert.ok([claimsOf(tokens.access_token).aud].flat().includes(audience));
});
await step("a code with PKCE", async () => {
  const code_verifier = randomBytes(32).toString("base64url");
  const code = (await authorize(urlFor({ code_challenge: createHash("sha256").update(code_verifier).digest("base64url"), code_challenge_method: "S256" }))).searchParams.get("code");
  const { data } = await auth.oauth.authorizationCodeGrantWithPKCE({ code, redirect_uri: redirectUri, code_verifier });
  assert.ok(data.refresh_token);
});
await step("a wrong code is an AuthApiError with Auth0's code and status", async () => {
  await assert.rejects(auth.oauth.authorizationCodeGrant({ code: "wrong", redirect_uri: redirectUri }), (error) => {
    assert.equal(error.name, "AuthApiError");
    assert.equal(error.error, "invalid_grant");
    assert.equal(error.error_description, "Invalid authorization code");
    assert.equal(error.statusCode, 403);
    return true;
  });
});
await step("client credentials", async () => {
  const { data } = await auth.oauth.clientCredentialsGrant({ audience });
  assert.equal(claimsOf(data.access_token).sub, `${web.client_id}@clients`);
  assert.equal(claimsOf(data.access_token).gty, "client-credentials");
});
await step("client credentials for an API that is not there", async () => {
  await assert.rejects(auth.oauth.clientCredentialsGrant({ audience: "https://nothing.example" }), { error: "access_denied", error_description: "Service not found: https://nothing.example", statusCode: 403 });
});
await step("password, and password for a realm", async () => {
  const { data } = await auth.oauth.passwordGrant({ username: user.email, password: user.password, audience, scope: "openid" });
  assert.equal(claimsOf(data.id_token).aud, web.client_id);
  const realm = await auth.oauth.passwordGrant({ username: user.email, password: user.password, audience, scope: "openid", realm: "Username-Password-Authentication" });
  assert.ok(realm.data.id_token);
  await assert.rejects(auth.oauth.passwordGrant({ username: user.email, password: "wrong", audience }), { error: "invalid_grant", error_description: "Wrong email or password.", statusCode: 403 });
});
await step("refresh, with the scope and with less", async () => {
  const { data } = await auth.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token });
  assert.ok(data.id_token && data.access_token);
  const less = await auth.oauth.refreshTokenGrant({ refresh_token: data.refresh_token ?? tokens.refresh_token, scope: "openid read:tools" });
  assert.equal(claimsOf(less.data.access_token).scope, "openid read:tools");
  tokens = { ...data, ...less.data };
});
await step("userinfo", async () => {
  const { data } = await new UserInfoClient({ domain: host }).getUserInfo(tokens.access_token);
  assert.match(data.sub, /^auth0\|/);
});
await step("revoke, and the token is dead", async () => {
  await auth.oauth.revokeRefreshToken({ token: tokens.refresh_token });
  await assert.rejects(auth.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token }), { error: "invalid_grant", error_description: "Unknown or invalid refresh token.", statusCode: 403 });
});
await step("a pushed authorization request, and its login", async () => {
  const { data } = await auth.oauth.pushedAuthorization({ client_id: web.client_id, response_type: "code", redirect_uri: redirectUri, scope, audience, code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" });
  assert.match(data.request_uri, /^urn:ietf:params:oauth:request_uri:/);
  const answer = await authorize(`${issuer}authorize?${new URLSearchParams({ client_id: web.client_id, request_uri: data.request_uri })}`);
  assert.ok(answer.searchParams.get("code"), answer.href);
});
await step("sign-up, a second sign-up, and a changed password", async () => {
  const account = { email: `new-${randomBytes(4).toString("hex")}@example.com`, password: "a Long enough passw0rd", connection: "Username-Password-Authentication" };
  const { data } = await auth.database.signUp(account);
  assert.equal(data.email, account.email);
  assert.equal(data.email_verified, false);
  assert.deepEqual(Object.keys((await auth.database.signUp(account)).data), Object.keys(data), "a known address is answered alike");
  const { data: early } = await auth.oauth.passwordGrant({ username: account.email, password: account.password, audience });
  assert.ok(early.access_token, "an application with a secret need not wait for the mail");
  const answer = await auth.database.changePassword({ email: account.email, connection: account.connection });
  assert.equal(answer.data, "We've just sent you an email to reset your password.");
});
await step("a code by e-mail", async () => {
  await auth.passwordless.sendEmail({ email: user.email, send: "code" });
  const code = await sentCode(user.email);
  const { data } = await auth.passwordless.loginWithEmail({ email: user.email, code, audience, scope: "openid email" });
  assert.equal(claimsOf(data.id_token).email, user.email);
  await assert.rejects(auth.passwordless.loginWithEmail({ email: user.email, code, audience }), { error: "invalid_grant", statusCode: 403 });
});
await step("a code by text message", async () => {
  await auth.passwordless.sendSMS({ phone_number: "+12025550123" });
  const code = await sentCode("+12025550123");
  const { data } = await auth.passwordless.loginWithSMS({ phone_number: "+12025550123", code, audience, scope: "openid" });
  assert.match(claimsOf(data.id_token).sub, /^sms\|/);
});
