// Tasks behind the gateway: who made one may ask about it, as long as the tool is allowed; nobody else, whatever they know.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startGateway } from "./support/doorward.mjs";
import { Issuer } from "./support/issuer.mjs";
import { modernMessage, modernVersion, post } from "./support/mcp.mjs";
import { binary, freePort, start, until } from "./support/process.mjs";

const program = path.join(path.dirname(binary), "examples/everything");
const extensions = { "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } } };
const rows = [{ name: "tools", tool: "slow_compute", all_scopes: ["execute:tools"] }];

async function startServer() {
  const at = `127.0.0.1:${await freePort()}`;
  const server = start(program, ["--listen", at]);
  await until(async () => (await fetch(`http://${at}/mcp`)).status > 0, "everything");
  return { url: `http://${at}/mcp`, stop: () => server.stop() };
}
const upstreams = { "over HTTP": startServer, "over stdio": async () => ({ url: [program, "--stdio"], stop: async () => {} }) };

for (const [name, startUpstream] of Object.entries(upstreams)) {
  describe(`a task of a server ${name}`, () => {
    let issuer, upstream, gateway, taskId;
    before(async () => {
      issuer = await new Issuer().start();
      upstream = await startUpstream();
      gateway = await startGateway({ upstream: upstream.url, issuer, rows });
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
      await issuer?.stop();
    });

    const as = (claims = {}) => issuer.token({ sub: "auth0|alice", scope: "execute:tools", ...claims });
    const send = (token, method, params) => post(gateway.url, modernMessage(1, method, { ...params, _meta: extensions }), {
      authorization: `Bearer ${token}`, "mcp-protocol-version": modernVersion, "mcp-method": method, "mcp-name": params.name ?? params.taskId,
    });
    const notFound = (answer, why) => {
      assert.equal(answer.message.error?.code, -32602, `${why}: ${answer.text}`);
      assert.match(answer.message.error.message, /no such task/, why);
    };

    test("is made by a call and answers its maker until it is done", async () => {
      const made = await send(as(), "tools/call", { name: "slow_compute", arguments: { seconds: 1, label: "a" } });
      assert.equal(made.message.result?.resultType, "task", made.text);
      taskId = made.message.result.taskId;
      await until(async () => (await send(as(), "tasks/get", { taskId })).message.result?.status === "completed", "the task");
    });
    test("is nobody else's: another user, another application, whoever knows the id", async () => {
      for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
        for (const claims of [{ sub: "auth0|mallory" }, { azp: "client-2" }]) {
          notFound(await send(as(claims), method, { taskId, inputResponses: {} }), `${method} ${JSON.stringify(claims)}`);
        }
      }
    });
    test("a task that nobody made is told from another's by nothing", async () => {
      const [others, none] = [await send(as({ sub: "auth0|mallory" }), "tasks/get", { taskId }), await send(as({ sub: "auth0|mallory" }), "tasks/get", { taskId: `${taskId}x` })];
      assert.equal(others.text, none.text);
      assert.equal(others.status, none.status);
    });
    test("is not answered when its maker may not call the tool any more", async () => {
      const answer = await send(as({ scope: "read:tools" }), "tasks/get", { taskId });
      assert.equal(answer.status, 403);
      assert.equal(answer.challenge.error, "insufficient_scope");
      assert.equal(answer.challenge.scope, "execute:tools");
    });
  });
}
