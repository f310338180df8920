// auth0-spa-js in Chromium: login, a token by the code flow, refresh tokens in its worker, silent login in an iframe
// (web_message) by a second page, and logout. Page and tenant are of one site, as with a custom domain.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { chromium } from "playwright-core";
import { claimsOf, facts, step } from "./support.mjs";

const { issuer, audience, user, spa, folder, spaPort } = facts;
const origin = `https://localhost:${spaPort}`;
const files = { key: path.join(folder, "spa.key"), cert: path.join(folder, "spa.crt") };
execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files.key, "-out", files.cert], { stdio: "ignore" });
const script = readFileSync(path.join(import.meta.dirname, "../node_modules/@auth0/auth0-spa-js/dist/auth0-spa-js.production.js"));
const page = `<!doctype html><title>app</title><script src="/sdk.js"></script><script>
window.makeClient = (more) => auth0.createAuth0Client({ domain: ${JSON.stringify(issuer.slice(0, -1))}, clientId: ${JSON.stringify(spa)}, ...more,
  authorizationParams: { redirect_uri: location.origin + "/", audience: ${JSON.stringify(audience)}, scope: "openid profile email read:tools" } });
</script>`;
const server = https.createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) }, (request, answer) => {
  if (request.url === "/sdk.js") answer.writeHead(200, { "content-type": "text/javascript" }).end(script);
  else answer.writeHead(200, { "content-type": "text/html" }).end(page);
});
await new Promise((resolve) => server.listen(spaPort, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true });

async function login(tab, options) {
  await tab.goto(`${origin}/`);
  await tab.evaluate(async (more) => { await (await makeClient(more)).loginWithRedirect(); }, options).catch(() => {}); // it navigates away
  await tab.waitForURL(/\/u\/login|[?&]code=/);
  for (let pages = 0; pages < 4 && !tab.url().startsWith(origin); pages++) {
    const name = tab.locator('input[name="username"], input[name="email"]').first();
    if (await name.isVisible().catch(() => false)) await name.fill(user.email);
    const password = tab.locator('input[name="password"]').first();
    if (await password.isVisible().catch(() => false)) await password.fill(user.password);
    await Promise.all([tab.waitForNavigation(), tab.locator('form button[type="submit"]:not(.plain):not(.second)').first().click()]);
  }
  assert.ok(tab.url().startsWith(`${origin}/?`), `${tab.url()} ${tab.url().startsWith(origin) ? "" : await tab.locator("body").innerText()}`);
}

const options = { useRefreshTokens: true };
const tab = await context.newPage();
let said;
await step("login by redirect", async () => {
  await login(tab, options);
  said = await tab.evaluate(async (more) => {
    window.client = await makeClient(more);
    await client.handleRedirectCallback();
    return { user: await client.getUser(), claims: await client.getIdTokenClaims(), token: await client.getTokenSilently(), isIn: await client.isAuthenticated() };
  }, options);
  assert.equal(said.isIn, true);
  assert.equal(said.user.email, user.email);
  assert.equal(said.claims.iss, issuer);
  assert.ok([claimsOf(said.token).aud].flat().includes(audience));
});
await step("a fresh token by the refresh token in the worker, twice", async () => {
  const [one, two] = await tab.evaluate(async () => [await client.getTokenSilently({ cacheMode: "off" }), await client.getTokenSilently({ cacheMode: "off" })]);
  assert.notEqual(one, said.token);
  assert.notEqual(two, one);
  assert.equal(claimsOf(two).sub, claimsOf(said.token).sub);
});
await step("another page is logged in without asking, by an iframe", async () => {
  const other = await context.newPage();
  await other.goto(`${origin}/`);
  const silent = await other.evaluate(async () => {
    window.client = await makeClient({ useRefreshTokens: false });
    const token = await client.getTokenSilently();
    return { token, user: await client.getUser() };
  });
  assert.equal(silent.user.email, user.email);
  assert.equal(claimsOf(silent.token).sub, claimsOf(said.token).sub);
  await other.close();
});
await step("logout, and silence says login_required", async () => {
  await tab.evaluate(() => client.logout({ logoutParams: { returnTo: `${location.origin}/` } })).catch(() => {});
  await tab.waitForURL(`${origin}/`);
  const error = await tab.evaluate(async () => {
    const fresh = await makeClient({ useRefreshTokens: false });
    return fresh.getTokenSilently().then(() => "a token", (refused) => refused.error);
  });
  assert.equal(error, "login_required");
});
await browser.close();
server.close();
