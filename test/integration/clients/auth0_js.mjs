// auth0-js, the browser client from before spa-js, in Chromium: its calls from the scripts of another origin. Its implicit flow
// and its cross-origin authentication are not here (docs/auth0-compatibility.md).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";
import { claimsOf, facts, sentCode, step } from "./support.mjs";

const { host, user, audience, sitePort } = facts;
const script = readFileSync(path.join(import.meta.dirname, "../node_modules/auth0-js/dist/auth0.min.js"));
const page = `<!doctype html><title>app</title><script src="/sdk.js"></script><script>
const client = new auth0.Authentication({ domain: ${JSON.stringify(host)}, clientID: "page" });
const settle = (give) => (error, value) => give(error ? { error } : { value });
window.ask = (call, parameters) => new Promise((give) => call.split(".").reduce((at, name) => typeof at[name] === "function" ? at[name].bind(at) : at[name], client)(parameters, settle(give)));
window.url = (call, parameters) => client[call](parameters);
</script>`;
const server = createServer((request, answer) => answer.writeHead(200, { "content-type": request.url === "/sdk.js" ? "text/javascript" : "text/html" }).end(request.url === "/sdk.js" ? script : page));
await new Promise((resolve) => server.listen(sitePort, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const tab = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
await tab.goto(`http://localhost:${sitePort}/`);
const ask = (call, parameters) => tab.evaluate(([name, given]) => window.ask(name, given), [call, parameters]);
const value = async (call, parameters) => {
  const answer = await ask(call, parameters);
  assert.equal(answer.error, undefined, JSON.stringify(answer.error));
  return answer.value;
};
const connection = "Username-Password-Authentication";
let tokens;

await step("login with a realm, and with the standard directory", async () => {
  tokens = await value("login", { username: user.email, password: user.password, realm: connection, scope: "openid profile", audience });
  assert.equal(claimsOf(tokens.idToken).nickname, user.email.split("@")[0]);
  assert.equal((await value("loginWithDefaultDirectory", { username: user.email, password: user.password, scope: "openid" })).tokenType, "Bearer");
});
await step("a wrong password has Auth0's code and text", async () => {
  const { error } = await ask("login", { username: user.email, password: "wrong", realm: connection });
  assert.deepEqual([error.code, error.description, error.statusCode], ["invalid_grant", "Wrong email or password.", 403]);
});
await step("userinfo", async () => assert.equal((await value("userInfo", tokens.accessToken)).sub, claimsOf(tokens.idToken).sub));
await step("sign-up, the account that is there, what is no address, the weak password with its policy", async () => {
  const email = `${Date.now()}@example.com`, password = "A very long Passw0rd!";
  const made = await value("dbConnection.signup", { connection, email, password, userMetadata: { plan: "gold" } });
  assert.deepEqual([made.email, made.emailVerified], [email, false]);
  const again = await value("dbConnection.signup", { connection, email, password });
  assert.deepEqual([again.email, again.emailVerified], [email, false], "a known address is answered alike");
  const wrong = (await ask("dbConnection.signup", { connection, email: "no address", password })).error;
  assert.deepEqual([wrong.code, wrong.description, wrong.statusCode], ["invalid_signup", "email is not valid", 400]);
  const weak = (await ask("dbConnection.signup", { connection, email: `x${email}`, password: "x" })).error;
  assert.deepEqual([weak.code, weak.name, weak.statusCode], ["invalid_password", "PasswordStrengthError", 400]);
  assert.match(weak.policy, /^\* At least 8 characters in length\n/);
});
await step("a new password", async () => {
  assert.equal(await value("dbConnection.changePassword", { connection, email: user.email }), "We've just sent you an email to reset your password.");
});
await step("a code by mail", async () => {
  await value("passwordless.start", { connection: "email", send: "code", email: "page@example.com" });
  const answer = await value("oauthToken", { grantType: "http://auth0.com/oauth/grant-type/passwordless/otp", realm: "email", username: "page@example.com", otp: await sentCode("page@example.com"), scope: "openid email" });
  assert.equal(claimsOf(answer.idToken).email, "page@example.com");
});
await step("the addresses it builds are taken", async () => {
  const login = await tab.evaluate((at) => window.url("buildAuthorizeUrl", { redirectUri: at, responseType: "code", state: "s", scope: "openid" }), `http://localhost:${sitePort}/`);
  const asked = await fetch(`${login}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256`, { redirect: "manual" });
  assert.match(asked.headers.get("location"), /^\/u\/login/);
  const logout = await tab.evaluate((at) => window.url("buildLogoutUrl", { returnTo: at, clientID: "page" }), `http://localhost:${sitePort}/`);
  const left = await fetch(logout, { redirect: "manual" });
  assert.equal(left.headers.get("location"), `http://localhost:${sitePort}/`);
});
await browser.close();
server.close();
