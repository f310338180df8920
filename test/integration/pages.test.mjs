// The login and consent pages in a real browser: they work without a mouse and without scripts, and nothing is blocked.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { fixture, node, startDev, users } from "./support/doorward.mjs";
import { root } from "./support/process.mjs";

const pictures = path.join(root, "build", "screenshots");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

test("a person logs in and consents in Chromium, by keyboard, without scripts", { timeout: 120_000 }, async () => {
  mkdirSync(pictures, { recursive: true });
  const dev = await startDev({ upstream: [node, fixture, "stdio"] });
  let answered;
  const callback = createServer((request, answer) => {
    if (request.url.startsWith("/callback")) answered = new URL(request.url, "http://127.0.0.1");
    answer.writeHead(200, { "content-type": "text/html" }).end("<title>back</title>done");
  });
  await new Promise((resolve) => callback.listen(0, "127.0.0.1", resolve));
  const redirectUri = `http://127.0.0.1:${callback.address().port}/callback`;
  const { client_id: clientId } = await (await fetch(`${dev.issuer}oidc/register`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Claude in a browser", redirect_uris: [redirectUri], token_endpoint_auth_method: "none", application_type: "native", grant_types: ["authorization_code"] }),
  })).json();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 900, height: 800 } });
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(message.text()); });
    await page.goto(`${dev.issuer}authorize?${new URLSearchParams({
      response_type: "code", client_id: clientId, redirect_uri: redirectUri, state: "s1", scope: "openid profile read:tools execute:tools", resource: dev.url,
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
    })}`);
    await page.screenshot({ path: path.join(pictures, "login.png") });
    assert.equal(await page.getByLabel("Email address").evaluate((field) => field === document.activeElement).catch(() => true), true);

    await page.getByLabel("Email address").fill(users.user.email);
    await page.getByLabel("Password").fill("not my password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.screenshot({ path: path.join(pictures, "login-wrong.png") });
    assert.equal(await page.getByLabel("Email address").inputValue(), users.user.email, "what was typed is kept");

    await page.getByLabel("Password").fill(users.user.password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Allow" }).waitFor();
    await page.screenshot({ path: path.join(pictures, "consent.png"), fullPage: true });
    const text = await page.locator("main").innerText();
    for (const expected of ["Claude in a browser", "127.0.0.1", users.user.email, "execute:tools"]) assert.ok(text.includes(expected), `${expected} in: ${text}`);

    await page.setViewportSize({ width: 360, height: 740 });
    await page.screenshot({ path: path.join(pictures, "consent-phone.png"), fullPage: true });
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL(/\/callback/);
    assert.equal(answered.searchParams.get("state"), "s1");
    assert.equal(answered.searchParams.get("iss"), dev.issuer);
    assert.ok(answered.searchParams.get("code").length >= 20);
    assert.deepEqual(complaints, [], "nothing was blocked by the content security policy");
  } finally {
    await browser.close();
    callback.closeAllConnections();
    callback.close();
    await dev.stop();
  }
});
