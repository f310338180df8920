// Who has an account is nobody's business: every way in is walked with an address that has one and with one that has none, and what a stranger
// sees of each step (status, fields, cookies, the text to the byte) is the same. What it costs is counted in test/unit/tenant/test_signup_code.c.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { sleep } from "./support/process.mjs";
import { manage, postForm } from "./support/tenant.mjs";

const callback = "https://app.example.com/callback";
const connection = "Username-Password-Authentication";
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdefghij" };
const bob = { email: "bob@example.com", password: "another long password" };
const root = { email: "abe@example.com", password: "another long password" };
const seed = {
  apis: [{ identifier: "https://api.example.com/", name: "API", permissions: ["read:tools"] }],
  clients: [
    { ...web, redirect_uris: [callback], grant_types: ["authorization_code", "password", "http://auth0.com/oauth/grant-type/passwordless/otp"] },
    { client_id: "public", redirect_uris: [callback], grant_types: ["authorization_code", "password", "http://auth0.com/oauth/grant-type/passwordless/otp"] },
  ],
  users: [bob, root],
};

describe("who has an account", { timeout: 240_000 }, () => {
  let tenant;
  before(async () => {
    tenant = await startTenant({ seed, tenant: { allow_password_grant: true }, tables: { mail: { outbox: true } } });
    for (const [name, more] of [["open", []], ["closed", ["--set", "disable_signup=true"]]]) await manage(tenant, "connection", "create", "--name", name, "--strategy", "email", "--client", "web", "--client", "public", ...more);
    await manage(tenant, "client", "update", "--id", "web", "--set", "organization_usage=allow");
    await manage(tenant, "organization", "create", "--name", "acme", "--display-name", "Acme", "--connection", connection, "--connection", "closed");
    await manage(tenant, "organization", "member", "add", "--organization", "acme", "--email", bob.email);
    await sleep(600);
  });
  after(() => tenant?.stop());

  const authorize = (more = {}) => `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "web", redirect_uri: callback, scope: "openid", ...more })}`;
  // What is random or was chosen by the asker is taken out.
  const seen = (answer, email) => ({
    status: answer.status, path: answer.url?.pathname,
    fields: [...answer.headers].filter(([name]) => name !== "date").map(([name, value]) => [name, name === "set-cookie" ? value.replace(/=[\w-]+/, "=X") : value]),
    text: (answer.html ?? answer.text).replaceAll(email, "ADDRESS").replaceAll(/[\w-]{43}/g, "STATE").replace(/"_id":"[0-9a-f]{24}"/, '"_id":"ID"'),
  });
  // A browser, and what it saw.
  async function walk(email, parameters, steps) {
    const browser = new Browser(), found = [];
    let page = await browser.open(authorize(parameters));
    for (const step of steps) {
      page = await step(browser, page, email);
      found.push({ ...seen(page, email), cookies: [...browser.cookies.keys()] });
    }
    return found;
  }
  const fill = (values, action) => (browser, page, email) => browser.submit(page, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === "EMAIL" ? email : value])), action);
  const go = (path) => (browser, page) => browser.open(`${tenant.issuer}${path}?state=${page.forms[0].fields.find(({ name }) => name === "state").value}`);
  // The second form of a page, which sends again.
  const again = (browser, page) => browser.submit({ ...page, forms: page.forms.slice(1) }, {});
  const wrong = { username: "EMAIL", password: "not the password" };

  const pages = {
    "a login": [{}, [fill(wrong), fill(wrong)]],
    "a login at an organization": [{ organization: "ORG" }, [fill(wrong)]],
    "a forgotten password": [{ screen_hint: "reset" }, [fill({ email: "EMAIL" })]],
    "a sign-up, its code, another code": [{ screen_hint: "signup" }, [fill({ email: "EMAIL", password: "Tr0ub4dor&3xyz" }), fill({ code: "12345x" }), fill({ code: "12345x" }), fill({ code: "12345x" }), again, fill({ code: "12345x" }),
      go("u/signup/code"), go("u/login"), fill({ username: "EMAIL", password: "Tr0ub4dor&3xyz" })]],
    "a code by mail, open to strangers": [{ connection: "open" }, [fill({ username: "EMAIL" }, "code"), fill({ code: "12345x" }), again]],
    "a code by mail, closed to strangers": [{ connection: "closed" }, [fill({ username: "EMAIL" }, "code"), fill({ code: "12345x" }), again]],
    "a link by mail, closed to strangers": [{ connection: "closed" }, [fill({ username: "EMAIL" }, "link")]],
    "a code by mail at an organization": [{ connection: "closed", organization: "ORG" }, [fill({ username: "EMAIL" }, "code"), fill({ code: "12345x" })]],
  };
  for (const [name, [parameters, steps]] of Object.entries(pages)) {
    test(`${name}: pages`, async () => {
      const [organization] = await manage(tenant, "organization", "list");
      const asked = { ...parameters, ...(parameters.organization && { organization: organization.id }) };
      const known = await walk(bob.email, asked, steps);
      assert.deepEqual(known, await walk("eve@example.com", asked, steps));
      assert.ok(known.every(({ status }) => [200, 400].includes(status)), JSON.stringify(known.map(({ status }) => status)));
      assert.ok(known.every(({ cookies }) => !cookies.some((cookie) => cookie.includes("session"))), "nobody is logged in");
    });
  }
  test("identifier first: pages", async () => {
    await manage(tenant, "prompts", "set", "identifier_first=true");
    await sleep(600);
    try {
      const steps = [fill({ username: "EMAIL" }), fill({ password: "not the password" })];
      assert.deepEqual(await walk(bob.email, {}, steps), await walk("eve@example.com", {}, steps));
    } finally {
      await manage(tenant, "prompts", "set", "identifier_first=false");
    }
  });

  const otp = "http://auth0.com/oauth/grant-type/passwordless/otp";
  const calls = {
    "the password grant": ["oauth/token", { ...web, grant_type: "password", username: "EMAIL", password: "no" }],
    "the password grant of a client without a secret": ["oauth/token", { client_id: "public", grant_type: "password", username: "EMAIL", password: "no" }],
    "signing up": ["dbconnections/signup", { client_id: "public", connection, email: "EMAIL", password: "Tr0ub4dor&3xyz" }],
    "the password of that sign-up": ["oauth/token", { client_id: "public", grant_type: "password", username: "EMAIL", password: "Tr0ub4dor&3xyz" }],
    "a new password": ["dbconnections/change_password", { client_id: "public", connection, email: "EMAIL" }],
    "a code by mail, closed to strangers": ["passwordless/start", { client_id: "public", connection: "closed", email: "EMAIL", send: "code" }],
    "a link by mail, closed to strangers": ["passwordless/start", { client_id: "public", connection: "closed", email: "EMAIL", send: "link" }],
    "a wrong code": ["oauth/token", { client_id: "public", grant_type: otp, realm: "closed", username: "EMAIL", otp: "12345x" }],
  };
  for (const policy of ["never", "all-applications"]) {
    test(`what programs are answered, second factors: ${policy}`, async () => {
      await manage(tenant, "mfa", "set", "--policy", policy, "--factor", "otp");
      await sleep(600);
      for (const [name, [path, parameters]] of Object.entries(calls)) {
        const call = async (email) => { const answer = await postForm(`${tenant.issuer}${path}`, Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, value === "EMAIL" ? email : value]))); return seen(answer, email); };
        assert.deepEqual(await call(root.email), await call(policy === "never" ? "ann@example.com" : "joe@example.com"), name);
      }
    });
  }
});
