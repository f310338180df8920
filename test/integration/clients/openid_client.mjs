// openid-client: discovery, a code with PKCE, nonce and iss, userinfo, refreshing, revocation, and a key instead of a secret.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import * as client from "openid-client";
import { authorize, facts, step } from "./support.mjs";

const { issuer, audience, redirectUri, web, user } = facts;
const scope = "openid profile email offline_access read:tools";
const config = await client.discovery(new URL(issuer), web.client_id, web.client_secret);

async function login(configuration, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedNonce: client.randomNonce(), expectedState: client.randomState(), idTokenExpected: true };
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri, scope, audience, state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  });
  const answer = await authorize(url.href);
  return { answer, checks, tokens: () => client.authorizationCodeGrant(configuration, answer, checks) };
}

let tokens;
await step("discovery says what there is", () => {
  const metadata = config.serverMetadata();
  assert.equal(metadata.issuer, issuer);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
});
await step("code, PKCE, state, nonce, iss", async () => {
  tokens = await (await login(config)).tokens();
  assert.equal(tokens.claims().email, user.email);
});
await step("max_age gives auth_time, and is checked", async () => {
  const { answer, checks } = await login(config, { max_age: 3600 });
  const given = await client.authorizationCodeGrant(config, answer, { ...checks, maxAge: 3600 });
  assert.equal(typeof given.claims().auth_time, "number");
});
await step("a code works once", async () => {
  const { tokens: redeem } = await login(config);
  await redeem();
  await assert.rejects(redeem(), { error: "invalid_grant", status: 403 });
});
await step("userinfo", async () => {
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, user.email);
});
await step("refreshing rotates", async () => {
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(next.claims().sub, tokens.claims().sub);
  tokens = { ...tokens, refresh_token: next.refresh_token ?? tokens.refresh_token };
});
await step("revocation", async () => {
  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
});
await step("an error comes back as one", async () => {
  const { tokens: redeem } = await login(config, { scope: "openid", prompt: "none" });
  await assert.rejects(redeem(), { error: "login_required" });
});
await step("basic and post authentication", async () => {
  for (const method of [client.ClientSecretBasic, client.ClientSecretPost]) {
    const own = await client.discovery(new URL(issuer), web.client_id, {}, method(web.client_secret));
    assert.ok((await client.clientCredentialsGrant(own, { audience })).access_token);
  }
});
for (const algorithm of ["RS256", "ES256", "PS256"]) {
  await step(`a client that registers itself and proves itself by a key, ${algorithm}`, async () => {
    const { publicKey, privateKey } = algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
    const registered = await (await fetch(config.serverMetadata().registration_endpoint, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Key", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: algorithm, use: "sig" }] } }),
    })).json();
    assert.ok(registered.client_id, JSON.stringify(registered));
    const names = { RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, PS256: { name: "RSA-PSS", hash: "SHA-256" }, ES256: { name: "ECDSA", namedCurve: "P-256" } };
    const key = await crypto.subtle.importKey("pkcs8", privateKey.export({ format: "der", type: "pkcs8" }), names[algorithm], false, ["sign"]);
    const own = await client.discovery(new URL(issuer), registered.client_id, {}, client.PrivateKeyJwt({ key, kid: "k1" }));
    const given = await (await login(own, { scope: "openid read:tools" })).tokens();
    assert.ok(given.access_token);
  });
}
