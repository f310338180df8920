// jose with a remote JWK Set: tokens of each signature algorithm verify, and nothing else does.
import assert from "node:assert/strict";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { facts, step } from "./support.mjs";

const { issuer, web, apis } = facts;
const metadata = await (await fetch(`${issuer}.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));

for (const [algorithm, audience] of Object.entries(apis)) {
  await step(algorithm, async () => {
    const answer = await (await fetch(metadata.token_endpoint, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", ...web, audience }) })).json();
    assert.ok(answer.access_token, JSON.stringify(answer));
    const { payload, protectedHeader } = await jwtVerify(answer.access_token, keys, { issuer, audience, algorithms: [algorithm], maxTokenAge: "1m" });
    assert.equal(protectedHeader.alg, algorithm);
    assert.equal(payload.sub, `${web.client_id}@clients`);
    await assert.rejects(jwtVerify(answer.access_token, keys, { issuer, audience: "https://other.example" }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    const [head, body, signature] = answer.access_token.split(".");
    const forged = [head, Buffer.from(JSON.stringify({ ...payload, sub: "admin" })).toString("base64url"), signature].join(".");
    await assert.rejects(jwtVerify(forged, keys, { issuer, audience }), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  });
}
await step("no private member is published", async () => {
  const { keys: published } = await (await fetch(metadata.jwks_uri)).json();
  for (const key of published) for (const member of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert.equal(key[member], undefined);
});
