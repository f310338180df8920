// Every token of test/corpus/tokens.tsv over HTTP: nothing but the good ones gets 200, and every refusal carries the
// challenge that RFC 6750 and RFC 9728 want. The same cases run against the library in test/tools/test_tokens.c.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { startFixture, startGateway } from "./support/doorward.mjs";
import { challengeOf, modernMessage, modernVersion, post } from "./support/mcp.mjs";
import { binary, temporaryFolder, writeFile } from "./support/process.mjs";

const mint = (...args) => execFileSync(path.join(path.dirname(binary), "test/tools/mint_token"), args, { encoding: "utf8", maxBuffer: 16 << 20 });
const body = modernMessage(1, "tools/call", { name: "echo", arguments: { text: "in" } });
const fields = { "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": "echo" };
let server, upstream, gateway, cases;

before(async () => {
  const keys = writeFile(temporaryFolder(), "keys.pem", mint("--new-keys"));
  const jwks = mint("--keys", keys, "--jwks");
  server = createServer((request, answer) => {
    const url = `http://127.0.0.1:${server.address().port}/`;
    const pages = { "/.well-known/openid-configuration": JSON.stringify({ issuer: url, jwks_uri: `${url}jwks` }), "/jwks": jwks };
    answer.writeHead(pages[request.url] ? 200 : 404, { "content-type": "application/json" }).end(pages[request.url]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = { url: `http://127.0.0.1:${server.address().port}/` };
  upstream = await startFixture();
  gateway = await startGateway({ upstream: upstream.url, issuer });
  cases = mint("--keys", keys, "--issuer", issuer.url, "--audience", issuer.audience, "--scope", "execute:tools", "--all")
    .trimEnd().split("\n").map((line) => line.split("\t")).map(([name, status, token]) => ({ name, status: Number(status), token }));
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
  server?.close();
});

async function check({ name, status, token }) {
  const answer = await post(gateway.url, body, { ...fields, authorization: `Bearer ${token}` });
  assert.equal(answer.status, status, `${name}: ${answer.text}`);
  if (status === 200) return assert.ok(answer.message.result, name);
  const challenge = challengeOf(answer.headers.get("www-authenticate"));
  assert.equal(challenge?.scheme, "Bearer", name);
  assert.equal(challenge.error, status === 400 ? "invalid_request" : "invalid_token", name);
  assert.ok(challenge.error_description.length > 10, name);
  assert.equal(challenge.resource_metadata, `${new URL(gateway.url).origin}/.well-known/oauth-protected-resource/mcp`, name);
}

test("nothing but the good tokens gets 200, and every refusal says why and where to go", async () => {
  assert.ok(cases.filter(({ status }) => status === 200).length >= 20);
  assert.ok(cases.filter(({ status }) => status !== 200).length >= 150);
  for (const one of cases) await check(one);
});

test("a token is judged the same from memory", async () => {
  for (const one of cases) await check(one);
});
