// Users of other systems: every algorithm of custom_password_hash, made by other software; each logs in, gets a hash of ours in the store, and logs in again.
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { startTenant } from "./support/doorward.mjs";
import { until, writeFile } from "./support/process.mjs";
import { manage, outbox, postForm, send } from "./support/tenant.mjs";
import { createServer } from "node:http";

const password = "pässwörd€𝄞1";
const mfa = (kind) => `http://auth0.com/oauth/grant-type/mfa-${kind}`;
const b64 = (bytes) => bytes.toString("base64").replaceAll("=", "");
const digest = (name, ...parts) => createHash(name).update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const pbkdf2 = (name, iterations, length, numbers) => `$pbkdf2-${name}${numbers}$${b64(Buffer.from("s0meSalt!x"))}$${b64(pbkdf2Sync(password, "s0meSalt!x", iterations, length, name))}`;
const scrypt = (length, salt, options = {}) => scryptSync(password, salt, length, { maxmem: 2 ** 28, ...options }).toString("hex");
const text = (algorithm, value, more = {}) => ({ algorithm, hash: { value }, ...more });
const hex = (algorithm, bytes, more = {}) => ({ algorithm, hash: { value: bytes.toString("hex"), encoding: "hex" }, ...more });

const hashes = {
  "argon2id": text("argon2", "$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY"),
  "argon2i of the first version": text("argon2", "$argon2i$v=16$m=1024,t=2,p=2$c2FsdHNhbHRzYWx0$K6DeangMWcXxXPJ+1cY+Sg"),
  "bcrypt 2a": text("bcrypt", "$2a$04$kY37/TtJsBSr1CDHUgyRe.VJvAtoaS5tmIfogr2ofINnGO.AuTtE2"),
  "bcrypt 2b": text("bcrypt", "$2b$04$iqhfbUCmmTYM4hEwh5/qbuAyNFh1L6AIoz4OMQwnm6UKZCVKwk7Ae"),
  "bcrypt 2y": text("bcrypt", "$2y$04$HyDFUz1jtWpu077h/LM.w.2B6zbXFqekR/3HzeQjH4NJ8GHsM1oZ."),
  "md4": { algorithm: "md4", hash: { value: "c6b50cb388edbb8adb198a0f5e977765", encoding: "hex" } },
  "md5": hex("md5", digest("md5", password)),
  "sha1, salt in front": hex("sha1", digest("sha1", "salt", password), { salt: { value: "salt" } }),
  "sha256, salt behind": hex("sha256", digest("sha256", password, Buffer.from("00ff", "hex")), { salt: { value: "00FF", encoding: "hex", position: "suffix" } }),
  "sha512, base64 of URLs": { algorithm: "sha512", hash: { value: digest("sha512", password).toString("base64url"), encoding: "base64" } },
  "hmac": hex("hmac", createHmac("sha384", "key").update(password).digest(), { hash: { value: createHmac("sha384", "key").update(password).digest("hex"), encoding: "hex", digest: "sha384", key: { value: "key" } } }),
  "hmac, key in hex": { algorithm: "hmac", hash: { value: createHmac("ripemd160", "shh").update(password).digest("base64"), encoding: "base64", digest: "ripemd160", key: { value: "736868", encoding: "hex" } } },
  "ldap SSHA": text("ldap", "{SSHA}zo1XrOPi+ehUYSkjCWEZDl+Nym/jXKt1"),
  "ldap SMD5": text("ldap", "{SMD5}1LJ/RvIijhNFbiIKczmCjHtvjfE="),
  "ldap SSHA512": text("ldap", `{SSHA512}${Buffer.concat([digest("sha512", password, "8bytes!!"), Buffer.from("8bytes!!")]).toString("base64")}`),
  "pbkdf2": text("pbkdf2", pbkdf2("sha256", 1000, 32, "$i=1000,l=32")),
  "pbkdf2 without numbers": text("pbkdf2", pbkdf2("sha512", 100_000, 64, "")),
  "scrypt": { algorithm: "scrypt", hash: { value: scrypt(32, "abc123", { N: 4096 }), encoding: "hex" }, salt: { value: "abc123" }, keylen: 32, cost: 4096 },
  "scrypt by the standards": { algorithm: "scrypt", hash: { value: scrypt(64, "x"), encoding: "hex" }, salt: { value: "x" }, keylen: 64 },
  ...Object.fromEntries(["ascii", "utf8", "utf16le", "ucs2", "latin1", "binary"].map((encoding) => [`password in ${encoding}`, hex("sha256", digest("sha256", Buffer.from(password, encoding)), { password: { encoding } })])),
};
const names = Object.keys(hashes);
const address = (index) => `user${index}@example.com`;

describe("imported users", { timeout: 180_000 }, () => {
  let tenant, gateway, database;
  const messages = [];
  const token = (parameters) => postForm(`${tenant.issuer}oauth/token`, { client_id: "cli", scope: "openid", ...parameters });
  const logIn = (email, given = password) => token({ grant_type: "password", username: email, password: given });
  const importUsers = async (users, ...more) => {
    const errors = path.join(tenant.folder, "errors.json");
    const job = await manage(tenant, "user", "import", writeFile(tenant.folder, "users.json", JSON.stringify(users)), "--errors", errors, ...more);
    return { job, errors: JSON.parse(readFileSync(errors, "utf8")) };
  };
  const stored = (id) => database.prepare("SELECT password_hash FROM user WHERE id = ?").get(`auth0|${id}`).password_hash;

  before(async () => {
    gateway = createServer(async (request, answer) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      messages.push(JSON.parse(body));
      answer.writeHead(202).end();
    });
    await new Promise((resolve) => gateway.listen(0, "127.0.0.1", resolve));
    tenant = await startTenant({
      seed: { clients: [{ client_id: "cli", name: "CLI", redirect_uris: ["http://127.0.0.1:39996/callback"], grant_types: ["authorization_code", "password", mfa("otp"), mfa("oob")] }] },
      tenant: { allow_password_grant: true }, tables: { mail: { outbox: true, sms_url: `http://127.0.0.1:${gateway.address().port}/sms`, sms_token: "t" } },
    });
    database = new DatabaseSync(path.join(tenant.folder, "state/tenant.db"), { readOnly: true });
    await manage(tenant, "attack-protection", "set", "--name", "suspicious-ip-throttling", "--set", "enabled=false");
    const { job, errors } = await importUsers(names.map((name, index) => ({ email: address(index), email_verified: true, user_id: `u${index}`, custom_password_hash: hashes[name] })));
    assert.deepEqual(errors, []);
    assert.equal(job.inserted, names.length);
  });
  after(async () => {
    database?.close();
    await tenant?.stop();
    gateway?.closeAllConnections();
    gateway?.close();
  });

  for (const [index, name] of names.entries()) {
    test(`${name}: the wrong password is refused, the right one let in, and hashed anew`, async () => {
      const before = stored(`u${index}`);
      assert.match(before, /^\{"algorithm"/);
      assert.equal((await logIn(address(index), `${password}x`)).status, 403);
      assert.equal(stored(`u${index}`), before, "a wrong password changes nothing");
      assert.equal((await logIn(address(index))).status, 200);
      assert.match(stored(`u${index}`), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      assert.equal((await logIn(address(index), `${password}x`)).status, 403);
      assert.equal((await logIn(address(index))).status, 200);
    });
  }

  test("imported second factors let in, and nothing else does", async () => {
    const user = (id, factor) => ({ email: `${id}@example.com`, email_verified: true, user_id: id, custom_password_hash: hashes.md5, mfa_factors: [factor] });
    const { errors } = await importUsers([
      user("totp", { totp: { secret: "JBSWY3DPEHPK3PXP" } }), user("mail", { email: { value: "elsewhere@example.com" } }), user("phone", { phone: { value: "+14155550100" } }),
    ]);
    assert.deepEqual(errors, []);
    await manage(tenant, "mfa", "set", "--policy", "all-applications", "--factor", "otp", "--factor", "email", "--factor", "sms", "--factor", "recovery-code");
    const ask = async (id) => {
      const { status, body } = await logIn(`${id}@example.com`);
      assert.deepEqual([status, body.error], [403, "mfa_required"]);
      return body.mfa_token;
    };
    const challenge = async (mfa_token, oob_channel) => {
      const listed = await send(`${tenant.issuer}mfa/authenticators`, { method: "GET", headers: { authorization: `Bearer ${mfa_token}` } });
      const { id } = listed.body.find((row) => row.oob_channel === oob_channel || row.oob_channels?.includes(oob_channel));
      const answer = await send(`${tenant.issuer}mfa/challenge`, { json: { client_id: "cli", mfa_token, challenge_type: "oob", authenticator_id: id } });
      assert.equal(answer.status, 200, answer.text);
      return answer.body.oob_code;
    };

    const mac = createHmac("sha1", Buffer.from("48656c6c6f21deadbeef", "hex")).update(Buffer.from(BigInt(Math.floor(Date.now() / 30_000)).toString(16).padStart(16, "0"), "hex")).digest();
    const otp = String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
    let mfa_token = await ask("totp");
    assert.equal((await token({ grant_type: mfa("otp"), mfa_token, otp: otp === "000000" ? "000001" : "000000" })).status, 403);
    assert.equal((await token({ grant_type: mfa("otp"), mfa_token, otp })).status, 200);

    mfa_token = await ask("mail");
    let oob_code = await challenge(mfa_token, "email");
    const mails = await outbox(tenant);
    assert.equal(mails[0].to, "elsewhere@example.com");
    assert.equal((await token({ grant_type: mfa("oob"), mfa_token, oob_code, binding_code: /\b(\d{6})\b/.exec(mails[0].text)[1] })).status, 200);

    mfa_token = await ask("phone");
    oob_code = await challenge(mfa_token, "sms");
    const message = await until(() => messages.find(({ recipient }) => recipient === "+14155550100"), "the text message", 30_000);
    assert.equal((await token({ grant_type: mfa("oob"), mfa_token, oob_code, binding_code: /\d{6}/.exec(message.body)[0] })).status, 200);
    await manage(tenant, "mfa", "set", "--policy", "never");
  });

  test("Auth0's own examples are taken, and a hash is updated until somebody logged in with it", async () => {
    const bcrypt = (value) => [{ user_id: "2000", email: "examplecouser20@example.com", given_name: "ExampleCo User", name: "ExampleCoUser20", custom_password_hash: text("bcrypt", value) }];
    assert.equal((await importUsers(bcrypt("$2a$10$aHF7mbpWT6tZ7PJVtwtjNelaKbszikcYBCB2jibvbFcGFmOsu/s4K"))).job.inserted, 1);
    const hello = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K";
    assert.equal((await importUsers(bcrypt(hello))).errors[0].errors[0].code, "DUPLICATED_USER");
    assert.equal((await importUsers(bcrypt(hello), "--upsert")).job.updated, 1);
    assert.equal((await logIn("examplecouser20@example.com", "hello")).status, 200);
    assert.equal((await importUsers(bcrypt("$2a$10$aHF7mbpWT6tZ7PJVtwtjNelaKbszikcYBCB2jibvbFcGFmOsu/s4K"), "--upsert")).errors[0].errors[0].code, "PASSWORD_HASH_NOT_UPDATED");
    assert.equal((await logIn("examplecouser20@example.com", "hello")).status, 200);

    const example = (name, custom_password_hash) => ({ email: `${name}@contoso.com`, email_verified: false, custom_password_hash });
    const { job, errors } = await importUsers([
      { email: "john.doe@contoso.com", email_verified: false, app_metadata: { roles: ["admin"], plan: "premium" }, user_metadata: { theme: "light" } },
      example("antoinette", { algorithm: "md4", hash: { value: "AbuUujgF0pPPkJPSFRTpmA==", encoding: "base64" } }),
      example("mary", { algorithm: "sha256", hash: { value: "d24e794fce503c3ddb1cd1ba1dd5d9b250cf9917336a0316fefd87fecf79200f", encoding: "hex" }, salt: { value: "abc123", position: "prefix" } }),
      example("velma", text("bcrypt", "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG")),
      example("edward", text("argon2", "$argon2id$v=19$m=65536,t=2,p=1$J6Q/82PCyaNpYKRELJyTZg$m04qUAB8rexWDR4+/0f+SFB+4XMFxt7YAvAq2UycYos")),
      example("terrell", { algorithm: "pbkdf2", hash: { value: "$pbkdf2-md4$i=100000,l=64$+N375B8q0Fw$fp2R9KAM4hK/votGHC5Fu+jhqbxUD8+Nic/EMSGvNC3UP/k7wSHI0uXluHRSkZfl/BOheYqNOemayG90ZaSSQw", encoding: "utf8" } }),
      example("cecil", text("pbkdf2", "$pbkdf2-sha512$i=100000,l=64$KNyFsA2rWoE$I2CQGI9H0JxdDf3kERRI97kPCGxh0KWBIV3MxyaS191gDGfzVBGyS4BibhgqWQ0/ails8mHuU9ckASxHOOq58w")),
      example("sean", { algorithm: "ldap", hash: { value: "{SSHA384}/cgEjdoZh85DhurDeOQEMO1rMlAur93SVPbYe5XSD4lF7nNuvrBju5hUeg9A6agRemgSXGl5YuE=", encoding: "utf8" } }),
      example("peter", { algorithm: "hmac", hash: { value: "cg7f42jH39/2EaAU4wNd4s2lKIk=", encoding: "base64", digest: "sha1", key: { value: "736868", encoding: "hex" } } }),
      example("carmella", { algorithm: "scrypt", hash: { value: "097f6197e1b41538f723e32aa7a68e8d76227d8e432ce5faa4882a913032db29", encoding: "hex" }, salt: { value: "abc123", encoding: "utf8" }, keylen: 32, cost: 4096 }),
      { email: "three@contoso.com", mfa_factors: [{ totp: { secret: "2PRXZWZAYYDAWCD" } }, { phone: { value: "+15551112233" } }, { email: { value: "antoinette@antoinette.biz" } }] },
    ]);
    assert.deepEqual(errors, []);
    assert.equal(job.inserted, 11);
    for (const name of ["mary", "velma", "edward", "cecil"]) assert.equal((await logIn(`${name}@contoso.com`, "a guess")).status, 403);
  });
});
