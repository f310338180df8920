// Accounts from outside: mails through a real SMTP server, sign-up and a new password by the links in them, users of other systems, blocks.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { Browser } from "./support/browser.mjs";
import { doorward, startTenant } from "./support/doorward.mjs";
import { freePort, run, sleep, temporaryFolder, until, writeFile } from "./support/process.mjs";
import { manage } from "./support/tenant.mjs";

const connection = "Username-Password-Authentication";
const redirectUri = "http://127.0.0.1:39997/callback";
const ada = { email: "ada@example.com", password: "Correct-horse-1" };
const seed = {
  apis: [{ identifier: "https://api.example.com", name: "API", permissions: ["read:x"] }],
  clients: [{ client_id: "cli", name: "CLI", redirect_uris: [redirectUri], grant_types: ["authorization_code", "password"], audiences: ["https://api.example.com"] }],
  users: [ada],
};

const post = async (url, body) => {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
};
const signUp = (tenant, email, password = "Good-enough-1") => post(`${tenant.issuer}dbconnections/signup`, { client_id: "cli", connection, email, password });
const askForPassword = (tenant, email) => post(`${tenant.issuer}dbconnections/change_password`, { client_id: "cli", connection, email });
const logIn = (tenant, { email, password }) => post(`${tenant.issuer}oauth/token`, { grant_type: "password", client_id: "cli", username: email, password, audience: "https://api.example.com" });

// A certificate for localhost that the tenant trusts by SSL_CERT_FILE.
async function certificate(folder) {
  const [key, cert] = [path.join(folder, "smtp.key"), path.join(folder, "smtp.crt")];
  const made = await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
  assert.equal(made.status, 0, made.talk);
  return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
}

// refuse: gives an error for an address, or nothing.
async function startSmtp({ port = 0, tls, user, refuse = () => undefined, secure = false } = {}) {
  const mails = [];
  const server = new SMTPServer({
    secure, ...(tls ? { key: tls.key, cert: tls.cert } : { disabledCommands: ["STARTTLS", ...(user ? [] : ["AUTH"])] }),
    ...(!user && { authOptional: true, disabledCommands: tls ? ["AUTH"] : ["STARTTLS", "AUTH"] }),
    logger: false,
    onAuth: (auth, session, done) => done(auth.username === user?.name && auth.password === user?.password ? null : new Error("no"), { user: auth.username }),
    onRcptTo: (address, session, done) => done(refuse(address.address)),
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (bytes) => { text += bytes; });
      stream.on("end", () => { mails.push({ text, session, from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map(({ address }) => address) }); done(); });
    },
  });
  server.on("error", () => {});
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { mails, port: server.server.address().port, stop: () => new Promise((resolve) => server.close(resolve)) };
}

// The parts of a multipart/alternative, decoded, and the header fields.
function open(mail) {
  const [head, ...rest] = mail.text.split("\r\n\r\n");
  const boundary = /boundary="([^"]+)"/.exec(head)[1];
  const parts = mail.text.split(`--${boundary}`).slice(1, -1).map((part) => Buffer.from(part.split("\r\n\r\n")[1], "base64").toString());
  assert.ok(rest.length);
  return { head, text: parts[0], html: parts[1], link: /https?:\/\/\S+/.exec(parts[0])?.[0] };
}
const mailTo = (smtp, address, limitMs) => until(() => smtp.mails.find(({ to }) => to.includes(address)), `a mail to ${address}`, limitMs);

describe("mails through SMTP", () => {
  const user = { name: "doorward", password: "s3cret of the mail server" };
  let tenant, smtp, tls;
  before(async () => {
    const folder = temporaryFolder();
    tls = await certificate(folder);
    smtp = await startSmtp({ tls, user, refuse: (address) => (address.startsWith("never@") ? Object.assign(new Error("no such mailbox"), { responseCode: 550 }) : undefined) });
    tenant = await startTenant({
      seed, tenant: { allow_password_grant: true }, env: { SSL_CERT_FILE: tls.file },
      tables: { mail: { url: `smtp://localhost:${smtp.port}`, user: user.name, password_file: writeFile(folder, "password", `${user.password}\n`), from: "login@example.com" } },
    });
  });
  after(async () => { await tenant?.stop(); await smtp?.stop(); });

  test("a sign-up is confirmed by the link in a mail, over STARTTLS and with a password", async () => {
    const answer = await signUp(tenant, "new@example.com");
    assert.equal(answer.status, 200, answer.text);
    const mail = await mailTo(smtp, "new@example.com");
    assert.equal(mail.from, "login@example.com");
    assert.equal(mail.session.secure, true);
    assert.equal(mail.session.user, user.name);
    const { head, text, html, link } = open(mail);
    assert.match(head, /^Subject: Confirm your email address$/m);
    assert.match(head, /^To: <new@example.com>$/m);
    assert.ok(html.includes(link), html);
    assert.match(text, /CLI/);
    const browser = new Browser();
    const page = await browser.open(link);
    assert.equal(page.status, 200, page.html);
    assert.equal((await browser.submit(page, {}, "confirm")).status, 200);
    const shown = await manage(tenant, "ticket", "email-verification", "--email", "new@example.com");
    assert.match(shown.ticket, /u\/email-verification\?ticket=/);
    assert.equal((await browser.open(link)).status, 404);
    assert.doesNotMatch(tenant.program.talk, /ticket=[A-Za-z0-9_-]{43}/, "no link in the log");
    assert.doesNotMatch(tenant.program.talk, new RegExp(user.password));
  });

  test("a forgotten password is changed by the link in a mail", async () => {
    const answer = await askForPassword(tenant, ada.email);
    assert.equal(answer.text, "We've just sent you an email to reset your password.");
    assert.deepEqual(await askForPassword(tenant, "nobody@example.com"), answer);
    const { link } = open(await mailTo(smtp, ada.email));
    const browser = new Browser();
    const page = await browser.open(link);
    assert.match((await browser.submit(page, { password: "weak" }, "change")).html, /does not meet the rules/);
    assert.equal((await browser.submit(page, { password: "Another-good-1" }, "change")).status, 200);
    assert.equal((await logIn(tenant, ada)).status, 403);
    assert.equal((await logIn(tenant, { ...ada, password: "Another-good-1" })).status, 200);
    await until(() => smtp.mails.filter(({ to }) => to.includes(ada.email)).length === 2, "the mail that says so");
    assert.ok(!smtp.mails.some(({ to }) => to.includes("nobody@example.com")));
  });

  test("a mail that the server never takes is given up", async () => {
    assert.equal((await signUp(tenant, "never@example.com")).status, 200);
    await until(() => /"event":"mail_failed"/.test(tenant.program.talk), "the log to say so");
    assert.match(tenant.program.talk, /550/);
  });
});

test("without a certificate that it trusts, no mail and no password leaves", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const tls = await certificate(folder);
  const smtp = await startSmtp({ tls, user: { name: "u", password: "p" } });
  const tenant = await startTenant({ seed, tables: { mail: { url: `smtp://localhost:${smtp.port}`, user: "u", password: "p", from: "login@example.com" } } });
  try {
    assert.equal((await signUp(tenant, "new@example.com")).status, 200);
    await until(() => /"event":"mail_delayed"/.test(tenant.program.talk), "the log to say so");
    assert.equal(smtp.mails.length, 0);
  } finally {
    await tenant.stop();
    await smtp.stop();
  }
});

test("a server that is busy, slow or hangs up is asked again, and no request waits for it", { timeout: 90_000 }, async () => {
  const tries = {}, mails = [], sockets = new Set();
  const server = new SMTPServer({
    authOptional: true, disabledCommands: ["STARTTLS", "AUTH"], logger: false,
    onRcptTo: ({ address }, session, done) => {
      tries[address] = (tries[address] ?? 0) + 1;
      const isFirst = tries[address] === 1;
      if (address.startsWith("slow")) return setTimeout(done, 3_000);
      return done(isFirst && address.startsWith("busy") ? Object.assign(new Error("try again later"), { responseCode: 451 }) : undefined);
    },
    onData: (stream, { envelope }, done) => {
      const { address } = envelope.rcptTo[0];
      stream.resume();
      stream.on("end", () => {
        if (address.startsWith("gone") && tries[address] === 1) return sockets.forEach((socket) => socket.destroy());
        mails.push(address);
        return done();
      });
    },
  });
  server.on("error", () => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.server.on("connection", (socket) => sockets.add(socket));
  const tenant = await startTenant({ seed, tables: { mail: { url: `smtp://127.0.0.1:${server.server.address().port}`, from: "login@example.com" } } });
  try {
    for (const name of ["slow", "busy", "gone"]) {
      const before = Date.now();
      assert.equal((await signUp(tenant, `${name}@example.com`)).status, 200);
      assert.ok(Date.now() - before < 2_500, "the request waited for the mail server");
    }
    await until(() => mails.length === 3, "all three mails", 60_000);
    assert.deepEqual(mails.toSorted(), ["busy@example.com", "gone@example.com", "slow@example.com"]);
    assert.deepEqual(tries, { "slow@example.com": 1, "busy@example.com": 2, "gone@example.com": 2 });
  } finally {
    await tenant.stop();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("without a way to mail it says so when it starts, and what to set", { timeout: 60_000 }, async () => {
  const tenant = await startTenant({ seed, tables: { mail: { outbox: false } } });
  try {
    const line = await until(() => tenant.program.talk.split("\n").find((text) => /"event":"mail_not_set_up"/.test(text)), "the warning");
    assert.match(line, /"level":"warn"/);
    assert.match(line, /signing up on pages/);
    assert.match(line, /\[mail\] url.*\[mail\] outbox = true/);
  } finally {
    await tenant.stop();
  }
});

test("mails outlive a killed process and a mail server that is away", { timeout: 90_000 }, async () => {
  const port = await freePort();
  const folder = temporaryFolder();
  const tables = { mail: { url: `smtp://127.0.0.1:${port}`, from: "login@example.com" } };
  const first = await startTenant({ seed, tables, folder });
  assert.equal((await signUp(first, "late@example.com")).status, 200);
  first.program.kill("SIGKILL");
  await first.program.ended;
  const smtp = await startSmtp({ port });
  const second = await startTenant({ seed, tables, folder, port: first.port });
  try {
    const mail = await mailTo(smtp, "late@example.com", 60_000);
    const page = await new Browser().open(open(mail).link);
    assert.equal(page.status, 200);
    await sleep(1_500);
    assert.equal(smtp.mails.length, 1, "once");
  } finally {
    await second.stop();
    await smtp.stop();
  }
});

test("users of another system keep their passwords, and management ends blocks", { timeout: 60_000 }, async () => {
  const tenant = await startTenant({ seed, tenant: { allow_password_grant: true } });
  try {
    const salted = createHash("sha512").update("pepper").update("s3cret-of-old").digest("hex");
    const users = [
      { email: "old@example.com", email_verified: true, user_id: "4711", custom_password_hash: { algorithm: "sha512", hash: { value: salted, encoding: "hex" }, salt: { value: "pepper" } } },
      { email: "no address" },
    ];
    const file = writeFile(tenant.folder, "users.json", JSON.stringify(users));
    const errors = path.join(tenant.folder, "errors.json");
    const job = await manage(tenant, "user", "import", file, "--errors", errors);
    assert.match(job.id, /^job_/);
    assert.deepEqual([job.total, job.inserted, job.updated, job.failed], [2, 1, 0, 1]);
    assert.deepEqual(JSON.parse(readFileSync(errors, "utf8")), [{ user: { email: "no address" }, errors: [{ code: "INVALID_FORMAT", message: "email is not valid", path: "email" }] }]);
    for (let i = 0; i < 2; i++) assert.equal((await logIn(tenant, { email: "old@example.com", password: "s3cret-of-old" })).status, 200);

    await manage(tenant, "attack-protection", "set", "--name", "brute-force-protection", "--set", "max_attempts=2");
    for (let i = 0; i < 2; i++) assert.equal((await logIn(tenant, { ...ada, password: "guess" })).status, 403);
    const blocked = await logIn(tenant, ada);
    assert.equal(blocked.status, 429);
    assert.equal(JSON.parse(blocked.text).error_description, "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it.");
    assert.deepEqual((await manage(tenant, "user", "blocks", "--email", ada.email)).blocked_from, ["127.0.0.1"]);
    await manage(tenant, "user", "unblock", "--email", ada.email);
    assert.equal((await logIn(tenant, ada)).status, 200);

    const { ticket } = await manage(tenant, "ticket", "password-change", "--email", ada.email);
    const browser = new Browser();
    assert.equal((await browser.submit(await browser.open(ticket), { password: "By-a-ticket-1" }, "change")).status, 200);
    assert.equal((await logIn(tenant, { ...ada, password: "By-a-ticket-1" })).status, 200);
  } finally {
    await tenant.stop();
  }
});

test("X-Forwarded-For is believed from the operator's proxies alone, and there the last stranger counts", { timeout: 60_000 }, async () => {
  for (const trusted of [["127.0.0.1"], undefined]) {
    const tenant = await startTenant({ seed, tenant: { allow_password_grant: true, ...(trusted && { trusted_proxies: trusted }) } });
    const from = async (forwarded, password) => (await fetch(`${tenant.issuer}oauth/token`, {
      method: "POST", headers: { "x-forwarded-for": forwarded },
      body: new URLSearchParams({ grant_type: "password", client_id: "cli", username: ada.email, password, audience: "https://api.example.com" }),
    })).status;
    try {
      await manage(tenant, "attack-protection", "set", "--name", "brute-force-protection", "--set", "max_attempts=2");
      for (let i = 0; i < 2; i++) assert.equal(await from(`192.0.2.${i}, 203.0.113.9`, "guess"), 403);
      assert.equal(await from("192.0.2.77, 203.0.113.9", ada.password), 429, "what a stranger writes in front changes nothing");
      assert.equal(await from("203.0.113.10", ada.password), trusted ? 200 : 429);
      assert.deepEqual((await manage(tenant, "user", "blocks", "--email", ada.email)).blocked_from, [trusted ? "203.0.113.9" : "127.0.0.1"]);
    } finally {
      await tenant.stop();
    }
  }
});
