// Auth0's middleware for APIs in its strict mode: typ at+jwt, and all claims of RFC 9068.
import assert from "node:assert/strict";
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";
import { facts, step } from "./support.mjs";

const { issuer, audience, web } = facts;
const app = express();
app.use(auth({ issuerBaseURL: issuer, audience, strict: true, tokenSigningAlg: "RS256" }));
app.get("/", (request, answer) => answer.json(request.auth.payload));
app.get("/scoped", requiredScopes("read:tools"), (request, answer) => answer.json({}));
app.get("/admin", requiredScopes("admin"), (request, answer) => answer.json({}));
app.use((error, request, answer, next) => answer.status(error.status ?? 500).set(error.headers ?? {}).json({ code: error.code, message: error.message })); // eslint-disable-line no-unused-vars
const server = await new Promise((resolve) => { const listening = app.listen(0, "127.0.0.1", () => resolve(listening)); });
const call = async (path, token) => {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: answer.status, body: await answer.json() };
};

await step("a token of ours is taken, strictly", async () => {
  const { access_token: token } = await (await fetch(`${issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", ...web, audience, scope: "read:tools" }) })).json();
  const answer = await call("/", token);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.client_id, web.client_id);
  assert.ok(answer.body.jti);
  assert.equal((await call("/scoped", token)).status, 200);
  assert.equal((await call("/admin", token)).status, 403);
});
await step("no token, and a forged one, are not", async () => {
  assert.equal((await call("/")).status, 401);
  assert.equal((await call("/", "e30.e30.x")).status, 401);
});
server.close();
