// auth0-auth-js: the second factor as Auth0's own client for servers does it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { AuthClient } from "@auth0/auth0-auth-js";
import { claimsOf, facts, step } from "./support.mjs";

const { host, issuer, web, user } = facts;
const client = new AuthClient({ domain: host, clientId: web.client_id, clientSecret: web.client_secret });
const password = async () => {
  const answer = await fetch(`${issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ grant_type: "password", ...web, username: user.email, password: user.password, scope: "openid" }) });
  assert.equal(answer.status, 403);
  return answer.json();
};
// RFC 6238. `ahead`: a later step, which the tenant takes early; each counts once.
function appCode(secret, ahead) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
let enrolled;

await step("an app is enrolled with the mfa_token and shown", async () => {
  const { mfa_token: mfaToken, mfa_requirements: needs } = await password();
  assert.deepEqual(needs.enroll.map(({ type }) => type), ["otp", "email"]);
  enrolled = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["otp"] });
  assert.match(enrolled.barcodeUri, /^otpauth:\/\/totp\//);
  const tokens = await client.mfa.verify({ mfaToken, factorType: "otp", otp: appCode(enrolled.secret, -1) });
  assert.deepEqual(claimsOf(tokens.idToken).amr, ["mfa"]);
});
await step("the next login is challenged, and a wrong code refused", async () => {
  const { mfa_token: mfaToken } = await password();
  const [first] = (await client.mfa.listAuthenticators({ mfaToken })).filter(({ authenticatorType }) => authenticatorType === "otp");
  assert.equal(first.active, true);
  assert.deepEqual(await client.mfa.challengeAuthenticator({ mfaToken, challengeType: "otp", authenticatorId: first.id }), { challengeType: "otp" });
  await assert.rejects(client.mfa.verify({ mfaToken, factorType: "otp", otp: appCode(enrolled.secret, -1) }), (error) => error.cause.error === "invalid_grant");
  const tokens = await client.mfa.verify({ mfaToken, factorType: "otp", otp: appCode(enrolled.secret, 1) });
  assert.ok(tokens.accessToken);
});
await step("a password alone enrols nothing more and removes nothing", async () => {
  const { mfa_token: mfaToken } = await password();
  await assert.rejects(client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["email"] }), (error) => error.cause.error === "access_denied");
  await assert.rejects(client.mfa.deleteAuthenticator({ mfaToken, authenticatorId: "totp|dev_x" }));
});
await step("the recovery code lets in, and the next one comes", async () => {
  const { mfa_token: mfaToken } = await password();
  const tokens = await client.mfa.verify({ mfaToken, factorType: "recovery-code", recoveryCode: enrolled.recoveryCodes[0] });
  assert.notEqual(tokens.recoveryCode, enrolled.recoveryCodes[0]);
});
