// The tenant by itself: grants on the wire, rotation, durability, and the management verbs beside a running server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Browser } from "./support/browser.mjs";
import { doorward, startTenant } from "./support/doorward.mjs";
import { binary, root, sleep, start, temporaryFolder, until } from "./support/process.mjs";
import { pkce, postForm } from "./support/tenant.mjs";

const audience = "https://mcp.example.com/mcp";
const redirectUri = "http://127.0.0.1:39998/callback";
const ada = { email: "ada@example.com", password: "a long enough password" };
const machine = { client_id: "machine", client_secret: "machine-secret-0123456789abcdef" };
const seed = {
  apis: [{ identifier: audience, name: "MCP", permissions: [{ value: "read:tools", description: "List tools" }, "execute:tools", "admin"] }],
  roles: [{ name: "MCP User", api: audience, permissions: ["read:tools", "execute:tools"] }],
  clients: [
    { client_id: "cli", name: "CLI", redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token", "password"], audiences: [audience] },
    { ...machine, name: "Machine", grant_types: ["client_credentials"], audiences: [audience] },
  ],
  users: [{ ...ada, roles: ["MCP User"] }],
};
const decode = (token) => token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));

async function login(tenant, { scope = "openid offline_access read:tools", more = {}, browser = new Browser() } = {}) {
  const { code_verifier: verifier, challenge } = pkce();
  const url = `${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "cli", redirect_uri: redirectUri, scope, resource: audience, state: "xyz", ...challenge, ...more })}`;
  const answer = (await browser.authorize(url, redirectUri, ada)).searchParams;
  assert.equal(answer.get("state"), "xyz");
  assert.equal(answer.get("iss"), tenant.issuer);
  return { code: answer.get("code"), verifier, browser };
}
const redeem = (tenant, { code, verifier }, more = {}) => postForm(`${tenant.issuer}oauth/token`, { grant_type: "authorization_code", client_id: "cli", code, code_verifier: verifier, redirect_uri: redirectUri, ...more });
const refresh = (tenant, token) => postForm(`${tenant.issuer}oauth/token`, { grant_type: "refresh_token", client_id: "cli", refresh_token: token });

describe("tenant", () => {
  let tenant;
  before(async () => { tenant = await startTenant({ seed, tenant: { allow_password_grant: true, refresh_token_leeway_s: 2 } }); });
  after(() => tenant?.stop());

  test("a code works once, and its second use ends what the first gave", async () => {
    const answer = await login(tenant);
    const first = await redeem(tenant, answer);
    assert.equal(first.status, 200, first.text);
    assert.match(first.headers.get("cache-control"), /no-store/);
    assert.equal(first.body.token_type, "Bearer");
    const second = await redeem(tenant, answer);
    assert.equal(second.body.error, "invalid_grant");
    await until(async () => (await refresh(tenant, first.body.refresh_token)).body.error === "invalid_grant", "the refresh token to be dead", 3_000);
  });
  test("a code with the wrong verifier, client or redirect URI gives nothing", async () => {
    for (const wrong of [{ code_verifier: "b".repeat(43) }, { client_id: "machine", client_secret: machine.client_secret }, { redirect_uri: "http://127.0.0.1:39998/other" }]) {
      const refused = await redeem(tenant, await login(tenant), wrong);
      assert.ok(refused.status >= 400 && refused.status < 500, `${JSON.stringify(wrong)} ${refused.text}`);
      assert.equal(refused.body.access_token, undefined);
    }
  });
  test("the access token is what its claims say, signed by the published key", async () => {
    const { body } = await redeem(tenant, await login(tenant, { scope: "openid read:tools" }));
    const [header, claims] = decode(body.access_token);
    assert.equal(header.alg, "RS256");
    assert.equal(claims.iss, tenant.issuer);
    assert.ok([claims.aud].flat().includes(audience));
    assert.equal(claims.azp ?? claims.client_id, "cli");
    assert.match(claims.sub, /^auth0\|/);
    assert.ok(claims.exp > Date.now() / 1000 && Number.isInteger(claims.exp));
    assert.deepEqual([...claims.permissions].sort(), ["execute:tools", "read:tools"]);
    const { keys } = await (await fetch(`${tenant.issuer}.well-known/jwks.json`)).json();
    const jwk = keys.find((key) => key.kid === header.kid);
    assert.equal(jwk.d, undefined);
    const [head, payload, signature] = body.access_token.split(".");
    assert.ok(verify("sha256", Buffer.from(`${head}.${payload}`), createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url")));
    const info = await (await fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${body.access_token}` } })).json();
    assert.equal(info.sub, claims.sub);
  });
  test("a scope the user may not have is not in the token", async () => {
    const { body } = await redeem(tenant, await login(tenant, { scope: "openid read:tools admin" }));
    const [, claims] = decode(body.access_token);
    assert.ok(!claims.permissions.includes("admin"));
    assert.ok(!(claims.scope ?? "").split(" ").includes("admin"), claims.scope);
  });
  test("refreshing rotates; the old token gives the same successor within the grace, and ends the family after it", async () => {
    const { body: first } = await redeem(tenant, await login(tenant));
    const second = await refresh(tenant, first.refresh_token);
    assert.equal(second.status, 200, second.text);
    assert.notEqual(second.body.refresh_token, first.refresh_token);
    const again = await refresh(tenant, first.refresh_token);
    assert.equal(again.body.refresh_token, second.body.refresh_token, "the same successor");
    await sleep(3_500);
    assert.equal((await refresh(tenant, first.refresh_token)).body.error, "invalid_grant");
    assert.equal((await refresh(tenant, second.body.refresh_token)).body.error, "invalid_grant", "the family has ended");
  });
  test("twenty refreshes at once lose nobody", async () => {
    const { body: first } = await redeem(tenant, await login(tenant));
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(tenant, first.refresh_token)));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    assert.equal(new Set(answers.map((answer) => answer.body.refresh_token)).size, 1);
  });
  test("a revoked refresh token is dead, and revoking nothing is fine", async () => {
    const { body } = await redeem(tenant, await login(tenant));
    assert.equal((await postForm(`${tenant.issuer}oauth/revoke`, { client_id: "cli", token: body.refresh_token })).status, 200);
    assert.equal((await refresh(tenant, body.refresh_token)).body.error, "invalid_grant");
    assert.equal((await postForm(`${tenant.issuer}oauth/revoke`, { client_id: "cli", token: "never was" })).status, 200);
  });
  test("client credentials by post, basic and JSON", async () => {
    const basic = { authorization: `Basic ${Buffer.from(`${machine.client_id}:${machine.client_secret}`).toString("base64")}` };
    for (const answer of [
      await postForm(`${tenant.issuer}oauth/token`, { grant_type: "client_credentials", ...machine, audience }),
      await postForm(`${tenant.issuer}oauth/token`, { grant_type: "client_credentials", audience }, basic),
    ]) {
      assert.equal(answer.status, 200, answer.text);
      const [, claims] = decode(answer.body.access_token);
      assert.equal(claims.sub, "machine@clients");
      assert.equal(answer.body.refresh_token, undefined);
    }
    const json = await fetch(`${tenant.issuer}oauth/token`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ grant_type: "client_credentials", ...machine, audience }) });
    assert.equal(json.status, 200);
    const wrong = await postForm(`${tenant.issuer}oauth/token`, { grant_type: "client_credentials", client_id: machine.client_id, client_secret: "wrong", audience });
    assert.equal(wrong.status, 401);
    assert.equal((await postForm(`${tenant.issuer}oauth/token`, { grant_type: "client_credentials", ...machine, audience: "https://unknown.example.com" })).status, 403);
  });
  test("duplicate parameters are refused", async () => {
    const answer = await fetch(`${tenant.issuer}oauth/token`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "grant_type=client_credentials&grant_type=password&client_id=machine" });
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error, "invalid_request");
  });
  test("authorize never redirects for a bad client or redirect URI, and redirects every other error", async () => {
    const ask = (more) => fetch(`${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "cli", redirect_uri: redirectUri, state: "s", ...pkce().challenge, resource: audience, ...more })}`, { redirect: "manual" });
    for (const bad of [{ client_id: "nobody" }, { redirect_uri: "https://evil.example.com/" }, { redirect_uri: `${redirectUri}/../x` }, { redirect_uri: "javascript:alert(1)" }]) {
      const answer = await ask(bad);
      assert.ok(answer.status >= 400 && answer.status < 500, `${JSON.stringify(bad)}: ${answer.status}`);
      assert.equal(answer.headers.get("location"), null);
      assert.match(answer.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    }
    for (const [bad, error] of [[{ response_type: "token" }, "unsupported_response_type"], [{ code_challenge_method: "plain" }, "invalid_request"], [{ code_challenge: "" }, "invalid_request"], [{ prompt: "none" }, "login_required"]]) {
      const answer = await ask(bad);
      const location = new URL(answer.headers.get("location") ?? "missing:");
      const said = new URLSearchParams(bad.response_type ? location.hash.slice(1) : location.search); // where that response type is answered
      assert.equal(said.get("error"), error, `${JSON.stringify(bad)}: ${answer.status} ${location}`);
      assert.equal(said.get("iss"), tenant.issuer);
    }
    assert.equal((await ask({ redirect_uri: "http://127.0.0.1:1234/callback" })).headers.get("location")?.startsWith("http://127.0.0.1:1234") ?? false, false, "a loopback port may differ without a redirect yet");
  });
  test("a form of another site or browser is refused", async () => {
    const browser = new Browser();
    const { challenge } = pkce();
    const page = await browser.open(`${tenant.issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: "cli", redirect_uri: redirectUri, scope: "openid", resource: audience, state: "s", ...challenge })}`);
    const state = page.forms[0].fields.find((field) => field.name === "state").value;
    const stranger = new Browser();
    const stolen = await stranger.open(`${tenant.issuer}u/login`, redirectUri, { method: "POST", body: new URLSearchParams({ state, username: ada.email, password: ada.password, action: "login" }), headers: { origin: tenant.issuer.slice(0, -1) } });
    assert.ok(!stolen.redirect && stolen.status >= 400, "another browser");
    const crossed = await browser.open(`${tenant.issuer}u/login`, redirectUri, { method: "POST", body: new URLSearchParams({ state, username: ada.email, password: ada.password, action: "login" }), headers: { origin: "https://evil.example.com", "sec-fetch-site": "cross-site" } });
    assert.ok(!crossed.redirect && crossed.status >= 400, "another site");
  });
  test("registration keeps to what is allowed", async () => {
    const closed = await fetch(`${tenant.issuer}oidc/register`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client_name: "x", redirect_uris: [redirectUri] }) });
    assert.ok([403, 404].includes(closed.status), "off by default");
    assert.equal((await (await fetch(`${tenant.issuer}.well-known/openid-configuration`)).json()).registration_endpoint, undefined);
  });
  test("management works beside the running server", async () => {
    const added = await doorward(["tenant", "--config", tenant.config, "user", "add", "--email", "eve@example.com", "--password-stdin"], { input: "another long password\n" });
    assert.equal(added.status, 0, added.stderr);
    const listed = await doorward(["tenant", "--config", tenant.config, "user", "list", "--json"]);
    assert.ok(JSON.parse(listed.stdout).some((user) => user.email === "eve@example.com"), listed.stdout);
    const twice = await doorward(["tenant", "--config", tenant.config, "user", "add", "--email", "eve@example.com", "--password-stdin"], { input: "another long password\n" });
    assert.equal(twice.status, 1);
    const eve = await postForm(`${tenant.issuer}oauth/token`, { grant_type: "password", client_id: "cli", username: "eve@example.com", password: "another long password", audience });
    assert.equal(eve.status, 200, eve.text);
  });

  test("the audit log is followed as JSON, a line an event", async () => {
    const following = start(binary, ["tenant", "--config", tenant.config, "logs", "--follow", "--json"]);
    try {
      await postForm(`${tenant.issuer}oauth/token`, { grant_type: "password", client_id: "cli", username: "followed@example.com", password: "a guess" });
      const lines = () => following.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
      const entry = await until(() => lines().find(({ user_name: name }) => name === "followed@example.com"), "the entry");
      assert.equal(entry.type, "fu");
      assert.equal(entry.ip, "127.0.0.1");
      assert.match(entry.date, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.equal(new Set(lines().map(({ log_id: id }) => id)).size, lines().length, "none twice");
    } finally {
      await following.stop();
    }
  });

  test("private keys are in no file but sealed, and no verb shows one", async () => {
    const database = new DatabaseSync(path.join(tenant.folder, "state/tenant.db"), { readOnly: true });
    const rows = database.prepare("SELECT sealed_private_key FROM signing_key").all();
    database.close();
    assert.ok(rows.length >= 2);
    for (const { sealed_private_key: sealed } of rows) {
      assert.doesNotMatch(Buffer.from(sealed).toString("latin1"), /PRIVATE KEY|"d":/);
      assert.throws(() => createPrivateKey({ key: Buffer.from(sealed), format: "der", type: "pkcs8" }));
    }
    for (const name of readdirSync(path.join(tenant.folder, "state"))) {
      const file = path.join(tenant.folder, "state", name);
      if (name !== "tls" && statSync(file).isFile()) assert.doesNotMatch(readFileSync(file, "latin1"), /PRIVATE KEY/, name);
    }
    const listed = await doorward(["tenant", "--config", tenant.config, "key", "list", "--json"]);
    assert.doesNotMatch(listed.stdout, /PRIVATE|"d"|sealed/);
    const published = await (await fetch(`${tenant.issuer}.well-known/jwks.json`)).json();
    for (const key of published.keys) assert.deepEqual(Object.keys(key).filter((name) => ["d", "p", "q", "dp", "dq", "qi", "k"].includes(name)), []);
  });

  test("no code, token, cookie or password is in a file of the tenant", async () => {
    const begun = await login(tenant);
    const { body } = await redeem(tenant, begun);
    const again = await postForm(`${tenant.issuer}oauth/token`, { grant_type: "refresh_token", client_id: "cli", refresh_token: body.refresh_token });
    const opaque = await postForm(`${tenant.issuer}oauth/token`, { grant_type: "password", client_id: "cli", username: ada.email, password: ada.password, scope: "openid" });
    const secrets = { code: begun.code, refresh: body.refresh_token, successor: again.body.refresh_token, access: body.access_token, opaque: opaque.body.access_token, password: ada.password, client: machine.client_secret, ...Object.fromEntries(begun.browser.cookies) };
    for (const name of readdirSync(path.join(tenant.folder, "state"))) {
      const file = path.join(tenant.folder, "state", name);
      const bytes = statSync(file).isFile() ? readFileSync(file) : Buffer.alloc(0);
      for (const [what, secret] of Object.entries(secrets)) {
        assert.ok(secret, what);
        assert.equal(bytes.includes(secret), false, `${what} in ${name}`);
      }
    }
  });

  test("management waits for a writer that takes long", async () => {
    const database = new DatabaseSync(path.join(tenant.folder, "state/tenant.db"));
    database.exec("BEGIN IMMEDIATE");
    const adding = doorward(["tenant", "--config", tenant.config, "user", "add", "--email", "late@example.com", "--password-stdin"], { input: "another long password\n" });
    await sleep(3_500);
    database.exec("COMMIT");
    database.close();
    const added = await adding;
    assert.equal(added.status, 0, added.stderr);
  });
});

describe("the command line, as a newcomer meets it", () => {
  const verbs = [...readFileSync(path.join(root, "src/tenant/manage/verbs.def"), "utf8").matchAll(/^X\("([^"]*)", "([^"]*)"/gm)].map(([, noun, verb]) => [noun, ...verb.split(" ")].filter(Boolean));
  const folder = temporaryFolder();
  const ask = (...words) => doorward(["tenant", ...words, "--state-dir", path.join(folder, "state")]);

  test("each verb has help of its own; each list and each show without arguments is JSON when asked", async () => {
    assert.ok(verbs.length > 90, String(verbs.length));
    for (const words of verbs) {
      const { status, stdout } = await ask(...words, "--help");
      assert.equal(status, 0, words.join(" "));
      const shown = stdout.slice(stdout.indexOf("\nManagement")).match(/^ {2}\S.*$/gm).map((line) => line.trim());
      assert.ok(shown.every((line) => `${line} `.startsWith(`${words.join(" ")} `)), `${words.join(" ")}: ${shown}`);
      if (!["list", "show"].includes(words.at(-1)) && words.length > 1) continue;
      const asked = await ask(...words, "--json");
      if (asked.status === 0) for (const text of words[0] === "logs" ? asked.stdout.split("\n").filter(Boolean) : [asked.stdout]) JSON.parse(text);
      else assert.match(asked.stderr, /is missing\nUsage: /, words.join(" "));
    }
  });
  test("what is not there is refused, with what to try, and a status that says which kind of mistake it was", async () => {
    const cases = [
      [["usr", "list"], 2, /did you mean "user"/],
      [["user", "lst"], 2, /there is no verb "lst"[^]*doorward tenant user list/],
      [["user", "add"], 2, /--email is missing\nUsage: doorward tenant user add --email EMAIL/],
      [["user", "add", "--emial", "x"], 2, /there is no flag --emial\nUsage: /],
      [["logs", "--since", "yesterday"], 2, /^doorward tenant logs: --since takes a time/],
      [["user", "show", "--email", "x@example.com"], 1, /there is no user[^]*"doorward tenant user list" shows/],
      [["client", "show", "--id", "x"], 1, /there is no application[^]*"doorward tenant client list" shows/],
      [["api", "show", "--identifier", "x"], 1, /there is no API[^]*"doorward tenant api list" shows/],
      [["role", "user", "list", "--role", "x"], 1, /there is no role[^]*"doorward tenant role list" shows/],
      [["connection", "show", "--name", "x"], 1, /there is no connection[^]*"doorward tenant connection list" shows/],
      [["organization", "show", "--organization", "x"], 1, /there is no organization[^]*"doorward tenant organization list" shows/],
    ];
    for (const [words, status, expected] of cases) {
      const ended = await ask(...words);
      assert.equal(ended.status, status, `${words.join(" ")}: ${ended.stderr}`);
      assert.match(ended.stderr, expected);
      assert.equal(ended.stdout, "", words.join(" "));
    }
  });
});

test("kill -9 in the middle of refreshes loses nothing that was answered", async () => {
  const tenant = await startTenant({ seed });
  const holders = await Promise.all(Array.from({ length: 8 }, async () => (await redeem(tenant, await login(tenant))).body));
  let isOver = false;
  const load = Promise.all(holders.map(async (holder) => {
    while (!isOver) {
      const answer = await refresh(tenant, holder.refresh_token).catch(() => undefined);
      if (answer?.body?.refresh_token) holder.refresh_token = answer.body.refresh_token;
    }
  }));
  await sleep(1_000);
  tenant.program.kill("SIGKILL");
  await tenant.program.ended;
  isOver = true;
  await load;
  const again = await startTenant({ seed, folder: tenant.folder, port: tenant.port });
  for (const holder of holders) {
    // Either what was answered is the newest token, or a later one was stored without an answer: then it is within the grace.
    const answer = await refresh(again, holder.refresh_token);
    assert.equal(answer.status, 200, answer.text);
  }
  await again.stop();
});
