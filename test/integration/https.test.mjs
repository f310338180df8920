// --https: what curl, Node and openssl say of the development authority's certificates; and certificate files under SIGHUP.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { doorward, node, fixture, toml, users } from "./support/doorward.mjs";
import { runClient, startHttpsTenant } from "./support/https.mjs";
import { binary, freePort, run, start, temporaryFolder, until, writeFile } from "./support/process.mjs";

const openssl = (...args) => execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

// What a client gets that asks for `name`.
async function certificateFor(port, name) {
  const socket = connect({ port, host: "127.0.0.1", servername: name, rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate;
}

describe("tenant --https", () => {
  let tenant;
  before(async () => { tenant = await startHttpsTenant({ host: "127.0.0.1" }); });
  after(() => tenant?.stop());

  test("the first start makes an authority for this machine's names, with a key for nobody else", () => {
    assert.equal(statSync(path.join(tenant.state, "ca.key")).mode & 0o777, 0o600);
    assert.ok(!readFileSync(tenant.ca, "utf8").includes("PRIVATE KEY"));
    const text = openssl("x509", "-in", tenant.ca, "-noout", "-text");
    for (const expected of ["CA:TRUE, pathlen:0", "Name Constraints: critical", "DNS:localhost", "NIST CURVE: P-256"]) assert.ok(text.includes(expected), expected);
    assert.ok(!text.includes("Excluded"));
  });
  test("what it prints makes curl, Node, Python and OpenSSL trust it", async () => {
    const line = tenant.program.stderr.match(/^ +curl +(curl .*)$/m)[1];
    const ended = await run("sh", ["-c", line]);
    assert.equal(JSON.parse(ended.stdout).issuer, tenant.issuer, ended.talk);
    const [, ca] = tenant.program.stderr.match(/NODE_EXTRA_CA_CERTS=(\S+)/);
    const urls = ["127.0.0.1", "localhost"].map((host) => `https://${host}:${tenant.port}/healthz`);
    assert.equal(await runClient("https_fetch", ca, { urls }), urls.map((url) => `200 ${url}\n`).join(""));
    assert.match(tenant.program.stderr, new RegExp(`SSL_CERT_FILE=${ca}`));
    const python = await run("python3", ["-c", `import urllib.request; print(urllib.request.urlopen("${urls[0]}").status)`], { env: { SSL_CERT_FILE: ca } });
    assert.equal(python.stdout, "200\n", python.talk);
  });
  test("every name of this machine gets a certificate that openssl verifies", async () => {
    for (const name of ["localhost", "tenant.localtest", "a.b.test", "App.LocalHost"]) {
      const ended = await run("sh", ["-c", `openssl s_client -connect 127.0.0.1:${tenant.port} -servername ${name} -verify_hostname ${name} -verify_return_error -CAfile ${tenant.ca} -brief </dev/null`]);
      assert.equal(ended.status, 0, `${name}: ${ended.talk}`);
      assert.match(ended.talk, /Verification: OK/);
    }
    assert.ok((await certificateFor(tenant.port, undefined)).checkIP("::1"));
  });
  test("other names get the certificate that is not for them", async () => {
    for (const name of ["example.com", "x".repeat(240), "localhost.evil.example"]) {
      const certificate = await certificateFor(tenant.port, name);
      assert.equal(certificate.checkHost(name), undefined, name);
      assert.ok(certificate.checkHost("localhost"));
    }
  });
  test("a certificate lives for weeks, and is for servers only", async () => {
    const certificate = await certificateFor(tenant.port, "localhost");
    const days = (new Date(certificate.validTo) - Date.now()) / 86_400_000;
    assert.ok(days > 25 && days < 31, String(days));
    assert.equal(certificate.ca, false);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  });
  test("asking for many names neither fails nor forgets the first", async () => {
    for (let i = 0; i < 150; i++) assert.ok((await certificateFor(tenant.port, `n${i}.test`)).checkHost(`n${i}.test`));
    assert.ok((await certificateFor(tenant.port, "n0.test")).checkHost("n0.test"));
  });
  test("a client that does not trust the authority gets nothing", async () => {
    await assert.rejects(fetch(`https://localhost:${tenant.port}/healthz`), (error) => /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(error.cause.code));
  });
  test("the next start has the same authority, also when ca.crt was lost", async () => {
    const before = readFileSync(tenant.ca, "utf8");
    await tenant.stop();
    rmSync(tenant.ca);
    tenant = await startHttpsTenant({ host: "127.0.0.1", folder: tenant.folder });
    assert.equal(readFileSync(tenant.ca, "utf8"), before);
  });
  test("without an issuer it is where it listens", async () => {
    const port = await freePort();
    const program = start(binary, ["tenant", "--https", "--listen", `127.0.0.1:${port}`, "--state-dir", path.join(temporaryFolder(), "state")], { cwd: temporaryFolder() });
    await until(() => program.stderr.includes(`doorward tenant: https://127.0.0.1:${port}/`), "the issuer");
    await program.stop();
  });
  test("what cannot be is refused in a sentence that says what to do", async () => {
    const folder = temporaryFolder();
    const config = (name, settings) => writeFile(folder, name, toml({ tenant: { state_dir: path.join(folder, "state"), listen: "127.0.0.1:1", ...settings } }));
    const cases = [
      [["--config", config("a.toml", { issuer: "http://localhost:1/" })], /must be https/],
      [["--config", config("b.toml", { issuer: "https://localhost/", tls_certificate: "x", tls_key: "y" })], /keep one/],
    ];
    for (const [args, expected] of cases) {
      const ended = await doorward(["tenant", "--https", ...args]);
      assert.equal(ended.status, 1);
      assert.match(ended.stderr, expected);
    }
  });
  test("an authority that was made for another host says so; so does one that others can read", async () => {
    const own = await startHttpsTenant({ host: "login.example.com" });
    await own.stop();
    assert.match(openssl("x509", "-in", own.ca, "-noout", "-text"), /DNS:login\.example\.com/);
    const other = writeFile(own.folder, "other.toml", toml({ tenant: { state_dir: own.state, listen: "127.0.0.1:1", issuer: "https://login.example.org/" } }));
    const ended = await doorward(["tenant", "--https", "--config", other]);
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /another host name.*remove it/);
    execFileSync("chmod", ["644", path.join(own.state, "ca.key")]);
    assert.match((await doorward(["tenant", "--https", "--config", own.config])).stderr, /chmod 600/);
  });
});

test("dev --https: gateway and tenant, and the lines it prints work", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const [gateway, tenant] = [await freePort(), await freePort()];
  const people = Object.values(users).flatMap(({ email, password, role }) => ["--user", `${email}:${password}:${role}`]);
  const dev = start(binary, ["dev", "--https", "--listen", `127.0.0.1:${gateway}`, "--tenant-listen", `127.0.0.1:${tenant}`, "--state-dir", path.join(folder, "state"), ...people, "--", node, fixture, "stdio"], { cwd: folder });
  const [url, issuer, ca] = [`https://127.0.0.1:${gateway}/mcp`, `https://127.0.0.1:${tenant}/`, path.join(folder, "state/ca.crt")];
  await until(() => dev.stdout.includes("With curl") && dev.stdout.includes("\n\n", dev.stdout.indexOf("With curl")), "the facts");
  assert.ok(dev.stdout.includes(url) && dev.stdout.includes(issuer), dev.talk);

  const line = dev.stdout.match(/With curl\n([\s\S]*?)\n\n/)[1].replace(/\\\n/g, " ");
  const printed = await run("bash", ["-c", line]);
  assert.match(printed.stdout, /"serverInfo"/, printed.talk);

  const trusting = { env: { SSL_CERT_FILE: ca }, input: `${users.user.password}\n` };
  const token = await doorward(["token", "--issuer", issuer, "--audience", url, "--client-id", "doorward-dev", "--user", users.user.email, "--password-stdin"], trusting);
  assert.equal(token.status, 0, token.stderr);
  assert.equal(JSON.parse(Buffer.from(token.stdout.split(".")[1], "base64url")).iss, issuer);
  const urls = [`${new URL(url).origin}/.well-known/oauth-protected-resource/mcp`, `${issuer}.well-known/jwks.json`];
  assert.match(await runClient("https_fetch", ca, { urls }), /^200 .*\n200 /);
  assert.equal(await dev.stop(), 0, dev.talk.slice(-2000));
});

describe("certificate files", () => {
  const folder = temporaryFolder();
  const files = { tls_certificate: path.join(folder, "tls.crt"), tls_key: path.join(folder, "tls.key") };
  const pair = (name) => execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost", "-keyout", files.tls_key, "-out", files.tls_certificate], { stdio: "ignore" });
  let program, port;
  const get = (agent) => new Promise((resolve, reject) => {
    https.get({ port, host: "127.0.0.1", path: "/healthz", agent: agent ?? new https.Agent({ maxCachedSessions: 0 }), rejectUnauthorized: false, headers: { host: `localhost:${port}` } }, (answer) => {
      const found = { status: answer.statusCode, subject: answer.socket.getPeerCertificate().subject.CN, socket: answer.socket };
      answer.resume().on("end", () => resolve(found));
    }).on("error", reject);
  });

  before(async () => {
    pair("first");
    port = await freePort();
    const config = writeFile(folder, "tenant.toml", toml({ tenant: { listen: `127.0.0.1:${port}`, issuer: `https://localhost:${port}/`, state_dir: path.join(folder, "state"), ...files } }));
    program = start(binary, ["tenant", "--config", config]);
    await until(async () => (await get()).status === 200, "the tenant");
  });
  after(() => program?.stop());

  test("SIGHUP takes the new pair, and open connections go on", async () => {
    const kept = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const before = await get(kept);
    assert.equal(before.subject, "first");
    pair("second");
    process.kill(program.child.pid, "SIGHUP");
    await until(async () => (await get()).subject === "second", "the new certificate");
    const after = await get(kept);
    assert.equal(after.socket, before.socket, "the connection was not dropped");
    assert.equal(after.status, 200);
    kept.destroy();
  });
  test("a broken file keeps the old pair and logs why", async () => {
    writeFileSync(files.tls_certificate, "not a certificate\n");
    process.kill(program.child.pid, "SIGHUP");
    await until(() => /"event":"tls_certificate_kept".*tls\.crt/.test(program.stderr), "the log line");
    assert.equal((await get()).subject, "second");
  });
});
