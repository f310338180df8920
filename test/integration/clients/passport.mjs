// passport-auth0: a site with Express's sessions, login, the profile by /userinfo, and a refused login.
import assert from "node:assert/strict";
import express from "express";
import session from "express-session";
import passport from "passport";
import Auth0Strategy from "passport-auth0";
import { Browser } from "../support/browser.mjs";
import { facts, step } from "./support.mjs";

const { host, web, user, sitePort } = facts;
const site = `http://localhost:${sitePort}`;
passport.use(new Auth0Strategy({ domain: host, clientID: web.client_id, clientSecret: web.client_secret, callbackURL: `${site}/callback` },
  (access, refresh, more, profile, done) => done(null, { profile, more })));
passport.serializeUser((one, done) => done(null, one));
passport.deserializeUser((one, done) => done(null, one));
const app = express();
app.use(session({ secret: "a long secret for the session", resave: false, saveUninitialized: false }), passport.initialize(), passport.session());
app.get("/login", passport.authenticate("auth0", { scope: "openid profile email" }));
app.get("/silent", passport.authenticate("auth0", { scope: "openid", prompt: "none" }));
app.get("/callback", passport.authenticate("auth0", { failWithError: true }), (request, answer) => answer.json(request.user));
app.use((error, request, answer, next) => answer.status(403).json({ error: request.query.error, description: request.query.error_description, message: error.message }));
const server = await new Promise((resolve) => { const listening = app.listen(sitePort, "127.0.0.1", () => resolve(listening)); });

await step("who is not logged in is told so without a page", async () => {
  const browser = new Browser();
  const page = await browser.open(`${site}/silent`);
  assert.equal(JSON.parse(page.html).error, "login_required", page.html);
});
await step("login gives the profile and the tokens", async () => {
  const browser = new Browser();
  const callback = await browser.authorize(`${site}/login`, `${site}/callback`, user);
  const page = await browser.open(callback);
  const { profile, more } = JSON.parse(page.html);
  assert.ok(profile, page.html);
  assert.equal(profile.provider, "auth0");
  assert.match(profile.id, /^auth0\|/);
  assert.equal(profile.emails[0].value, user.email);
  assert.match(profile.picture, /\/avatars\/ad\.svg$/);
  assert.equal(more.token_type, "Bearer");
  assert.ok(more.id_token);
});
server.close();
