// Every page of the tenant in a real browser: without a mouse and without scripts, at desktop and phone size, in both
// colour schemes, in five languages; axe-core finds nothing, and nothing is blocked by the content security policy. The last
// test fails when a page of src/tenant/pages was not looked at, or not with its error. The pictures are in build/screenshots.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { doorward, fixture, node, startDev, startTenant, users } from "./support/doorward.mjs";
import { launch, look, seen } from "./support/look.mjs";
import { root, sleep } from "./support/process.mjs";

const audience = "https://mcp.example.com/mcp";
const ada = { email: "ada@example.com", password: "a long enough password" };
const challenge = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };

// A client's web server: remembers what came back, and serves pages to test frames with.
async function startClient(pages = {}) {
  const answers = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      if (url.pathname === "/callback") answers.push(request.method === "POST" ? new URLSearchParams(body) : url.searchParams);
      response.writeHead(200, { "content-type": "text/html" }).end(pages[url.pathname]?.(url) ?? "<title>back</title>done");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return { answers, port, origin: `http://127.0.0.1:${port}`, callback: `http://127.0.0.1:${port}/callback`, stop: () => { server.closeAllConnections(); server.close(); } };
}

const watch = (page) => {
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
};

test("a person logs in and consents in Chromium, by keyboard, without scripts", { timeout: 120_000 }, async () => {
  const dev = await startDev({ upstream: [node, fixture, "stdio"] });
  const client = await startClient();
  const { client_id: clientId } = await (await fetch(`${dev.issuer}oidc/register`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Claude in a browser", redirect_uris: [client.callback], token_endpoint_auth_method: "none", application_type: "native", grant_types: ["authorization_code"] }),
  })).json();
  const browser = await launch();
  try {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 900, height: 800 } });
    const page = await context.newPage();
    const complaints = watch(page);
    const url = `${dev.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: client.callback, state: "s1", scope: "openid profile read:tools execute:tools", resource: dev.url, ...challenge })}`;
    await page.goto(url);
    await page.getByLabel("Email address").fill(users.user.email);
    await page.getByLabel("Password").fill("not my password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Email address").inputValue(), users.user.email, "what was typed is kept");
    assert.equal(await page.getByLabel("Password").inputValue(), "", "a password is not");

    await page.getByLabel("Password").fill(users.user.password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Allow" }).waitFor();
    const text = await page.locator("main").innerText();
    for (const expected of ["Claude in a browser", "127.0.0.1", users.user.email, "execute:tools"]) assert.ok(text.includes(expected), `${expected} in: ${text}`);
    const consent = page.url();
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL(/\/callback/);
    const [answer] = client.answers;
    assert.equal(answer.get("state"), "s1");
    assert.equal(answer.get("iss"), dev.issuer);
    assert.ok(answer.get("code").length >= 20);

    // The back button, and the same form a second time: a page that helps, and no second code.
    await page.goto(consent);
    assert.match(await page.locator("main").innerText(), /Start again from the application/);
    assert.equal(client.answers.length, 1);
    assert.deepEqual(complaints, [], "nothing was blocked by the content security policy");
  } finally {
    await browser.close();
    client.stop();
    await dev.stop();
  }
});

describe("every page", { timeout: 600_000 }, () => {
  let tenant, client, browser;
  const manage = async (...args) => {
    const { status, stderr } = await doorward(["tenant", ...args, "--config", tenant.config]);
    assert.equal(status, 0, stderr);
    await sleep(600); // a running server looks for new settings every half second
  };
  const open = async (options) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    return { context, page, complaints: watch(page) };
  };
  const authorize = (more = {}) => `${tenant.issuer}authorize?${new URLSearchParams({
    response_type: "code", client_id: "app", redirect_uri: client.callback, state: "s1", resource: audience,
    scope: "openid profile email offline_access read:tools execute:tools read:reports write:reports", ...challenge, ...more,
  })}`;
  const enter = async (page, { email, password } = ada) => {
    await page.locator("#username").fill(email);
    await page.locator("#password").fill(password);
    await page.keyboard.press("Enter");
  };
  // What the browser itself would not let through, for the tenant to refuse.
  const force = async (page, selector, text) => {
    await page.locator(selector).fill(text);
    await page.evaluate(() => { for (const form of document.forms) form.noValidate = true; });
    await page.locator(selector).press("Enter");
    await page.waitForSelector(".note.bad");
  };
  const mails = async () => (await fetch(`${tenant.issuer}dev/outbox`, { headers: { accept: "application/json" } })).json();

  before(async () => {
    client = await startClient({
      "/frame": (url) => `<title>frame</title><script>onmessage=(e)=>{document.title=JSON.stringify({origin:e.origin,data:e.data})}</script><iframe src="${url.searchParams.get("src").replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></iframe>`,
    });
    tenant = await startTenant({
      tables: { mail: { outbox: true } },
      seed: {
        apis: [{ identifier: audience, name: "Weather tools", permissions: [{ value: "read:tools", description: "List the tools" }, { value: "execute:tools", description: "Call tools" }, "read:reports", "write:reports"] }],
        roles: [{ name: "MCP User", api: audience, permissions: ["read:tools", "execute:tools", "read:reports", "write:reports"] }],
        clients: [{ client_id: "app", name: "Inspector", redirect_uris: [client.callback, `${client.origin}/`], web_origins: [client.origin], allowed_logout_urls: [client.callback], grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"], audiences: [audience] },
          { client_id: "agent", client_secret: "agent-secret-0123456789abcdef", name: "Agent", grant_types: ["urn:openid:params:grant-type:ciba"], audiences: [audience] }],
        users: [{ ...ada, roles: ["MCP User"] }, { email: "grace@example.com", password: ada.password, roles: ["MCP User"] }, { email: "alan@example.com", password: ada.password, roles: ["MCP User"] }],
      },
    });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    client?.stop();
    await tenant?.stop();
  });

  test("login, its error, consent, logging out", async () => {
    const { context, page, complaints } = await open();
    await page.goto(authorize());
    await look(page, "login");
    await enter(page, { ...ada, password: "nonsense" });
    await page.waitForSelector("#problem");
    assert.equal(await page.evaluate(() => document.activeElement.id), "problem", "the error has the focus");
    await look(page, "login-wrong");
    await enter(page);
    await page.waitForSelector("[value=accept]");
    await look(page, "consent");
    assert.match(await page.locator("main").innerText(), /reports: read, write/);
    await page.evaluate(() => { document.querySelector("[name=terms]").value = "those of another page"; });
    await page.locator("[value=accept]").click();
    await page.waitForSelector(".note.bad");
    await look(page, "consent-changed");
    await page.locator("[value=accept]").click();
    await page.waitForURL(/callback/);

    await page.goto(`${tenant.issuer}oidc/logout?${new URLSearchParams({ client_id: "app", post_logout_redirect_uri: client.callback, state: "bye" })}`);
    await look(page, "logout");
    await page.locator("[value=stay]").click();
    await look(page, "logout-kept");
    await page.goto(`${tenant.issuer}v2/logout`);
    await look(page, "logged-out");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("login_hint is in the field of whichever page comes first, and the next field has the focus", async () => {
    const { context, page } = await open();
    const login_hint = "grace.brewster.murray.hopper+a.very.long.tag.of.hers@mail.research.example.com";
    await page.goto(authorize({ login_hint }));
    assert.equal(await page.locator("#username").inputValue(), login_hint);
    assert.equal(await page.evaluate(() => document.activeElement.id), "password");
    await look(page, "login-hint");
    await page.goto(authorize({ login_hint, screen_hint: "signup" }));
    assert.equal(await page.locator("#email").inputValue(), login_hint);
    await page.goto(authorize({ login_hint, screen_hint: "reset" }));
    assert.equal(await page.locator("#email").inputValue(), login_hint);
    await page.goto(authorize({ login_hint: '"><script>' }));
    assert.equal(await page.locator("#username").inputValue(), '"><script>');
    await page.goto(authorize());
    assert.equal(await page.locator("#username").inputValue(), "");
    assert.equal(await page.evaluate(() => document.activeElement.id), "username");
    await context.close();
  });

  test("signing up, a forgotten password, a new one", async () => {
    const { context, page, complaints } = await open();
    await page.goto(authorize({ screen_hint: "signup" }));
    await look(page, "signup");
    await page.locator("#email").fill("new@example.com");
    await page.locator("#password").fill("short");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#problem");
    await look(page, "signup-problem");
    const marks = () => page.locator("#password").evaluate((field) => [field.getAttribute("aria-invalid"), field.getAttribute("aria-describedby")]);
    assert.deepEqual(await marks(), ["true", "rules problem"]);
    await page.goto(authorize());
    await page.getByRole("link", { name: "Forgotten your password?" }).click();
    await look(page, "reset-request");
    await force(page, "#email", "nobody");
    await look(page, "reset-request-problem");
    await page.locator("#email").fill(ada.email);
    await page.keyboard.press("Enter");
    await page.waitForSelector("h1:has-text('Look into your mail')");
    await look(page, "reset-sent");
    const { url } = (await mails()).mails?.find(({ text }) => /reset-password/.test(text)) ?? {};
    const link = url ?? JSON.stringify(await mails()).match(/http[^"\\\s]*reset-password[^"\\\s]*/)[0];
    await page.goto(link);
    await look(page, "reset-password");
    await force(page, "#password", "short");
    await look(page, "reset-password-problem");
    assert.deepEqual(await marks(), ["true", "rules problem"]);
    await page.goto(`${tenant.issuer}u/reset-password?ticket=nonsense`);
    await look(page, "link-gone");
    await page.goto(`${tenant.issuer}dev/outbox`);
    await look(page, "outbox");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a device's code", async () => {
    const { context, page } = await open();
    const answer = await (await fetch(`${tenant.issuer}oauth/device/code`, { method: "POST", body: new URLSearchParams({ client_id: "app", scope: "openid read:tools", audience }) })).json();
    await page.goto(`${tenant.issuer}activate`);
    await look(page, "device-code");
    await force(page, "#user_code", "BCDF-GHJK");
    await look(page, "device-code-wrong");
    await page.goto(answer.verification_uri_complete);
    await look(page, "device-confirm");
    await context.close();
  });

  test("second factors", async () => {
    const { context, page } = await open();
    await manage("mfa", "set", "--policy", "all-applications", "--factor", "otp", "--factor", "email", "--factor", "recovery-code");
    try {
      await page.goto(authorize());
      await enter(page, { ...ada, email: "grace@example.com" });
      await page.waitForURL(/u\/mfa/);
      await look(page, "mfa-enroll");
      await page.locator("summary").click();
      const secret = (await page.locator("#secret").innerText()).replace(/\s/g, "");
      await page.locator("#code").fill("000000");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#problem");
      await look(page, "mfa-enroll-wrong");
      await page.locator("#code").fill(oneTimePassword(secret));
      await page.keyboard.press("Enter");
      await page.waitForSelector(".codes, .big");
      await look(page, "mfa-recovery-code");
      await context.clearCookies();
      await page.goto(authorize());
      await enter(page, { ...ada, email: "grace@example.com" });
      await page.waitForURL(/u\/mfa/);
      await look(page, "mfa-code");
      await force(page, "#code", "000000");
      await look(page, "mfa-code-wrong");
      await page.locator("button[name=method][value=recovery-code]").click();
      await page.waitForURL(/method=recovery-code/);
      await look(page, "mfa-recovery");
      await force(page, "#code", "A".repeat(24));
      await look(page, "mfa-recovery-wrong");
      await context.clearCookies();
      await page.goto(authorize());
      await enter(page, { ...ada, email: "alan@example.com" });
      await page.waitForURL(/u\/mfa/);
      await page.locator("button[name=method][value=email]").click();
      await page.waitForSelector("body[data-page=mfa_sent]");
      await look(page, "mfa-email");
      await page.locator("[value=send]").click();
      await page.waitForSelector("#code");
      await look(page, "mfa-email-sent");
      await force(page, "#code", "000000");
      await look(page, "mfa-email-wrong");
    } finally {
      await manage("mfa", "set", "--policy", "never", "--factor", "otp");
      await context.close();
    }
  });

  test("organizations, codes and links by e-mail, approvals, and links of mails", async () => {
    const { context, page, complaints } = await open();
    for (const [name, title] of [["acme", "Acme Limited"], ["globex", "Globex Corporation"]]) {
      await manage("organization", "create", "--name", name, "--display-name", title, "--connection", "Username-Password-Authentication");
      await manage("organization", "member", "add", "--organization", name, "--email", "alan@example.com");
    }
    await manage("client", "update", "--id", "app", "--set", "organization_usage=require", "--set", "organization_require_behavior=pre_login_prompt");
    await page.goto(authorize());
    await page.waitForURL(/u\/organization/);
    await look(page, "organization");
    await page.locator("#organization").fill("nobody");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#problem");
    await look(page, "organization-unknown");
    await manage("client", "update", "--id", "app", "--set", "organization_require_behavior=post_login_prompt");
    await page.goto(authorize());
    await enter(page, { ...ada, email: "alan@example.com" });
    await page.waitForURL(/organization\/picker/);
    await look(page, "organization-picker");
    await manage("client", "update", "--id", "app", "--set", "organization_usage=deny", "--set", "organization_require_behavior=no_prompt");

    await manage("connection", "create", "--name", "email", "--strategy", "email", "--client", "app");
    await context.clearCookies();
    await page.goto(authorize());
    await look(page, "login-all-ways");
    await page.getByRole("link", { name: "Sign in with a code by email" }).click();
    await look(page, "passwordless");
    await force(page, "#username", "nobody");
    await look(page, "passwordless-problem");
    await page.getByRole("textbox").first().fill("alan@example.com");
    await page.getByRole("button", { name: "Send me a code" }).click();
    await page.waitForSelector("h1:has-text('Enter your code')");
    await look(page, "passwordless-code");
    await force(page, "#code", "000000");
    await look(page, "passwordless-code-wrong");
    await page.goto(authorize());
    await page.getByRole("link", { name: "Sign in with a code by email" }).click();
    await page.locator("#username").fill("alan@example.com");
    await page.locator("[value=link]").click();
    await page.waitForSelector("body[data-page=passwordless_sent]");
    await look(page, "passwordless-link-sent");
    await page.goto(JSON.stringify(await mails()).match(/http[^"\\\s]*passwordless\/link[^"\\\s]*/)[0]);
    await look(page, "passwordless-link");
    assert.deepEqual(complaints, []);

    const { stdout } = await doorward(["tenant", "user", "list", "--json", "--config", tenant.config]);
    const { user_id: sub } = JSON.parse(stdout).find(({ email }) => email === "alan@example.com");
    const asked = await fetch(`${tenant.issuer}bc-authorize`, { method: "POST", body: new URLSearchParams({ client_id: "agent", client_secret: "agent-secret-0123456789abcdef", scope: "openid read:tools", audience, binding_message: "ORDER-7", login_hint: JSON.stringify({ format: "iss_sub", iss: tenant.issuer, sub }) }) });
    assert.equal(asked.status, 200, await asked.text());
    const approval = JSON.stringify(await mails()).match(/http[^"\\\s]*ciba[^"\\\s]*/)[0];
    const other = await open();
    await other.page.goto(approval);
    await enter(other.page);
    await other.page.waitForSelector(".note.bad");
    await look(other.page, "approval-of-another");
    await other.context.close();
    await page.goto(approval);
    if (await page.locator("#password").count() > 0) await enter(page, { ...ada, email: "alan@example.com" });
    await page.waitForSelector("[value=approve]");
    await look(page, "approval");
    await page.locator("[value=deny]").click();
    await look(page, "approval-denied");

    await page.goto(authorize({ screen_hint: "signup", prompt: "login" }));
    await page.locator("#email").fill("new@example.com");
    await page.locator("#password").fill("Correct horse 9 battery");
    await page.keyboard.press("Enter");
    await page.waitForSelector("h1:has-text('Confirm your address')");
    assert.equal(await page.evaluate(() => document.activeElement.id), "code", "the field for the code has the focus");
    assert.equal(await page.getByRole("link", { name: "the mail is in the outbox" }).getAttribute("href"), "/dev/outbox");
    await look(page, "signup-code");
    const code = (await mails()).find(({ template, to }) => template === "verify_email_by_code" && to === "new@example.com").text.match(/\b\d{6}\b/)[0];
    await page.locator("#code").fill(code === "123456" ? "123457" : "123456");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#problem");
    await look(page, "signup-code-wrong");
    const place = page.url();
    await page.locator("#code").fill(code);
    await page.keyboard.press("Enter");
    await page.waitForSelector("[value=accept]");
    await page.goto(place.includes("state=") ? place : `${place}?state=${new URL(page.url()).searchParams.get("state")}`); // as the back button does
    await page.waitForSelector("[value=accept]");
    const { stdout: made } = await doorward(["tenant", "ticket", "email-verification", "--email", "new@example.com", "--json", "--config", tenant.config]);
    const link = JSON.parse(made).ticket;
    await page.goto(link);
    await look(page, "confirm-address");
    await page.locator("[value=confirm]").click();
    await look(page, "address-confirmed");
    await context.close();
  });

  test("errors say what a person can do; what a developer can do is for developers", async () => {
    const { context, page } = await open();
    await page.goto(authorize({ client_id: "nobody" }));
    await look(page, "error");
    assert.match(await page.locator("main").innerText(), /Unknown client: nobody/);
    await page.goto(authorize({ redirect_uri: "https://evil.example/" }));
    assert.match(await page.locator("main").innerText(), /Callback URL mismatch/);
    await page.goto(`${tenant.issuer}u/login?state=abc`);
    await look(page, "error-ended");
    await page.goto(`${tenant.issuer}u/nothing`);
    await look(page, "error-not-found");
    await page.goto(tenant.issuer);
    await look(page, "home");
    await context.close();
  });

  test("five languages, chosen by ui_locales, then by the browser", async () => {
    const titles = { en: "Sign in", de: "Anmelden", es: "Iniciar sesión", fr: "Se connecter", ja: "ログイン" };
    for (const [tag, title] of Object.entries(titles)) {
      const { context, page } = await open({ locale: tag });
      await page.goto(authorize({ prompt: "consent" }));
      assert.equal(await page.locator("h1").innerText(), title);
      assert.equal(await page.locator("html").getAttribute("lang"), tag);
      if (tag !== "en") await look(page, `login-${tag}`, { isTranslation: true });
      await enter(page);
      await page.waitForSelector("[value=accept]");
      if (tag !== "en") await look(page, `consent-${tag}`, { isTranslation: true });
      if (tag !== "en") {
        await page.goto(authorize({ prompt: "login", screen_hint: "signup" }));
        await page.locator("#email").fill(`a-rather-long-name-of-${tag}@example.com`);
        await page.locator("#password").fill("Correct horse 9 battery");
        await page.keyboard.press("Enter");
        await page.waitForURL(/signup\/code/);
        await look(page, `signup-code-${tag}`, { isTranslation: true });
      }
      await page.goto(authorize({ ui_locales: "xx de-AT fr", prompt: "login" }));
      assert.equal(await page.locator("h1").innerText(), titles.de);
      await context.close();
    }
  });

  test("identifier first, in the tenant's own colours", async () => {
    const { context, page, complaints } = await open();
    const colours = [["#e8b500", "#1b2a4a"], ["#ffffff", "#ffffff"], ["#000", "#000"], ["#7a1fa2", "#f0e6ff"], ["#ff00ff", "#808080"]];
    await manage("prompts", "set", "identifier_first=true");
    try {
      for (const [at, [primary, background]] of colours.entries()) {
        await manage("branding", "set", `colors.primary=${primary}`, `colors.page_background=${background}`);
        await page.goto(authorize({ prompt: "login consent" }));
        await look(page, `brand-${at}-identifier`, { isTranslation: at > 0 });
        if (at > 0) continue;
        await force(page, "#username", " ");
        await look(page, "brand-0-identifier-problem");
        await page.locator("#username").fill(ada.email);
        await page.keyboard.press("Enter");
        await page.waitForSelector("#password:focus");
        await look(page, "brand-0-password");
        await force(page, "#password", "nonsense");
        await look(page, "brand-0-password-wrong");
        await page.goBack();
        await page.reload();
        await page.locator("#password").fill(ada.password);
        await page.keyboard.press("Enter");
        await page.waitForSelector("[value=accept]");
        await look(page, "brand-0-consent");
      }
      await manage("branding", "set", "logo_url=https://cdn.example.com/logo.svg", "colors.primary=red;}*{display:none");
      const answer = await fetch(authorize({ prompt: "login" }));
      assert.match(await answer.text(), /<img class="logo" src="https:\/\/cdn.example.com\/logo.svg"/);
      assert.match(answer.headers.get("content-security-policy"), /img-src 'self' https:\/\/cdn.example.com;/);
      await page.route("https://cdn.example.com/**", (route) => route.fulfill({ contentType: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="100"><rect width="1200" height="100" fill="#7a1fa2"/></svg>' }));
      await page.goto(authorize({ prompt: "login" }));
      assert.ok(await page.locator("img.logo").evaluate((image) => image.naturalWidth) > 0, "the policy lets the logo in");
      await look(page, "brand-logo");
      await manage("branding", "set", "logo_url=http://cdn.example.com/logo.svg");
      const plain = await fetch(authorize({ prompt: "login" }));
      assert.doesNotMatch(await plain.text(), /cdn.example.com|display:none/);
      assert.deepEqual(complaints, []);
    } finally {
      await manage("prompts", "set", "identifier_first=false");
      await manage("branding", "set", "logo_url=", "colors.primary=", "colors.page_background=");
      await context.close();
    }
  });

  test("form_post posts by itself; without scripts it has a button", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { context, page, complaints } = await open({ javaScriptEnabled });
      client.answers.length = 0;
      await page.goto(authorize({ response_mode: "form_post", prompt: "consent" }));
      await enter(page);
      await page.locator("[value=accept]").click();
      if (!javaScriptEnabled) await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL(/callback/);
      assert.equal(client.answers[0].get("state"), "s1");
      assert.ok(client.answers[0].get("code"));
      assert.deepEqual(complaints, []);
      await context.close();
    }
    // The page itself: an answer without content leaves it where it is.
    const { context, page } = await open();
    await page.route("**/callback", (route) => route.fulfill({ status: 204 }));
    await page.goto(authorize({ response_mode: "form_post", prompt: "consent" }));
    await enter(page);
    await page.locator("[value=accept]").click();
    await page.waitForSelector("body[data-page=post_back]");
    await look(page, "post-back");
    await context.close();
  });

  test("web_message goes to the registered origin in its own frame, and to nobody else", async () => {
    const { context, page } = await open();
    const silent = authorize({ response_mode: "web_message", prompt: "none", redirect_uri: `${client.origin}/` });
    const framed = async (origin) => {
      await page.goto(`${origin}/frame?${new URLSearchParams({ src: silent })}`);
      await page.waitForFunction(() => document.title !== "frame", null, { timeout: 3000 }).catch(() => {});
      const title = await page.title();
      return title === "frame" ? undefined : JSON.parse(title);
    };
    const { origin, data } = await framed(client.origin);
    assert.equal(`${origin}/`, tenant.issuer);
    assert.equal(data.type, "authorization_response");
    assert.equal(data.response.error, "login_required");
    assert.equal(data.response.state, "s1");
    await manage("settings", "set", "skip_non_verifiable_callback_uri_confirmation_prompt=true");
    await page.goto(authorize({ prompt: "consent" }));
    await enter(page);
    await page.locator("[value=accept]").click();
    await page.waitForURL(/callback/);
    assert.ok((await framed(client.origin)).data.response.code, "a code for who is logged in");
    assert.equal(await framed(`http://localhost:${client.port}`), undefined, "another origin hears nothing");
    // Opened by nobody, it sends nothing, and says so.
    await page.goto(silent);
    await look(page, "web-message");
    const refused = await fetch(authorize({ response_mode: "web_message", prompt: "none", client_id: "app", redirect_uri: client.callback.replace("/callback", "/other") }));
    assert.equal(refused.status, 403);
    await context.close();
  });

  test("no page was forgotten, and none that can say what is wrong without saying it", () => {
    const folder = path.join(root, "src/tenant/pages");
    const pages = readdirSync(folder).filter((name) => !name.startsWith("_")).map((name) => [path.basename(name, ".html"), readFileSync(path.join(folder, name), "utf8")]);
    assert.ok(pages.length > 20);
    assert.deepEqual(pages.map(([name]) => name).filter((name) => !seen.pages.has(name)), [], "not looked at");
    const complaining = pages.filter(([, text]) => /\{\{> _problem\}\}|note bad/.test(text));
    assert.deepEqual(complaining.map(([name]) => name).filter((name) => !seen.problems.has(name)), [], "not looked at with an error");
  });
});

// RFC 6238 with Auth0's numbers: SHA-1, 6 digits, 30 seconds.
function oneTimePassword(secret) {
  const bits = [...secret.toUpperCase()].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
