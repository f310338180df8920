// The tenant is killed (SIGKILL) under load, fifty times. After each start: no code and no refresh token works twice, and what
// was acknowledged is there. Clients remember what they were told, and what they cannot know because the answer never came.
// Some belong to an application without a leeway for refresh tokens, where every spent one is refused at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./support/browser.mjs";
import { startTenant } from "./support/doorward.mjs";
import { sleep, temporaryFolder } from "./support/process.mjs";
import { manage } from "./support/tenant.mjs";

const rounds = Number(process.env.DOORWARD_KILLS ?? 50);
const audience = "https://api.example.com/";
const redirectUri = "https://app.example.com/callback";
const web = { client_id: "web", client_secret: "web-secret-0123456789abcdefghij" };
const strict = { client_id: "strict", client_secret: "strict-secret-0123456789abcdefgh" };
const people = Array.from({ length: 10 }, (_, index) => ({ email: `u${index}@example.com`, password: "a long enough password" }));
const seed = {
  apis: [{ identifier: audience, name: "API", permissions: ["read:tools"] }],
  clients: [web, strict].map((client) => ({ ...client, name: client.client_id, redirect_uris: [redirectUri], is_first_party: true, grant_types: ["authorization_code", "refresh_token"] })),
  users: people,
};
const counts = { codes: 0, redeemed: 0, refreshed: 0, unknownCodes: 0, unknownRefreshes: 0, strictlyRefused: 0, strictUnknown: 0 };
let issuer;

class Client {
  browser = new Browser();

  constructor(user, application) { Object.assign(this, { user, application }); }

  // null: the answer never came whole, so nobody knows what happened.
  async post(parameters) {
    try {
      const answer = await fetch(`${issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ ...this.application, ...parameters }) });
      return { status: answer.status, ...await answer.json() };
    } catch { return null; }
  }

  redeem(code) { return this.post({ grant_type: "authorization_code", code, redirect_uri: redirectUri }); }

  refresh(token) { return this.post({ grant_type: "refresh_token", refresh_token: token }); }

  async code(scope) {
    const url = `${issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: this.application.client_id, redirect_uri: redirectUri, audience, scope })}`;
    const answer = await this.browser.authorize(url, redirectUri, this.user);
    counts.codes++;
    return answer.searchParams.get("code");
  }

  async begin() {
    const { refresh_token: token } = await this.redeem(await this.code("offline_access read:tools"));
    assert.ok(token);
    Object.assign(this, { token, isUnknown: false });
  }

  // The token that is spent now; null: the answer never came whole.
  async rotate() {
    const [spent, answer] = [this.token, await this.refresh(this.token)];
    this.isUnknown = answer === null;
    if (!answer) return null;
    assert.equal(answer.status, 200, JSON.stringify(answer));
    this.token = answer.refresh_token;
    counts.refreshed++;
    return spent;
  }
}

// One family of refresh tokens through all crashes, and codes beside it.
class Steady extends Client {
  codes = []; // { code, fate: "issued", "spent" or "unknown" }
  ended = []; // codes that are spent for certain
  retired = []; // refresh tokens whose successor's successor was received

  // Until the tenant is gone.
  async load(isOver) {
    while (!isOver()) {
      const spent = await this.rotate();
      if (!spent) return;
      if (this.before) this.retired.push(this.before);
      this.before = spent;

      const kept = { fate: "issued" };
      try { kept.code = await this.code("read:tools"); } catch (error) { if (isOver()) return; throw error; }
      this.codes.push(kept);
      if (this.codes.length % 3 === 0) continue; // kept for after the crash
      const redeemed = await this.redeem(kept.code);
      kept.fate = redeemed ? "spent" : "unknown";
      if (!redeemed) return;
      assert.equal(redeemed.status, 200, JSON.stringify(redeemed));
      counts.redeemed++;
    }
  }

  async check() {
    const answer = await this.refresh(this.token);
    assert.equal(answer?.status, 200, `an acknowledged refresh token is lost: ${JSON.stringify(answer)}`);
    if (this.isUnknown) {
      counts.unknownRefreshes++;
      assert.equal((await this.refresh(this.token)).refresh_token, answer.refresh_token, "one refresh token has two successors");
    }
    [this.before, this.token, this.isUnknown] = [this.token, answer.refresh_token, false];
    for (const { code, fate } of this.codes.splice(0)) {
      const first = await this.redeem(code);
      if (fate === "issued") assert.equal(first.status, 200, `an acknowledged code is lost: ${JSON.stringify(first)}`);
      if (fate === "spent") assert.equal(first.error, "invalid_grant", "a code worked twice");
      if (fate === "unknown") {
        counts.unknownCodes++;
        assert.ok(first.status === 200 || first.error === "invalid_grant", JSON.stringify(first));
      }
      if (fate !== "spent") assert.equal((await this.redeem(code)).error, "invalid_grant", "a code worked twice");
      this.ended.push(code);
    }
  }

  async end() {
    for (const code of this.ended) assert.equal((await this.redeem(code)).error, "invalid_grant", "a code worked twice");
    assert.equal((await this.refresh(this.retired.at(-1))).error, "invalid_grant", "a refresh token from before two rotations works");
    assert.equal((await this.refresh(this.token)).error, "invalid_grant", "its family lives on");
  }
}

// A new family for each crash: a spent token that comes again ends it.
class Strict extends Client {
  spent = [];

  async load(isOver) {
    while (!isOver()) {
      const spent = await this.rotate();
      if (!spent) return;
      this.spent.push(spent);
    }
  }

  async check() {
    if (this.isUnknown) {
      counts.strictUnknown++;
      const first = await this.refresh(this.token);
      assert.ok(first.status === 200 || first.error === "invalid_grant", JSON.stringify(first));
    }
    // The newest first: it was spent a moment before the crash, and its row is the one that is still there.
    const refused = [...this.isUnknown ? [this.token] : [], ...this.spent.splice(0).reverse()];
    for (const token of refused) assert.equal((await this.refresh(token)).error, "invalid_grant", "a refresh token worked twice");
    counts.strictlyRefused += refused.length;
    if (refused.length > 0) assert.equal((await this.refresh(this.token)).error, "invalid_grant", "a family outlives the return of a spent token");
    await this.begin();
  }
}

test(`killed ${rounds} times under load: nothing is spent twice, nothing acknowledged is lost`, { timeout: 300_000 }, async (t) => {
  const folder = temporaryFolder();
  const settings = { seed, folder, tenant: { authorization_code_ttl_s: 600, refresh_token_leeway_s: 60 } };
  let tenant = await startTenant(settings);
  issuer = tenant.issuer;
  await manage(tenant, "client", "update", "--id", strict.client_id, "--set", "refresh_token.leeway=0");
  const clients = people.map((user, index) => index < 6 ? new Steady(user, web) : new Strict(user, strict));
  for (const client of clients) await client.begin();
  for (let round = 0; round < rounds; round++) {
    let isOver = false;
    const load = Promise.all(clients.map((client) => client.load(() => isOver)));
    await sleep(60 + Math.random() * 300);
    isOver = true; // before the kill: from here on a missing answer is no surprise
    tenant.program.kill("SIGKILL");
    await Promise.all([load, tenant.program.ended]);
    tenant = await startTenant({ ...settings, port: tenant.port });
    await Promise.all(clients.map((client) => client.check()));
  }
  for (const client of clients) await client.end?.();
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.redeemed > rounds && counts.refreshed > rounds && counts.strictlyRefused > rounds, "there was load");
  assert.equal(await tenant.stop(), 0);
});
