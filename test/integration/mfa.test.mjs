// The second factor and sign-in without a password, in a real browser and as programs do it: at desktop and phone size, without scripts, and nothing that axe-core complains about.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startTenant } from "./support/doorward.mjs";
import { root, until } from "./support/process.mjs";
import { claimsOf, manage, outbox } from "./support/tenant.mjs";

const pictures = path.join(root, "build", "screenshots");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ada = { email: "ada@example.com", password: "a long enough password" };
const bob = { email: "bob@example.com", password: "another long password" };
const mfa = (name) => `http://auth0.com/oauth/grant-type/mfa-${name}`;
const passwordless = "http://auth0.com/oauth/grant-type/passwordless/otp";
const multiFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const desktop = { width: 1100, height: 860 }, phone = { width: 360, height: 740 };

let tenant, callback, redirectUri, chrome;
const complaints = [], messages = [];

before(async () => {
  mkdirSync(pictures, { recursive: true });
  // Also the operator's gateway for text messages.
  callback = createServer(async (request, answer) => {
    if (request.url === "/sms") {
      let body = "";
      for await (const chunk of request) body += chunk;
      messages.push({ ...JSON.parse(body), bearer: request.headers.authorization, tries: messages.length });
      return answer.writeHead(messages.length === 1 ? 503 : 202).end();
    }
    return answer.writeHead(200, { "content-type": "text/html" }).end("<title>back</title>done");
  });
  await new Promise((resolve) => callback.listen(0, "127.0.0.1", resolve));
  redirectUri = `http://127.0.0.1:${callback.address().port}/callback`;
  tenant = await startTenant({
    seed: {
      clients: [{ client_id: "app", name: "Weather", redirect_uris: [redirectUri], grant_types: ["authorization_code", "password", mfa("otp"), mfa("oob"), mfa("recovery-code"), passwordless] }],
      users: [ada, bob],
    },
    tenant: { allow_password_grant: true }, tables: { mail: { outbox: true, sms_url: `http://127.0.0.1:${callback.address().port}/sms`, sms_token: "gateway-token" } },
  });
  await manage(tenant, "mfa", "set", "--policy", "all-applications", "--factor", "otp", "--factor", "email", "--factor", "recovery-code");
  await manage(tenant, "connection", "create", "--name", "email", "--strategy", "email");
  await manage(tenant, "connection", "enable", "--name", "email", "--client", "app");
  await manage(tenant, "connection", "create", "--name", "sms", "--strategy", "sms", "--client", "app");
  chrome = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});
after(async () => {
  await chrome?.close();
  callback?.closeAllConnections();
  callback?.close();
  await tenant?.stop();
});

// RFC 6238, as an authenticator app has it; steps count once, so each code is of a later one.
let lastStep = 0;
async function appCode(secret) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => digits.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const now = Math.floor(Date.now() / 30_000);
  const step = Math.max(lastStep + 1, now - 1);
  // The tenant takes a code a step early; a test that needs many waits for the clock.
  if (step > now + 1) await new Promise((resolve) => setTimeout(resolve, (step - 1) * 30_000 - Date.now() + 200));
  lastStep = step;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const newestMail = async () => (await outbox(tenant))[0];
const mailedCode = async () => /\b(\d{6})\b/.exec((await newestMail()).text)[1];

async function openBrowser(viewport, more = {}) {
  const context = await chrome.newContext({ javaScriptEnabled: false, viewport, ...more });
  const page = await context.newPage();
  page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(message.text()); });
  return page;
}
const authorize = (more = {}) => `${tenant.issuer}authorize?${new URLSearchParams({
  response_type: "code", client_id: "app", redirect_uri: redirectUri, state: "s1", scope: "openid", nonce: "n",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256", ...more,
})}`;
async function logIn(page, user, more) {
  await page.goto(authorize(more));
  await page.getByLabel("Email address").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.keyboard.press("Enter");
}
async function tokens(page) {
  const allow = page.getByRole("button", { name: "Allow" });
  await Promise.race([page.waitForURL(/\/callback/), allow.waitFor()]);
  if (!page.url().includes("/callback")) await allow.click();
  await page.waitForURL(/\/callback/);
  const code = new URL(page.url()).searchParams.get("code");
  assert.ok(code, page.url());
  const answer = await token({ grant_type: "authorization_code", code, code_verifier: verifier, redirect_uri: redirectUri });
  assert.equal(answer.status, 200);
  return claimsOf((await answer.json()).id_token);
}
const token = (parameters) => fetch(`${tenant.issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ client_id: "app", ...parameters }) });
const post = (where, body, bearer) => fetch(`${tenant.issuer}${where}`, {
  method: "POST", headers: { "content-type": "application/json", ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) }, body: JSON.stringify(body),
});

// The same address with scripts, for axe-core alone: it changes nothing on a page that is only looked at.
async function assertAccessible(page, name) {
  const context = await chrome.newContext({ bypassCSP: true, viewport: page.viewportSize(), storageState: await page.context().storageState() });
  const copy = await context.newPage();
  await copy.setContent(await page.content());
  await copy.evaluate(axe);
  const { violations } = await copy.evaluate(() => globalThis.axe.run({ rules: { "meta-refresh": { enabled: false } } }));
  await context.close();
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], name);
}
async function picture(page, name) {
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  const width = await page.locator("main").evaluate((main) => [main.scrollWidth, main.clientWidth]);
  assert.ok(width[0] <= width[1], `${name}: nothing sticks out`);
  await assertAccessible(page, name);
}

let secret, recoveryCode;

test("a person enrols an authenticator app, by keyboard and without scripts", { timeout: 120_000 }, async () => {
  const page = await openBrowser(desktop);
  await logIn(page, ada);
  await page.getByRole("heading", { name: "Set up a second step" }).waitFor();
  await picture(page, "mfa-enroll");
  secret = await page.locator("#secret").textContent();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  await page.getByText("I cannot scan it").click();
  await page.setViewportSize(phone);
  await picture(page, "mfa-enroll-phone");
  await page.getByLabel("The code that the app shows now").fill("000000");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.locator("#secret").textContent(), secret, "a wrong code changes nothing");
  await page.getByLabel("The code that the app shows now").fill(await appCode(secret));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keep your recovery code" }).waitFor();
  recoveryCode = await page.locator("#recovery-code").textContent();
  await picture(page, "mfa-recovery-code-phone");
  await page.getByLabel("I have kept it").check();
  await page.getByRole("button", { name: "Continue" }).click();
  const claims = await tokens(page);
  assert.deepEqual(claims.amr, ["mfa"]);
  assert.equal(claims.acr, multiFactor);
  await page.context().close();
});

test("the next login asks for the code, and remembers the browser", { timeout: 120_000 }, async () => {
  const page = await openBrowser(phone);
  await logIn(page, ada);
  await page.getByRole("heading", { name: "Enter the code of your app" }).waitFor();
  await picture(page, "mfa-otp-phone");
  await page.setViewportSize(desktop);
  await picture(page, "mfa-otp");
  await page.getByLabel("Code of six digits").fill(await appCode(secret));
  await page.getByLabel("Remember this browser for 30 days").check();
  await page.getByRole("button", { name: "Continue" }).click();
  assert.deepEqual((await tokens(page)).amr, ["mfa"]);
  await logIn(page, ada, { prompt: "login" });
  assert.equal((await tokens(page)).amr, undefined, "nothing was shown in this session");
  await logIn(page, ada, { prompt: "login", acr_values: multiFactor });
  await page.getByRole("heading", { name: "Enter the code of your app" }).waitFor();
  await page.getByRole("button", { name: "With my recovery code" }).click();
  await picture(page, "mfa-recovery");
  await page.getByLabel("Recovery code").fill(recoveryCode.toLowerCase());
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keep your recovery code" }).waitFor();
  assert.notEqual(await page.locator("#recovery-code").textContent(), recoveryCode);
  await page.getByLabel("I have kept it").check();
  await page.getByRole("button", { name: "Continue" }).click();
  assert.deepEqual((await tokens(page)).amr, ["mfa"]);
  await page.context().close();
});

test("a code by mail will do, in the reader's language", { timeout: 120_000 }, async () => {
  const page = await openBrowser(phone);
  await logIn(page, bob);
  await page.getByRole("button", { name: "With a code by email" }).click();
  await picture(page, "mfa-email-phone");
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.getByText("It works for five minutes.").waitFor();
  await picture(page, "mfa-email-sent-phone");
  assert.equal((await newestMail()).to, bob.email);
  await page.getByLabel("Code of six digits").fill(await mailedCode());
  await page.keyboard.press("Enter");
  await page.getByLabel("I have kept it").check();
  await page.getByRole("button", { name: "Continue" }).click();
  assert.deepEqual((await tokens(page)).amr, ["mfa"]);
  for (const [language, words] of [["de", "Code per E-Mail"], ["es", "Un código por correo"], ["fr", "Un code par e-mail"], ["ja", "メールでコードを受け取る"]]) {
    const context = await openBrowser(phone);
    await logIn(context, bob);
    await context.waitForURL(/\/u\/mfa/);
    await context.goto(`${context.url()}&method=email`);
    await context.context().setExtraHTTPHeaders({ "accept-language": language });
    await context.reload();
    await context.getByRole("heading", { name: words }).waitFor();
    await picture(context, `mfa-email-${language}-phone`);
    await context.context().close();
  }
  await page.context().close();
});

test("a person signs in without a password, by code and by link", { timeout: 120_000 }, async () => {
  await manage(tenant, "mfa", "set", "--policy", "never");
  const page = await openBrowser(desktop);
  await page.goto(authorize());
  await page.getByRole("link", { name: "Sign in with a code by email" }).click();
  await picture(page, "passwordless");
  await page.getByLabel("Email address").fill("New@Example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Enter your code" }).waitFor();
  await page.setViewportSize(phone);
  await picture(page, "passwordless-code-phone");
  await page.getByLabel("Code of six digits").fill(await mailedCode());
  await page.keyboard.press("Enter");
  const claims = await tokens(page);
  assert.match(claims.sub, /^email\|[0-9a-f]{24}$/);

  await page.goto(authorize({ prompt: "login" }));
  await page.getByRole("link", { name: "Sign in with a code by email" }).click();
  await page.getByLabel("Email address").fill("new@example.com");
  await page.getByRole("button", { name: "Send me a link instead" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  await picture(page, "passwordless-sent-phone");
  const link = /http:\/\/\S+\/u\/passwordless\/link\?token=\S+/.exec((await newestMail()).text)[0];
  const stranger = await openBrowser(phone);
  await stranger.goto(link);
  assert.equal(await stranger.getByRole("button", { name: "Continue" }).count(), 0, "no other browser can use it");
  await stranger.context().close();
  await page.goto(link);
  await picture(page, "passwordless-link-phone");
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal((await tokens(page)).sub, claims.sub);
  await page.context().close();
  await manage(tenant, "mfa", "set", "--policy", "all-applications");
});

test("a code by text message goes to the operator's gateway, again when that is down", { timeout: 60_000 }, async () => {
  await manage(tenant, "mfa", "set", "--policy", "never");
  const started = await post("passwordless/start", { client_id: "app", connection: "sms", phone_number: "+14155550100" });
  assert.equal(started.status, 200);
  await until(() => messages.length >= 2, "the second try", 40_000);
  assert.deepEqual(Object.keys(messages[1]).sort(), ["bearer", "body", "recipient", "tries"]);
  assert.equal(messages[1].recipient, "+14155550100");
  assert.equal(messages[1].bearer, "Bearer gateway-token");
  assert.match(messages[1].body, /^\d{6} is your code for Weather\.$/);
  assert.equal(messages[1].body, messages[0].body);
  const answer = await token({ grant_type: passwordless, realm: "sms", username: "+14155550100", otp: messages[1].body.slice(0, 6), scope: "openid" });
  assert.equal(answer.status, 200);
  assert.match(claimsOf((await answer.json()).id_token).sub, /^sms\|[0-9a-f]{24}$/);
  await manage(tenant, "mfa", "set", "--policy", "all-applications");
});

test("a program is asked for the factor, and management forgets it", { timeout: 120_000 }, async () => {
  await manage(tenant, "user", "mfa", "reset", "--email", bob.email);
  const ask = async () => (await token({ grant_type: "password", username: bob.email, password: bob.password, scope: "openid" })).json();
  let needed = await ask();
  assert.deepEqual(Object.keys(needed).sort(), ["error", "error_description", "mfa_requirements", "mfa_token"]);
  assert.equal(needed.error, "mfa_required");
  const enrolment = await (await post("mfa/associate", { client_id: "app", authenticator_types: ["oob"], oob_channels: ["email"] }, needed.mfa_token)).json();
  assert.deepEqual(Object.keys(enrolment), ["authenticator_type", "binding_method", "recovery_codes", "oob_channel", "oob_code"], "as recorded");
  const done = await token({ grant_type: mfa("oob"), mfa_token: needed.mfa_token, oob_code: enrolment.oob_code, binding_code: await mailedCode() });
  assert.equal(done.status, 200);
  assert.deepEqual(claimsOf((await done.json()).id_token).amr, ["mfa"]);
  assert.deepEqual((await manage(tenant, "user", "mfa", "list", "--email", bob.email)).map(({ type, confirmed }) => [type, confirmed]).sort(), [["email", true], ["recovery-code", true]]);
  needed = await ask();
  assert.equal((await post("mfa/associate", { client_id: "app", authenticator_types: ["otp"] }, needed.mfa_token)).status, 403);
  const again = await token({ grant_type: mfa("recovery-code"), mfa_token: needed.mfa_token, recovery_code: enrolment.recovery_codes[0] });
  assert.equal(again.status, 200);
  assert.match((await again.json()).recovery_code, /^[A-Z2-7]{24}$/);
  assert.deepEqual(complaints, [], "nothing was blocked by the content security policy");
});
