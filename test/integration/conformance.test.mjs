// The official suite's `authorization` command against the tenant: every check must pass.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { startDev, users, fixture, node } from "./support/doorward.mjs";
import { Browser } from "./support/browser.mjs";
import { freePort, here, start, temporaryFolder, until, writeFile } from "./support/process.mjs";

test("the official authorization suite passes whole", async () => {
  const dev = await startDev({ upstream: [node, fixture, "stdio"] });
  const folder = temporaryFolder();
  const port = await freePort();
  const redirectUri = `http://127.0.0.1:${port}/callback`;
  // The suite wants a public client that exists already.
  const registered = await (await fetch(`${dev.issuer}oidc/register`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Claude conformance", redirect_uris: [redirectUri], token_endpoint_auth_method: "none", application_type: "native", grant_types: ["authorization_code"], response_types: ["code"] }),
  })).json();
  assert.ok(registered.client_id, JSON.stringify(registered));
  const settings = writeFile(folder, "settings.json", JSON.stringify({ url: dev.issuer, clientId: registered.client_id, resource: dev.url }));
  const suite = start(node, [path.join(here, "node_modules/@modelcontextprotocol/conformance/dist/index.js"), "authorization", "--file", settings, "-p", String(port), "-o", folder], { cwd: folder });
  const [asked] = await until(() => suite.status !== undefined ? [undefined] : suite.stdout.match(/http\S*\/authorize\?\S+/), "the suite's authorization URL");
  assert.ok(asked, suite.talk);
  const answer = await new Browser().authorize(asked, redirectUri, users.user);
  assert.equal((await fetch(answer)).status, 200);
  await suite.ended;
  assert.equal(suite.status, 0, suite.talk);
  const checks = checksUnder(folder);
  assert.ok(checks.length >= 3, suite.talk);
  console.log(`# official suite, authorization: ${checks.filter((check) => check.status === "SUCCESS").length} checks of ${checks.filter((check) => check.status !== "INFO").length}`);
  assert.deepEqual(checks.filter((check) => check.status !== "SUCCESS" && check.status !== "INFO").map((check) => `${check.id}: ${check.status} ${check.errorMessage ?? ""}`), []);
  await dev.stop();
});

function checksUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const at = path.join(folder, name);
    if (statSync(at).isDirectory()) return checksUnder(at);
    if (name !== "checks.json") return [];
    return JSON.parse(readFileSync(at, "utf8"));
  });
}
