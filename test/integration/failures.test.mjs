// Things that go wrong: each ends with one clear sentence, and nothing that was acknowledged is lost.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { doorward, fixture, node, startDev, startEverything, startFixture, startGateway, startTenant, toml, users } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { modernVersion, Peer, textOf } from "./support/mcp.mjs";
import { binary, freePort, serve, sleep, start, temporaryFolder, until, writeFile } from "./support/process.mjs";

const isRoot = process.getuid() === 0;

// Runs a command that must refuse to start: status 1, nothing on stdout, and one sentence.
async function refusal(args, expected, options = {}) {
  const ended = await doorward(args, { limitMs: 15_000, ...options });
  assert.equal(ended.status, options.status ?? 1, `status ${ended.status}: ${ended.talk}`);
  assert.equal(ended.stdout, "");
  const sentences = ended.stderr.trim().split("\n").filter((line) => !line.startsWith("{"));
  assert.equal(sentences.length, 1, `one sentence, not ${sentences.length}: ${ended.stderr}`);
  assert.match(sentences[0], expected);
  return sentences[0];
}

async function gatewayConfig(change = {}) {
  const folder = temporaryFolder();
  const port = await freePort();
  const tables = {
    auth: { enabled: true, provider: "oidc", issuer: "http://127.0.0.1:9/", audience: `http://127.0.0.1:${port}/mcp`, ...change.auth },
    gateway: { listen: `127.0.0.1:${port}`, upstream: "http://127.0.0.1:9/mcp", ...change.gateway },
  };
  return { folder, port, config: writeFile(folder, "doorward.toml", change.text ?? toml(tables)) };
}

describe("starting", () => {
  test("an unknown key names its line and the nearest key", async () => {
    const { config } = await gatewayConfig({ text: '[gateway]\nlisten = "127.0.0.1:0"\nupstrem = "http://127.0.0.1:9/mcp"\n' });
    const said = await refusal(["gateway", "--config", config], /upstrem/);
    assert.match(said, /\b3\b/);
    assert.match(said, /upstream/);
  });
  test("a value of the wrong kind names its line", async () => {
    const { config } = await gatewayConfig({ text: '[gateway]\nlisten = 8420\nupstream = "http://127.0.0.1:9/mcp"\n' });
    assert.match(await refusal(["gateway", "--config", config], /listen/), /\b2\b/);
  });
  test("TOML that is broken names its line", async () => {
    const { config } = await gatewayConfig({ text: "[gateway]\nlisten = \n" });
    await refusal(["gateway", "--config", config], /\b2\b/);
  });
  test("a configuration that is not there is named", async () => {
    await refusal(["gateway", "--config", "/nonexistent/doorward.toml"], /\/nonexistent\/doorward\.toml/);
  });
  test("a port in use is named", async () => {
    const squatter = createServer();
    await new Promise((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address();
    const { config } = await gatewayConfig({ gateway: { listen: `127.0.0.1:${port}` }, auth: { audience: `http://127.0.0.1:${port}/mcp` } });
    await refusal(["gateway", "--config", config], new RegExp(`${port}.*in use`));
    squatter.close();
  });
  test("an upstream command that is not there is named", async () => {
    const { config } = await gatewayConfig({ gateway: { upstream: undefined, command: ["no-such-mcp-server", "stdio"] } });
    await refusal(["gateway", "--config", config], /no-such-mcp-server.*not found/);
  });
  test("no upstream at all is said", async () => {
    const { config } = await gatewayConfig({ gateway: { upstream: undefined } });
    await refusal(["gateway", "--config", config], /upstream/);
  });
  test("an issuer that is no URL is said", async () => {
    const { config } = await gatewayConfig({ auth: { issuer: "not a url" } });
    await refusal(["gateway", "--config", config], /issuer/);
  });
  test("an unknown provider lists the known ones", async () => {
    const { config } = await gatewayConfig({ auth: { provider: "auth1" } });
    assert.match(await refusal(["gateway", "--config", config], /auth1/), /auth0/);
  });
  test("a state directory that is a file is said", async () => {
    const folder = temporaryFolder();
    const state = writeFile(folder, "state", "I am a file");
    const config = writeFile(folder, "doorward.toml", toml({ tenant: { listen: "127.0.0.1:0", issuer: "http://127.0.0.1:1/", state_dir: state } }));
    await refusal(["tenant", "--config", config], new RegExp(state));
  });
  test("an unreadable state directory is said", { skip: isRoot && "root reads everything" }, async () => {
    const folder = temporaryFolder();
    const state = path.join(folder, "state");
    mkdirSync(state, { mode: 0 });
    const config = writeFile(folder, "doorward.toml", toml({ tenant: { listen: "127.0.0.1:0", issuer: "http://127.0.0.1:1/", state_dir: state } }));
    await refusal(["tenant", "--config", config], new RegExp(state));
    chmodSync(state, 0o700);
  });
  for (const [words, sentence] of [
    [["gatway"], 'doorward: there is no verb gatway; did you mean gateway?'],
    [["help", "tenent"], 'doorward: there is no verb tenent; did you mean tenant?'],
    [["dev", "--hlp"], 'doorward dev: there is no option --hlp; did you mean --help?'],
    [["gateway", "-x"], 'doorward gateway: there is no option -x; "doorward gateway --help" lists the options'],
    [["gateway", "--log-level", "loud"], "doorward gateway: --log-level must be one of debug, info, warn, error"],
    [["tenant", "--log-level", "loud"], "doorward tenant: --log-level must be one of debug, info, warn, error"],
    [["tenant", "uses", "list"], 'doorward tenant: there is no "uses"; did you mean "user"?'],
    [["tenant", "run", "fast"], 'doorward tenant: "fast" is too much'],
    [["version", "now"], 'doorward version: "now" is too much'],
  ]) {
    test(`doorward ${words.join(" ")}: usage, and what was meant`, async () => {
      const ended = await doorward(words, { limitMs: 15_000, cwd: temporaryFolder() });
      assert.deepEqual([ended.status, ended.stdout, ended.stderr], [2, "", `${sentence}\n`]);
    });
  }
  test("without a configuration the sentence says where one is looked for", () =>
    refusal(["gateway", "--upstream", "http://127.0.0.1:9/mcp"], /^doorward gateway: no issuer is named: there is no doorward\.toml here; name a file with --config, or set OIDC_ISSUER or AUTH0_DOMAIN$/, { cwd: temporaryFolder() }));
  test("help of a verb, and of one noun of the tenant", async () => {
    const asked = await doorward(["help", "token"]);
    assert.equal(asked.status, 0);
    assert.equal(asked.stdout, (await doorward(["token", "--help"])).stdout);
    const nouns = (await doorward(["tenant", "role", "--help"])).stdout.split("\n").map((line) => /^ {2}([a-z-]+) [a-z]/.exec(line)?.[1]).filter(Boolean);
    assert.deepEqual([...new Set(nouns)], ["role"]);
  });
  test("a verb that does not exist is usage: status 2", async () => {
    await refusal(["gatway"], /gatway/, { status: 2 });
  });
});

describe("running", () => {
  test("a wrong issuer in the discovery document refuses every token and says so", async () => {
    const issuer = await new Issuer().start();
    const upstream = await startFixture();
    issuer.discovery.issuer = "http://127.0.0.1:1/";
    const gateway = await startGateway({ upstream: upstream.url, issuer });
    const answer = await new Peer(gateway.url, modernVersion, issuer.token({ scope: "execute:tools" })).call("echo", { text: "x" });
    assert.ok([401, 503].includes(answer.status), `${answer.status} ${answer.text}`);
    await until(() => /issuer/.test(gateway.program.talk), "a log line about the issuer");
    await gateway.stop(); await upstream.stop(); await issuer.stop();
  });
  test("an HTTP upstream that dies is 502 or 503, and works again when it is back", async () => {
    const issuer = await new Issuer().start();
    const upstream = await startFixture();
    const gateway = await startGateway({ upstream: upstream.url, issuer });
    const peer = new Peer(gateway.url, modernVersion, issuer.token({ scope: "execute:tools" }));
    assert.equal((await peer.call("echo", { text: "before" })).status, 200);
    const pending = peer.call("slow", { ms: 5_000, text: "never" }).catch((error) => error);
    await sleep(300);
    upstream.program.kill("SIGKILL");
    await upstream.program.ended;
    const cut = await pending;
    assert.ok(cut instanceof Error || cut.status >= 500 || cut.message?.error, "the pending call ends");
    const answer = await peer.call("echo", { text: "x" });
    assert.ok([502, 503].includes(answer.status), `${answer.status} ${answer.text}`);
    assert.ok(answer.text.length > 10 && !/\/(work|home|root)\//.test(answer.text), answer.text);
    await gateway.stop(); await issuer.stop();
  });
  test("a stdio upstream that crashes answers who waits, and starts again", async () => {
    const issuer = await new Issuer().start();
    const gateway = await startGateway({ upstream: [node, fixture, "stdio"], issuer, rows: [] });
    const peer = new Peer(gateway.url, modernVersion, issuer.token({ scope: "execute:tools" }));
    assert.equal(textOf(await peer.call("echo", { text: "before" })), "before");
    const [slow, crash] = await Promise.all([peer.call("slow", { ms: 10_000, text: "x" }), sleep(200).then(() => peer.call("crash"))]);
    for (const answer of [slow, crash]) assert.ok(answer.status >= 500 || answer.message?.error, answer.text);
    assert.equal(textOf(await peer.call("echo", { text: "after" })), "after", "what has worked is started again at once");
    await gateway.stop(); await issuer.stop();
  });
  test("a legacy stdio session whose server crashed is gone, and a new one works", async () => {
    const issuer = await new Issuer().start();
    const gateway = await startGateway({ upstream: [node, fixture, "stdio"], issuer, rows: [] });
    const token = issuer.token({ scope: "execute:tools" });
    const peer = new Peer(gateway.url, "2025-11-25", token);
    await peer.open();
    await peer.call("crash");
    const dead = await peer.call("echo", { text: "x" });
    assert.ok(dead.status === 404 || dead.status >= 500 || dead.message?.error, `${dead.status} ${dead.text}`);
    await until(async () => {
      const next = new Peer(gateway.url, "2025-11-25", token);
      await next.open();
      return textOf(await next.call("echo", { text: "new" })) === "new";
    }, "a new session");
    await gateway.stop(); await issuer.stop();
  });
  test("SIGTERM lets a request finish and then ends with status 0", async () => {
    const issuer = await new Issuer().start();
    const upstream = await startFixture();
    const gateway = await startGateway({ upstream: upstream.url, issuer });
    const peer = new Peer(gateway.url, modernVersion, issuer.token({ scope: "execute:tools" }));
    const pending = peer.call("slow", { ms: 1_000, text: "finished" });
    await sleep(300);
    const stopped = gateway.program.stop();
    assert.equal(textOf(await pending), "finished");
    assert.equal(await stopped, 0, gateway.program.talk.slice(-2000));
    await upstream.stop(); await issuer.stop();
  });
  test("a soft limit on open files is raised to the hard one", async () => {
    const issuer = await new Issuer().start();
    const folder = temporaryFolder();
    const config = writeFile(folder, "doorward.toml", toml({ auth: { issuer: issuer.url }, gateway: { listen: "127.0.0.1:0", public_url: "http://127.0.0.1:9/mcp", upstream: "http://127.0.0.1:9/mcp" } }));
    const program = start("sh", ["-c", `ulimit -Sn 64; exec ${binary} gateway --config ${config}`]);
    await until(() => program.talk.includes("doorward gateway:"), "the gateway");
    const line = (readFileSync(`/proc/${program.child.pid}/limits`, "utf8")).split("\n").find((text) => text.startsWith("Max open files"));
    const [soft, hard] = line.match(/\d+/g);
    assert.equal(soft, hard);
    await program.stop(); await issuer.stop();
  });
  test("a limit of open files that leaves none for connections is said at the start", async () => {
    const folder = temporaryFolder();
    const program = start("sh", ["-c", `ulimit -n 24; exec ${binary} tenant --state-dir ${path.join(folder, "state")} --listen 127.0.0.1:0`]);
    await until(() => program.status !== undefined, "its end");
    assert.equal(program.status, 1);
    assert.match(program.stderr, /only 24 files may be open here, and 64 are needed at least: raise the limit \(ulimit -n\)/);
  });
  test("logins whose client has left before their turn are not tried", async () => {
    const tenant = await startTenant({ seed: { clients: [{ client_id: "cli", token_endpoint_auth_method: "none", grant_types: ["password"], redirect_uris: ["http://127.0.0.1/"] }] }, tenant: { allow_password_grant: true } });
    const left = Array.from({ length: 90 }, (_, i) => fetch(`${tenant.issuer}oauth/token`, {
      method: "POST", signal: AbortSignal.timeout(400), body: new URLSearchParams({ grant_type: "password", client_id: "cli", username: `nobody${i}@example.com`, password: "a guess" }),
    }).then((answer) => answer.status, () => "left"));
    const answered = (await Promise.all(left)).filter((status) => status !== "left").length;
    await sleep(500);
    assert.equal(await tenant.stop(), 0);
    const log = await doorward(["tenant", "logs", "--config", tenant.config, "--take", "200"]);
    const tried = log.stdout.match(/nobody\d+@/g)?.length ?? 0;
    assert.equal(log.status, 0, log.stderr);
    assert.ok(tried >= answered && tried < answered + 20, `${tried} were tried, ${answered} answered`);
  });
  test("SIGTERM does not wait for who only listens", async () => {
    const issuer = await new Issuer().start();
    const upstream = await startEverything();
    const gateway = await startGateway({ upstream: upstream.url, issuer, rows: [] });
    const peer = new Peer(gateway.url, "2025-11-25", issuer.token());
    await peer.open();
    const stream = await fetch(gateway.url, { headers: { ...peer.headers(""), accept: "text/event-stream" } });
    assert.equal(stream.status, 200);
    const began = Date.now();
    gateway.program.kill("SIGTERM");
    await gateway.program.ended;
    assert.equal(gateway.program.status, 0);
    assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
    await stream.text(); // ends, and is not cut
    await upstream.stop(); await issuer.stop();
  });
  test("an issuer that never answers does not hold up the end", async () => {
    const mute = createServer(() => {});
    await new Promise((resolve) => mute.listen(0, "127.0.0.1", resolve));
    mute.unref();
    const gateway = await startGateway({ upstream: "http://127.0.0.1:9/mcp", issuer: { url: `http://127.0.0.1:${mute.address().port}/` } });
    const began = Date.now();
    assert.equal(await gateway.stop(), 0);
    assert.ok(Date.now() - began < 7_000, `${Date.now() - began} ms`);
  });
  test("a body over the limit is 413, a head over the limit 431", async () => {
    const issuer = await new Issuer().start();
    const upstream = await startFixture();
    const gateway = await startGateway({ upstream: upstream.url, issuer, gateway: { max_body_bytes: 65_536 } });
    const peer = new Peer(gateway.url, modernVersion, issuer.token({ scope: "execute:tools" }));
    assert.equal((await peer.call("echo", { text: "x".repeat(70_000) })).status, 413);
    assert.equal((await peer.call("echo", { text: "x" }, { "x-large": "y".repeat(200_000) })).status, 431);
    assert.equal((await peer.call("echo", { text: "ok" })).status, 200);
    await gateway.stop(); await upstream.stop(); await issuer.stop();
  });
});

// MCP 2025-11-25: a disconnect is no cancellation. But who leaves many large requests behind fills nobody's memory.
describe("legacy clients that leave", () => {
  test("requests go on without their client up to 64 MiB a loop; more are cancelled", async () => {
    const issuer = await new Issuer().start();
    const bytes = 3_900_000, fit = Math.floor((64 << 20) / bytes), count = fit * availableParallelism() + 8;
    const seen = { arrived: 0, open: 0 };
    const upstream = http.createServer((request) => {
      let received = 0;
      request.on("data", (chunk) => { received += chunk.length; });
      request.on("end", () => { seen.arrived++; seen.open++; request.socket.on("close", () => { seen.open--; }); }); // and no answer
    });
    await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const gateway = await startGateway({ upstream: `http://127.0.0.1:${upstream.address().port}/mcp`, issuer });
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow", arguments: { text: "x".repeat(bytes) } } });
    const token = issuer.token({ scope: "execute:tools" });
    const leave = new AbortController();
    const left = [];
    for (let sent = 0; sent < count; sent++) {
      left.push(fetch(gateway.url, { method: "POST", body, signal: leave.signal, headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18" } }).catch(() => {}));
      await until(() => seen.arrived > sent, "the upstream to have it");
    }
    assert.equal(seen.open, count);
    leave.abort();
    await Promise.all(left);
    await until(() => seen.open < count, "the first cancellation");
    await sleep(300);
    assert.ok(seen.open <= fit * availableParallelism(), `${seen.open} requests are kept`);
    assert.ok(seen.open >= fit, `${seen.open} requests go on`);
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
    await issuer.stop();
  });
});

describe("the tenant", () => {
  const grant = (dev, parameters) => fetch(`${dev.issuer}oauth/token`, { method: "POST", body: new URLSearchParams(parameters) });

  // Whether the tenant still knows an application that redirects to http://127.0.0.1:1/cb.
  const knows = async (issuer, id) => {
    const answer = await fetch(`${issuer}authorize?${new URLSearchParams({ response_type: "code", client_id: id, redirect_uri: "http://127.0.0.1:1/cb", code_challenge: "a".repeat(43), code_challenge_method: "S256", state: "s" })}`, { redirect: "manual" });
    return !(await answer.text()).includes(`Unknown client: ${id}`); // what else is wrong comes after
  };

  test("kill -9 under load loses no acknowledged registration", async () => {
    const dev = await startDev({ upstream: [node, fixture, "stdio"] });
    const acknowledged = [];
    let isOver = false;
    const register = async (index) => {
      for (let turn = 0; !isOver && turn < 8; turn++) {
        const answer = await fetch(`${dev.issuer}oidc/register`, {
          method: "POST", headers: { "content-type": "application/json" },
          body: JSON.stringify({ client_name: `claude ${index}.${turn}`, redirect_uris: ["http://127.0.0.1:1/cb"], token_endpoint_auth_method: "none", application_type: "native" }),
        }).catch(() => undefined);
        if (answer?.status === 201) acknowledged.push((await answer.json().catch(() => ({}))).client_id);
        else if (answer) await answer.arrayBuffer();
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, (_, index) => register(index)));
    await until(() => acknowledged.length >= 10, "registrations");
    dev.program.kill("SIGKILL");
    isOver = true;
    await load;
    await dev.program.ended;
    const again = await startDev({ upstream: [node, fixture, "stdio"], args: [], folder: dev.folder });
    for (const id of acknowledged.filter(Boolean)) assert.equal(await knows(again.issuer, id), true, `${id} is unknown after the restart`);
    await again.stop();
  });
  test("a full disk refuses clearly, keeps what was acknowledged, and reading goes on", async () => {
    const folder = temporaryFolder();
    const configure = async () => {
      const port = await freePort();
      const issuer = `http://127.0.0.1:${port}/`;
      const config = writeFile(folder, "tenant.toml", toml({ tenant: { listen: `127.0.0.1:${port}`, issuer, state_dir: path.join(folder, "state"), registrations_per_hour: 100_000 }, "auth.dcr": { enabled: true } }));
      return { issuer, config, health: `${issuer}healthz` };
    };
    // No file may grow past 3 MiB: to SQLite the same as a disk without room.
    const small = await configure();
    const tenant = await serve("bash", ["-c", `trap '' XFSZ; ulimit -f 3072; exec "$0" tenant --config "$1"`, binary, small.config], small.health);
    const acknowledged = [];
    let refused;
    for (let index = 0; index < 5_000 && !refused; index += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, turn) => fetch(`${small.issuer}oidc/register`, {
        method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ client_name: `claude ${index + turn} ${"x".repeat(100)}`, redirect_uris: ["http://127.0.0.1:1/cb", `http://127.0.0.1:2/${"y".repeat(1_500)}`], token_endpoint_auth_method: "none", application_type: "native" }),
      }).then(async (answer) => ({ status: answer.status, body: await answer.json() }))));
      acknowledged.push(...answers.filter((answer) => answer.status === 201).map((answer) => answer.body.client_id));
      refused = answers.find((answer) => answer.status !== 201);
    }
    assert.equal(refused?.status, 503, JSON.stringify(refused));
    assert.ok(refused.body.error_description?.length > 5 && !refused.body.error_description.includes(folder), JSON.stringify(refused));
    assert.ok(acknowledged.length > 10);
    assert.equal((await fetch(`${small.issuer}.well-known/jwks.json`)).status, 200);
    assert.equal(await knows(small.issuer, acknowledged[0]), true, "reading goes on");
    await tenant.stop();
    const roomy = await configure();
    const again = await serve(binary, ["tenant", "--config", roomy.config], roomy.health);
    for (const id of acknowledged) assert.equal(await knows(roomy.issuer, id), true, `${id} is lost`);
    await again.stop();
  });
  test("tokens outlive a restart: same keys, same users", async () => {
    const dev = await startDev({ upstream: [node, fixture, "stdio"] });
    const jwks = await (await fetch(`${dev.issuer}.well-known/jwks.json`)).json();
    await dev.stop();
    const again = await startDev({ upstream: [node, fixture, "stdio"], folder: dev.folder });
    assert.deepEqual((await (await fetch(`${again.issuer}.well-known/jwks.json`)).json()).keys[0].kid, jwks.keys[0].kid);
    await again.stop();
  });
  test("bad grants are clear errors, never a stack or a path", async () => {
    const dev = await startDev({ upstream: [node, fixture, "stdio"] });
    for (const [parameters, error] of [
      [{ client_id: "doorward-dev" }, "invalid_request"], [{ grant_type: "nonsense", client_id: "doorward-dev" }, "unsupported_grant_type"],
      [{ grant_type: "authorization_code", client_id: "doorward-dev", code: "no", code_verifier: "a".repeat(43), redirect_uri: "http://127.0.0.1/cb" }, "invalid_grant"],
      [{ grant_type: "password", client_id: "doorward-dev", username: users.user.email, password: "wrong", audience: dev.url }, "invalid_grant"],
      [{ grant_type: "refresh_token", client_id: "doorward-dev", refresh_token: "no" }, "invalid_grant"],
    ]) {
      const answer = await grant(dev, parameters);
      const body = await answer.json();
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      assert.equal(body.error, error, JSON.stringify([parameters, body]));
      assert.ok(body.error_description);
      assert.match(answer.headers.get("cache-control") ?? "", /no-store/);
    }
    await dev.stop();
  });
});
