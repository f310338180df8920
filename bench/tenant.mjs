// The tenant in the bench: the same work for it and for npm's oidc-provider (in memory), in one run, on core 0; wrk on core 1.
// Refresh tokens also on both cores, with wrk beside it.
// And the tenant with many users, applications and organizations against the tenant with few.
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Browser } from "../test/integration/support/browser.mjs";
import { cpuUs, listening, memory, sleep, start } from "./peers.mjs";

const audiences = { "https://rs256.example.com/mcp": "RS256", "https://es256.example.com/mcp": "ES256" };
const [rs256, es256] = Object.keys(audiences);
const redirectUri = "https://app.example.com/callback";
const web = { client_id: "bench", client_secret: randomBytes(24).toString("hex") };
const user = { email: "u0@example.com", password: "a long enough password" };
const database = "Username-Password-Authentication";
const connections = 32;
const refreshing = "refresh with rotation, RS256";
const bothCores = "0,1";
const many = { users: 100_000, applications: 1_000, organizations: 10_000 };

export async function tenantBench({ root, folder, ports, options, talk, median }) {
  const build = path.join(root, "build");
  const binary = path.join(build, "doorward");
  const rounds = options.isQuick ? 1 : 3;
  const seconds = options.isQuick ? 2 : 4;

  async function wrk(port, env, cores) {
    const child = spawn("taskset", ["-c", cores, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", path.join(root, "bench/tenant_request.lua"), `http://127.0.0.1:${port}`], { env: { ...process.env, ...env } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => { said += bytes; });
    await new Promise((resolve) => child.on("close", resolve));
    const found = said.match(/RESULT (.*)/);
    if (!found) throw new Error(`wrk: ${said}`);
    return JSON.parse(found[1]);
  }

  async function measure(peer, env, perWork = 1) {
    const before = cpuUs(peer.child.pid);
    const result = await wrk(peer.port, env, peer.wrkCores ?? "1");
    const spent = cpuUs(peer.child.pid) - before;
    if (result.bad) throw new Error(`${peer.name}: ${result.bad} of ${result.requests} requests of ${env.WORK} ${env.TARGET} were refused: ${peer.child.said.slice(-600)}`);
    const done = result.requests / perWork;
    return { cpu: spent / done, rps: done / (result.duration_us / 1e6), p99: result.p99_us };
  }

  // ---- the peers ----
  async function startTenant(name, port, { crowd, cores = 0, wrkCores } = {}) {
    const state = path.join(folder, name);
    rmSync(state, { recursive: true, force: true });
    const config = path.join(folder, `${name}.toml`);
    const seed = path.join(folder, `${name}.json`);
    writeFileSync(seed, JSON.stringify({
      apis: Object.entries(audiences).map(([identifier, signing_alg]) => ({ identifier, name: signing_alg, permissions: ["execute:tools"] })),
      clients: [{ ...web, name: "bench", redirect_uris: [redirectUri], is_first_party: true, grant_types: ["authorization_code", "refresh_token", "client_credentials"], audiences: Object.keys(audiences) }],
      users: [user],
    }));
    writeFileSync(config, `[tenant]\nlisten = "127.0.0.1:${port}"\nissuer = "http://127.0.0.1:${port}/"\nstate_dir = "${state}"\n[gateway]\nlog_level = "error"\n[tenant.seed]\nfile = "${seed}"\n`);
    const run = (...args) => execFileSync(binary, ["tenant", ...args, "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
    const once = await listening(start(0, binary, ["tenant", "--config", config]), port); // makes store and seed
    await once.stop();
    run("api", "update", "--identifier", es256, "--set", "signing_alg=ES256");
    run("client", "update", "--id", web.client_id, "--set", "organization_usage=allow");
    const organization = JSON.parse(run("organization", "create", "--name", "bench", "--connection", database, "--json")).id;
    run("organization", "member", "add", "--organization", organization, "--email", user.email);
    if (crowd) execFileSync(path.join(build, "bench/bench_population"), [path.join(state, "tenant.db"), user.password, String(crowd.users), String(crowd.applications), String(crowd.organizations), web.client_id], { stdio: ["ignore", "ignore", "inherit"] });
    const child = await listening(start(cores, binary, ["tenant", "--config", config]), port);
    await sleep(300);
    return {
      name: "doorward tenant", port, child, wrkCores, crowd, organization, idle: memory(child.pid), issuer: `http://127.0.0.1:${port}/`,
      paths: { authorize: "/authorize", token: "/oauth/token", userinfo: "/userinfo", jwks: "/.well-known/jwks.json" },
      audience: (identifier) => ({ audience: identifier }),
    };
  }

  async function startProvider(port) {
    const facts = { issuer: `http://127.0.0.1:${port}`, web, redirectUri, apis: audiences, user };
    const child = await listening(start(0, process.execPath, [path.join(root, "bench/oidc_provider.mjs"), String(port), JSON.stringify(facts)], { NODE_ENV: "production" }), port);
    return {
      name: "oidc-provider, in memory", port, child, idle: memory(child.pid), issuer: `http://127.0.0.1:${port}/`,
      paths: { authorize: "/auth", token: "/token", userinfo: "/me", jwks: "/jwks" },
      audience: (identifier) => ({ resource: identifier }),
    };
  }

  // ---- a browser that is logged in, and tokens ----
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const authorizeTarget = (peer, scope, identifier, organization) => `${peer.paths.authorize}?${new URLSearchParams({ response_type: "code", client_id: web.client_id, redirect_uri: redirectUri, scope, ...(identifier && peer.audience(identifier)), code_challenge: challenge, code_challenge_method: "S256", ...(scope.includes("offline_access") && { prompt: "consent" }), ...(organization && { organization }) })}`;
  const codeForm = () => `${new URLSearchParams({ grant_type: "authorization_code", ...web, redirect_uri: redirectUri, code_verifier: verifier })}&code=`;

  async function code(peer, scope, identifier = rs256) {
    peer.browser ??= new Browser();
    const url = new URL(authorizeTarget(peer, scope, identifier), peer.issuer);
    let page = await peer.browser.open(url, redirectUri);
    for (let step = 0; !page.redirect && step < 6; step++) page = await peer.browser.submit(page, { username: user.email, login: user.email, email: user.email, password: user.password }, page.html.includes('value="accept"') ? "accept" : "login", redirectUri);
    return page.redirect.searchParams.get("code");
  }
  async function tokens(peer, scope, identifier) {
    const answer = await fetch(new URL(peer.paths.token, peer.issuer), { method: "POST", body: new URLSearchParams({ grant_type: "authorization_code", ...web, redirect_uri: redirectUri, code_verifier: verifier, code: await code(peer, scope, identifier) }) });
    const body = await answer.json();
    if (!body.access_token) throw new Error(`${peer.name}: ${JSON.stringify(body)}`);
    return body;
  }

  const form = (parameters) => ({ WORK: "fixed", METHOD: "POST", FIELDS: "Content-Type: application/x-www-form-urlencoded", BODY: String(new URLSearchParams(parameters)) });
  const clientCredentials = (peer, identifier) => ({ ...form({ grant_type: "client_credentials", ...web, ...peer.audience(identifier), scope: "execute:tools" }), TARGET: peer.paths.token });

  // Every work, as { name, prepare(peer) -> environment of the script, perWork: requests for one }.
  const works = [
    { name: "client_credentials RS256", prepare: (peer) => clientCredentials(peer, rs256) },
    { name: "client_credentials ES256", prepare: (peer) => clientCredentials(peer, es256) },
    { name: refreshing, prepare: async (peer) => {
      const list = [];
      for (let i = 0; i < 2 * connections; i++) list.push((await tokens(peer, "offline_access execute:tools")).refresh_token);
      const file = path.join(folder, `refresh-${peer.port}.txt`);
      peer.refreshed = file;
      writeFileSync(file, `${list.join("\n")}\n`);
      return { WORK: "refresh", TARGET: peer.paths.token, TOKENS: file, FORM: `${new URLSearchParams({ grant_type: "refresh_token", ...web })}&refresh_token=` };
    } },
    { name: "code + PKCE: authorize and exchange, RS256", perWork: 2, prepare: async (peer) => {
      await code(peer, "openid execute:tools");
      const cookies = [...peer.browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      return { WORK: "code", TARGET: authorizeTarget(peer, "openid execute:tools", rs256), TOKEN_TARGET: peer.paths.token, FIELDS: `Cookie: ${cookies}\nAccept: text/html`, FORM: codeForm() };
    } },
    { name: "userinfo", prepare: async (peer) => ({ WORK: "fixed", TARGET: peer.paths.userinfo, FIELDS: `Authorization: Bearer ${(await tokens(peer, "openid profile email", peer.name.startsWith("oidc") ? null : rs256)).access_token}` }) },
    { name: "JWKS", prepare: (peer) => ({ WORK: "fixed", TARGET: peer.paths.jwks }) },
  ];

  async function compare(peers, list) {
    const rows = [];
    for (const { name, prepare, perWork = 1 } of list) {
      const runs = peers.map(() => []);
      for (let round = 0; round < rounds; round++) {
        talk(`tenant, ${name}: round ${round + 1} of ${rounds}`);
        for (const [index, peer] of peers.entries()) {
          const env = await prepare(peer); // afresh: refresh tokens of the last round are used up
          runs[index].push(await measure(peer, env, perWork));
        }
      }
      for (const [index, peer] of peers.entries()) {
        const samples = runs[index];
        rows.push({ work: name, peer: peer.name, cpu: Math.min(...samples.map((sample) => sample.cpu)), rps: median(samples.map((sample) => sample.rps)), p99: median(samples.map((sample) => sample.p99)), rss: memory(peer.child.pid).rss });
      }
    }
    return rows;
  }

  // ---- a crowd ----
  const quantile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];
  async function times(count, work) {
    const spent = [];
    for (let i = 0; i < count; i++) {
      const began = process.hrtime.bigint();
      await work(i);
      spent.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
    return { p50: quantile(spent, 0.5), p99: quantile(spent, 0.99) };
  }
  // One after the other, so that the time is the answer's own and no queue's.
  async function crowdTimes(peer) {
    const { users, organizations } = peer.crowd ?? { users: 1 };
    const count = options.isQuick ? 50 : 300;
    const post = async (parameters) => (await fetch(new URL(peer.paths.token, peer.issuer), { method: "POST", body: new URLSearchParams({ ...web, ...parameters }) })).json();
    let token = (await tokens(peer, "offline_access execute:tools")).refresh_token;
    const enter = async (number, organization) => {
      const url = new URL(authorizeTarget(peer, "openid execute:tools", rs256, organization), peer.issuer);
      const answer = (await new Browser().authorize(url, redirectUri, { ...user, email: `u${number}@example.com` })).searchParams;
      if (!answer.get("code")) throw new Error(`a login was refused: ${answer}`);
    };
    const anybody = (i) => (i * 7919) % users;
    const login = (i) => enter(anybody(i));
    const member = (i) => { // as bench/population.c spreads them; there user 0 is in none
      const number = anybody(i + 1);
      return organizations ? enter(number, `org_${(number % organizations).toString(16).padStart(16, "0")}`) : enter(number, peer.organization);
    };
    await times(10, login);
    return {
      login: await times(Math.min(count, 100), login),
      member: await times(Math.min(count, 100), member),
      token: await times(count, () => post({ grant_type: "client_credentials", audience: rs256 })),
      refresh: await times(count, async () => { token = (await post({ grant_type: "refresh_token", refresh_token: token })).refresh_token; }),
      idle: peer.idle.rss, rss: memory(peer.child.pid).rss,
    };
  }

  const report = {};
  const ours = await startTenant("bench-tenant", ports.tenant);
  const peer = await startProvider(ports.provider);
  report.rows = await compare([ours, peer], works);
  report.idle = { ours: ours.idle.rss, peer: peer.idle.rss };
  await peer.child.stop();
  report.few = await crowdTimes(ours);
  await ours.child.stop();
  const wide = await startTenant("bench-tenant-both", ports.tenant, { cores: bothCores, wrkCores: bothCores });
  wide.name = "doorward tenant, both cores, wrk beside it";
  report.rows.push(...await compare([wide], works.filter(({ name }) => name === refreshing)));
  await wide.child.stop();
  talk("tenant: with 10,000 users");
  const town = await startTenant("bench-tenant-10000", ports.tenant, { crowd: { users: 10_000, applications: 100, organizations: 100 } });
  report.idle.town = town.idle;
  await town.child.stop();
  talk(`tenant: with ${many.users} users`);
  const city = await startTenant("bench-tenant-many", ports.tenant, { crowd: many });
  report.many = await crowdTimes(city);
  await city.child.stop();
  return report;
}

const row = (report, work, name) => report.rows.find((candidate) => candidate.work === work && candidate.peer.startsWith(name));

export function tenantBudgets(report, opensslSign, add, { fixed, mb }) {
  const credentials = row(report, "client_credentials RS256", "doorward");
  if (opensslSign) {
    const ratio = 1e6 / credentials.cpu / opensslSign;
    add("tenant, client_credentials RS256 a core, against openssl speed rsa2048 sign", ">= 0.85 x", `${fixed(ratio)} x (${fixed(1e6 / credentials.cpu, 0)}/s a core)`, ratio >= 0.85);
  }
  const refresh = row(report, refreshing, "doorward tenant, both cores");
  add("tenant, refresh with rotation, on the disk when answered, both cores with wrk beside it", ">= 3000/s", `${fixed(refresh.rps, 0)}/s (${fixed(row(report, refreshing, "doorward").rps, 0)}/s on one core)`, refresh.rps >= 3000);
  const ratio = row(report, "client_credentials ES256", "oidc").cpu / row(report, "client_credentials ES256", "doorward").cpu;
  add("tenant, client_credentials ES256 a CPU second, against oidc-provider", ">= 5 x", `${fixed(ratio, 1)} x`, ratio >= 5);
  add("memory of an idle tenant with 10,000 users (resident)", "<= 30 MB", `${mb(report.idle.town.rss)} (${mb(report.idle.town.anonymous)} its own)`, report.idle.town.rss <= 30 * 1048576);
}

export function tenantTables(report, { table, fixed, mb }) {
  const peers = report.rows.map(({ work, peer, cpu, rps, p99, rss }) => [work, peer, fixed(cpu, 1), fixed(1e6 / cpu, 0), fixed(rps, 0), fixed(p99 / 1000, 2), mb(rss)]);
  const crowd = [["few", report.few], [`${many.users.toLocaleString("en")} users, ${many.applications.toLocaleString("en")} applications, ${many.organizations.toLocaleString("en")} organizations`, report.many]];
  return [
    "## Tenant, and oidc-provider beside it",
    `Each runs alone on core 0, wrk with ${connections} connections on core 1. Both do the same work with RSA keys of 2,048 bits; oidc-provider keeps all of it in
memory, while the tenant has codes, refresh tokens and the audit log of every token on the disk. "code + PKCE" is a browser that is logged in: the
authorization request and the exchange of its code, with an ID token. "both cores": the same tenant and wrk share the two.`,
    table(["work", "who", "CPU us each", "each CPU second", "each second", "p99 ms", "memory"], peers),
    "## Tenant with few and with many",
    "One request after the other, so that the time is the answer's own. A login is the whole of it: the authorization request, the page, the password (argon2id, 19 MiB) and the redirect with the code; one to an organization names one of them in the request, and is of a member. `make bench ARGS=--only=tenant` measures this alone.",
    table(["store", "login ms, p50 / p99", "login to an organization ms", "client_credentials ms", "refresh ms", "memory idle", "memory then"],
      crowd.map(([name, { login, member, token, refresh, idle, rss }]) => [name, ...[login, member, token, refresh].map(({ p50, p99 }) => `${fixed(p50, 1)} / ${fixed(p99, 1)}`), mb(idle), mb(rss)])),
  ];
}
