// auth0-server-js, made for frameworks to build on: login, PAR, refresh, passwordless,
// sign-up, revocation, logout.
import assert from "node:assert/strict";
import { ServerClient } from "@auth0/auth0-server-js";
import { authorize, claimsOf, facts, sentCode, step } from "./support.mjs";

const { host, issuer, audience, redirectUri, web, user } = facts;
class Store {
  #kept = new Map();
  async set(name, value) { this.#kept.set(name, value); }
  async get(name) { return this.#kept.get(name); }
  async delete(name) { this.#kept.delete(name); }
  async deleteByLogoutToken() {}
}
const make = (more) => new ServerClient({
  domain: host, clientId: web.client_id, clientSecret: web.client_secret, transactionStore: new Store(), stateStore: new Store(),
  authorizationParams: { redirect_uri: redirectUri, audience, scope: "openid profile email offline_access read:tools", ...more },
});
const client = make();

await step("login", async () => {
  const back = await authorize(String(await client.startInteractiveLogin({ appState: { at: "/here" } })));
  assert.deepEqual((await client.completeInteractiveLogin(back)).appState, { at: "/here" });
  assert.equal((await client.getUser()).email, user.email);
});
await step("login by a pushed request", async () => {
  const other = make();
  const url = await other.startInteractiveLogin({ pushedAuthorizationRequests: true });
  assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  await other.completeInteractiveLogin(await authorize(String(url)));
  assert.equal((await other.getUser()).email, user.email);
});
await step("an access token, and another for another API by the refresh token", async () => {
  const { accessToken } = await client.getAccessToken();
  assert.ok([claimsOf(accessToken).aud].flat().includes(audience));
});
await step("a code by mail", async () => {
  const other = make();
  await other.startPasswordless({ connection: "email", email: "server@example.com", send: "code" });
  await other.completePasswordless({ connection: "email", email: "server@example.com", verificationCode: await sentCode("server@example.com") });
  assert.equal((await other.getUser()).email, "server@example.com");
});
await step("sign-up, and a new password", async () => {
  const email = `s${Date.now()}@example.com`, connection = "Username-Password-Authentication";
  assert.equal((await client.database.signUp({ email, password: "A very long Passw0rd!", connection })).email, email);
  assert.equal((await client.database.signUp({ email, password: "A very long Passw0rd!", connection })).email, email, "a known address is answered alike");
  await assert.rejects(client.database.signUp({ email: "no address", password: "A very long Passw0rd!", connection }), (error) => /invalid_signup|email is not valid/.test(`${error.code} ${error.message} ${JSON.stringify(error.cause)}`));
  assert.match(await client.database.changePassword({ email, connection }), /^We've just sent you an email/);
});
await step("revocation ends the session's refresh token, and logout leads back", async () => {
  await client.revokeRefreshToken();
  const url = await client.logout({ returnTo: facts.returnTo });
  const answer = await fetch(url, { redirect: "manual" });
  assert.ok([302, 200].includes(answer.status), `${answer.status}`);
  assert.equal(new URL(url).origin, new URL(issuer).origin);
});
