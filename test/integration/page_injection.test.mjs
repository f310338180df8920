// What strangers and operators write, in every field that a page, a header or a log line shows: as text it comes out,
// nothing of it runs, even in a browser whose content security policy is switched off.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { doorward, startTenant } from "./support/doorward.mjs";
import { launch } from "./support/look.mjs";
import { sleep } from "./support/process.mjs";
import { manage } from "./support/tenant.mjs";

const audience = "https://mcp.example.com/mcp";
const callback = "http://127.0.0.1:39997/callback";
const challenge = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };
const payloads = [
  `"><script>window.pwned=1</script>`,
  `'><img src=x onerror="window.pwned=1">`,
  `</title></style></textarea><svg onload=window.pwned=1>`,
  `" autofocus onfocus="window.pwned=1" x="`,
  `javascript:window.pwned=1//"><a href=javascript:window.pwned=1>`,
  `{{state}} {{#x}} {{@login.title}} {client_name} *strong* {{{y}}}`,
  `\${7*7} <%= 7*7 %> &lt;script&gt; &#x3c;b&#x3e; %3Cb%3E`,
  `inject\r\nSet-Cookie: pwned=1\r\n\r\n<script>window.pwned=1</script>`,
  `\u202e\u2066<b>evil</b>\u2069 \u0000\ufffe`,
];
// What a page may not have because of a payload: none of our pages has these at all.
const foreign = "script, img:not(.logo), textarea, b, a[href^=javascript], [onerror], [onload], [onfocus], svg[onload]";

describe("injection into pages", { timeout: 280_000 }, () => {
  let tenant, browser, page, dialogs;
  const authorize = (more = {}) => `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "app0", redirect_uri: callback, state: "s", scope: "openid", ...challenge, ...more })}`;
  // The page in the browser: nothing foreign, nothing ran, and `expected` is there as text.
  const check = async (where, expected) => {
    const found = await page.evaluate((selector) => ({
      pwned: window.pwned, cookie: document.cookie, foreign: [...document.querySelectorAll(selector)].map((element) => element.outerHTML),
      text: document.body.innerText, values: [...document.querySelectorAll("input")].map((input) => input.value),
    }), foreign);
    assert.equal(found.pwned, undefined, `${where}: ran`);
    assert.deepEqual(found.foreign, [], `${where}: is an element`);
    assert.doesNotMatch(found.cookie, /pwned/, where);
    if (expected) assert.ok(`${found.text}\n${found.values.join("\n")}`.includes(expected), `${where}: ${expected} is not in: ${found.text} ${found.values}`);
  };
  // Redirects are looked at and not followed: a header has no line of the payload's.
  const headersOf = async (url, options) => {
    const answer = await fetch(url, { redirect: "manual", ...options });
    await answer.arrayBuffer();
    for (const [name, value] of answer.headers) {
      assert.doesNotMatch(`${name}: ${value}`, /^set-cookie: pwned|^pwned/i);
      assert.doesNotMatch(value, /[\r\n\0]/);
    }
    return answer;
  };
  // The first line, as a page shows it: without control characters, also those for the direction.
  const shown = (payload) => payload.split("\r\n")[0].replace(/[\u0000\ufffe\u202a-\u202e\u2066-\u2069]/g, "").trim();

  before(async () => {
    const printable = payloads.map((payload) => payload.split("\r\n")[0].replace(/[\u0000\ufffe]/g, "").trim());
    tenant = await startTenant({
      tables: { "auth.dcr": { enabled: true }, mail: { outbox: true } },
      seed: {
        apis: printable.map((payload, at) => ({ identifier: `${audience}${at}`, name: payload, permissions: [{ value: "read:tools", description: payload }] })),
        roles: printable.map((payload, at) => ({ name: payload, description: payload, api: `${audience}${at}`, permissions: ["read:tools"] })),
        clients: printable.map((payload, at) => ({ client_id: `app${at}`, name: payload, redirect_uris: [callback], allowed_logout_urls: [callback], grant_types: ["authorization_code"], audiences: [`${audience}${at}`] })),
        users: printable.map((payload, at) => ({ email: `user${at}@example.com`, password: "a long enough password", roles: [payload] })),
      },
    });
    browser = await launch();
    page = await (await browser.newContext({ bypassCSP: true })).newPage();
    page.setDefaultTimeout(15_000);
    dialogs = [];
    page.on("dialog", (dialog) => { dialogs.push(dialog.message()); void dialog.dismiss(); });
  });
  after(async () => {
    await browser?.close();
    await tenant?.stop();
  });

  test("names and descriptions of applications, APIs and scopes", async () => {
    for (const [at, payload] of payloads.entries()) {
      const text = shown(payload);
      await page.goto(authorize({ client_id: `app${at}`, resource: `${audience}${at}`, scope: "openid read:tools", prompt: "login consent" }));
      await check(`client name on the login page, ${at}`, text);
      assert.equal(await page.title(), `Sign in to ${text}`.replace(/\s+/g, " "));
      await page.locator("#username").fill(`user${at}@example.com`);
      await page.locator("#password").fill("a long enough password");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[value=accept]");
      await check(`consent, ${at}`, text);
      assert.equal(await page.locator("ul.scopes li").filter({ hasText: text }).count(), 1, `scope description, ${at}`);
    }
  });

  test("names of organizations", async () => {
    const named = payloads.map((payload, at) => [`org${at}`, shown(payload)]);
    const made = [];
    for (const [name, title] of named) {
      const { status } = await doorward(["tenant", "organization", "create", "--name", name, "--display-name", title, "--connection", "Username-Password-Authentication", "--config", tenant.config]);
      if (status !== 0) continue; // refused altogether
      await manage(tenant, "organization", "member", "add", "--organization", name, "--email", "user0@example.com");
      made.push(title);
    }
    assert.ok(made.length >= 5);
    await manage(tenant, "client", "update", "--id", "app0", "--set", "organization_usage=require", "--set", "organization_require_behavior=post_login_prompt");
    await page.context().clearCookies();
    await page.goto(authorize());
    await page.locator("#username").fill("user0@example.com");
    await page.locator("#password").fill("a long enough password");
    await page.keyboard.press("Enter");
    await page.waitForURL(/organization\/picker/);
    for (const title of made) await check(`organization ${title}`, title);
    await manage(tenant, "client", "update", "--id", "app0", "--set", "organization_usage=deny", "--set", "organization_require_behavior=no_prompt");
  });

  test("what an application says about itself when it registers", async () => {
    for (const payload of payloads) {
      const answer = await fetch(`${tenant.issuer}oidc/register`, {
        method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ client_name: payload, logo_uri: `https://evil.example/${payload}`, client_uri: payload, policy_uri: payload, contacts: [payload], redirect_uris: [callback], token_endpoint_auth_method: "none", grant_types: ["authorization_code"] }),
      });
      const client = await answer.json();
      if (answer.status !== 201) continue; // refused altogether
      await page.goto(authorize({ client_id: client.client_id }));
      await check(`registered name ${payload}`, shown(payload));
      await headersOf(authorize({ client_id: client.client_id }));
    }
    for (const uri of ["javascript:window.pwned=1", "data:text/html,<script>window.pwned=1</script>", `https://a.example/"><script>`, "https://a.example/\r\nX: y"]) {
      const { status } = await fetch(`${tenant.issuer}oidc/register`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client_name: "x", redirect_uris: [uri] }) });
      assert.equal(status, 400, uri);
    }
  });

  test("every parameter of an authorization request", async () => {
    await page.context().clearCookies();
    const parameters = ["client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "audience", "resource", "prompt", "max_age", "login_hint", "ui_locales", "display", "screen_hint", "organization", "acr_values", "invitation", "connection", "request_uri", "dpop_jkt"];
    for (const name of parameters) {
      for (const [at, payload] of payloads.entries()) {
        const url = authorize({ [name]: payload });
        const answer = await headersOf(url);
        const location = answer.headers.get("location");
        if (location) assert.ok(location.startsWith("/u/") || location.startsWith(callback), `${name} ${at}: ${location}`);
        if (location?.startsWith(callback)) assert.ok(["s", payload].includes(new URL(location).searchParams.get("state") ?? new URLSearchParams(new URL(location).hash.slice(1)).get("state")), `${name} ${at}: the state comes back as it was sent: ${location}`);
        if (location?.startsWith(callback)) continue; // to the client: not a page of ours
        await page.goto(url);
        await check(`${name}, ${at}`, name === "login_hint" && !payload.includes("\0") ? shown(payload) : undefined);
      }
    }
  });

  test("state in a form that posts back and in a message", async () => {
    for (const payload of payloads) {
      for (const mode of ["form_post", "fragment", "query"]) {
        const answer = await fetch(authorize({ response_mode: mode, prompt: "none", state: payload }), { redirect: "manual" });
        if (mode !== "form_post" || answer.status !== 200) continue; // a NUL in it: refused
        const html = await answer.text();
        const scripts = html.match(/<script[\s\S]*?<\/script>/g);
        assert.deepEqual(scripts, ["<script>document.forms[0].submit();</script>"]);
        assert.doesNotMatch(html.replace(/<style[\s\S]*?<\/style>/g, ""), /<img|<svg onload|onerror="|<b>/);
      }
    }
  });

  test("what people type into forms, and paths and queries nobody linked to", async () => {
    for (const [at, payload] of payloads.entries()) {
      await page.goto(authorize({ prompt: "login" }));
      await page.waitForSelector("#username");
      await page.evaluate(() => { for (const input of document.querySelectorAll("input")) input.type = "text"; document.querySelector("form").noValidate = true; });
      await page.locator("#username").fill(payload.slice(0, 200));
      await page.locator("#password").fill(payload);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
      await check(`typed user name, ${at}`);
      await page.goto(authorize({ prompt: "login", screen_hint: "signup" }));
      await page.evaluate(() => { for (const input of document.querySelectorAll("input")) input.type = "text"; document.querySelector("form").noValidate = true; });
      await page.locator("#email").fill(payload);
      await page.locator("#password").fill(payload);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
      await check(`typed address, ${at}`);
      const query = new URLSearchParams({ state: payload, client_id: payload, returnTo: payload, id_token_hint: payload, post_logout_redirect_uri: payload, user_code: payload, ticket: payload, error: payload, error_description: payload });
      for (const path of ["u/login", "u/consent", "u/nothing", "v2/logout", "oidc/logout", "activate", "u/reset-password", "u/email-verification", "u/unblock", `u/${encodeURIComponent(payload)}`]) {
        await headersOf(`${tenant.issuer}${path}?${query}`);
        await page.goto(`${tenant.issuer}${path}?${query}`);
        await check(`${path}, ${at}`);
      }
    }
    assert.deepEqual(dialogs, []);
  });

  test("headers of the request, and every line of the log is one JSON object", async () => {
    for (const payload of payloads) {
      const value = payload.replace(/[^\x20-\x7e]/g, "");
      await headersOf(authorize(), { headers: { "user-agent": value, "accept-language": value, "x-forwarded-for": value, traceparent: value, origin: value, referer: value, "x-request-id": value } });
      await headersOf(`${tenant.issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ grant_type: payload, client_id: payload, code: payload, username: payload }) });
      await headersOf(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${value}` } });
    }
    await sleep(200);
    const lines = tenant.program.stderr.split("\n").filter(Boolean);
    assert.ok(lines.length > 100);
    for (const line of lines) {
      if (!line.startsWith("{")) assert.doesNotMatch(line, /pwned|<script|Set-Cookie/, line);
      else JSON.parse(line);
    }
    const { stdout, status } = await doorward(["tenant", "logs", "--take", "500", "--json", "--config", tenant.config]);
    assert.equal(status, 0);
    for (const line of stdout.split("\n").filter(Boolean)) assert.doesNotMatch(line, /^Set-Cookie/);
    const table = await doorward(["tenant", "logs", "--take", "500", "--config", tenant.config]);
    assert.doesNotMatch(table.stdout, /^Set-Cookie|\u0000|\u001b/m);
  });
});
