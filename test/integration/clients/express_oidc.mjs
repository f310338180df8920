// express-openid-connect: a site with a session of its own, login, user information, and logout by the provider.
import assert from "node:assert/strict";
import express from "express";
import oidc from "express-openid-connect";
import { Browser } from "../support/browser.mjs";
import { facts, step } from "./support.mjs";

const { issuer, web, user, sitePort } = facts;
const site = `http://localhost:${sitePort}`;
const app = express();
app.use(oidc.auth({
  baseURL: site, issuerBaseURL: issuer, clientID: web.client_id, clientSecret: web.client_secret, secret: "a long secret for the session cookie",
  authRequired: false, idpLogout: true, authorizationParams: { response_type: "code", scope: "openid profile email" },
}));
app.get("/", (request, answer) => answer.json({ isIn: request.oidc.isAuthenticated(), user: request.oidc.user ?? null }));
app.get("/info", oidc.requiresAuth(), async (request, answer) => answer.json(await request.oidc.fetchUserInfo()));
const server = await new Promise((resolve) => { const listening = app.listen(sitePort, "127.0.0.1", () => resolve(listening)); });
const browser = new Browser();

await step("login, as the middleware does it", async () => {
  const callback = await browser.authorize(`${site}/login`, `${site}/callback`, user);
  const page = await browser.open(callback);
  const said = JSON.parse(page.html);
  assert.equal(said.isIn, true, page.html);
  assert.equal(said.user.email, user.email);
});
await step("user information with the access token", async () => {
  const said = JSON.parse((await browser.open(`${site}/info`)).html);
  assert.equal(said.email, user.email, JSON.stringify(said));
});
await step("logout at the provider comes back, and the next visit must log in", async () => {
  const page = await browser.open(`${site}/logout`);
  assert.equal(JSON.parse(page.html).isIn, false, `${page.url} ${page.html}`);
  const again = await browser.open(`${site}/login`, `${site}/callback`);
  assert.ok(again.html?.includes("password") || again.forms?.length, "the login page");
});
server.close();
