// The pages of the device flow and of CIBA in a real browser: at both sizes, in both colour schemes, in five languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { doorward, startTenant } from "./support/doorward.mjs";
import { launch, look } from "./support/look.mjs";
import { outbox } from "./support/tenant.mjs";

const ada = { email: "ada@example.com", password: "a long enough password" };
const secret = "a-secret-of-32-bytes-and-some-more";
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const cibaGrant = "urn:openid:params:grant-type:ciba";
let tenant, chrome;
const complaints = [];

before(async () => {
  tenant = await startTenant({
    seed: {
      clients: [{ client_id: "tv", name: "Television in the kitchen", grant_types: [deviceGrant] }, { client_id: "agent", client_secret: secret, name: "Travel agent", grant_types: [cibaGrant] }],
      users: [ada, { email: "eve@example.com", password: "another long password" }],
    },
    tables: { mail: { outbox: true } },
  });
  chrome = await launch();
});
after(async () => { await chrome?.close(); await tenant?.stop(); });

const post = async (where, parameters) => (await fetch(`${tenant.issuer}${where}`, { method: "POST", body: new URLSearchParams(parameters) })).json();
const poll = (parameters) => post("oauth/token", parameters);
const newDevice = () => post("oauth/device/code", { client_id: "tv", scope: "openid" });
async function tab(more = {}) {
  const page = await (await chrome.newContext({ reducedMotion: "reduce", ...more })).newPage();
  page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(message.text()); });
  return page;
}
async function logIn(page, email = ada.email, password = ada.password) {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
}

test("a device, by keyboard", { timeout: 120_000 }, async () => {
  const device = await newDevice();
  const page = await tab();
  await page.goto(device.verification_uri);
  await page.getByLabel("Code").fill("BCDF-GHJK");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await look(page, "activate-wrong");
  assert.equal(await page.getByLabel("Code").inputValue(), "BCDF-GHJK", "what was typed is kept");
  await page.getByLabel("Code").fill(device.user_code.toLowerCase());
  await page.keyboard.press("Enter");
  await page.getByText(device.user_code).waitFor();
  assert.ok((await page.locator("main").innerText()).includes("Television in the kitchen"));
  await look(page, "device");
  await page.getByRole("button", { name: "Confirm" }).click();
  await logIn(page);
  await page.getByText("You can close this page.").waitFor();
  await look(page, "device-done");
  const tokens = await poll({ grant_type: deviceGrant, client_id: "tv", device_code: device.device_code });
  assert.ok(tokens.id_token, JSON.stringify(tokens));
});
test("a device that is not theirs", { timeout: 60_000 }, async () => {
  const device = await newDevice();
  const page = await tab();
  await page.goto(device.verification_uri_complete);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("got nothing").waitFor();
  assert.equal((await poll({ grant_type: deviceGrant, client_id: "tv", device_code: device.device_code })).error, "access_denied");
});
test("every language", { timeout: 60_000 }, async () => {
  const words = { en: "Connect a device", de: "Gerät verbinden", es: "Conectar un dispositivo", fr: "Connecter un appareil", ja: "デバイスを接続" };
  for (const [locale, title] of Object.entries(words)) {
    const page = await tab({ locale });
    await page.goto(`${tenant.issuer}activate`);
    assert.equal(await page.locator("h1").innerText(), title);
    assert.equal(await page.locator("html").getAttribute("lang"), locale);
    await page.context().close();
  }
});

test("CIBA by the link in the mail", { timeout: 120_000 }, async () => {
  const done = await doorward(["tenant", "--config", tenant.config, "user", "list", "--json"]);
  const { user_id: sub } = JSON.parse(done.stdout).find((user) => user.email === ada.email);
  const client = { client_id: "agent", client_secret: secret };
  const asked = await post("bc-authorize", { ...client, scope: "openid", binding_message: "FLIGHT-42", login_hint: JSON.stringify({ format: "iss_sub", iss: tenant.issuer, sub }) });
  assert.ok(asked.auth_req_id, JSON.stringify(asked));
  const [mail] = await outbox(tenant);
  assert.ok(mail.text.includes("FLIGHT-42") && mail.text.includes("Travel agent"), mail.text);
  const link = /https?:\S+ciba\?ticket=\S+/.exec(mail.text)[0];

  const other = await tab();
  await other.goto(link);
  await logIn(other, "eve@example.com", "another long password");
  await other.getByRole("alert").waitFor();
  assert.ok(!(await other.content()).includes("FLIGHT-42"), "somebody else is not told");
  await look(other, "ciba-other");

  const page = await tab();
  await page.goto(link);
  await logIn(page);
  await page.getByText("FLIGHT-42").waitFor();
  await look(page, "ciba");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("has your approval").waitFor();
  const tokens = await poll({ grant_type: cibaGrant, ...client, auth_req_id: asked.auth_req_id });
  assert.ok(tokens.id_token, JSON.stringify(tokens));
  await page.goto(link);
});
test("nothing was blocked", () => assert.deepEqual(complaints, []));
