// A server made with the library, for two people: what belongs to one is nothing to the other, whatever ids they know.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { Issuer } from "./support/issuer.mjs";
import { modernMessage, modernVersion, post } from "./support/mcp.mjs";
import { binary, freePort, start, until } from "./support/process.mjs";

const program = path.join(process.env.EXAMPLES ?? path.join(path.dirname(binary), "examples"), "everything");
let issuer, server, url;

before(async () => {
  issuer = await new Issuer().start();
  const at = `127.0.0.1:${await freePort()}`;
  url = `http://${at}/mcp`;
  issuer.audience = url;
  server = start(program, ["--listen", at], { env: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: url } });
  await until(async () => (await fetch(url)).status === 401, "everything, guarded");
});
after(async () => {
  await server?.stop();
  await issuer?.stop();
});

const capabilities = { elicitation: { form: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };
const token = (who) => issuer.token({ sub: `auth0|${who}` });
const send = (who, method, params) => post(url, modernMessage(1, method, { ...params, _meta: { "io.modelcontextprotocol/clientCapabilities": capabilities } }), {
  authorization: `Bearer ${token(who)}`, "mcp-protocol-version": modernVersion, "mcp-method": method, "mcp-name": params.name ?? params.taskId,
});

test("another's task is no task, whatever is asked of it", async () => {
  const made = await send("alice", "tools/call", { name: "slow_compute", arguments: { seconds: 1, label: "a" } });
  assert.equal(made.message.result?.resultType, "task", made.text);
  const { taskId } = made.message.result;
  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    const [others, none] = [await send("mallory", method, { taskId, inputResponses: {} }), await send("mallory", method, { taskId: taskId.replace(/.$/, (last) => (last === "x" ? "y" : "x")), inputResponses: {} })];
    assert.equal(others.message.error?.code, -32602, `${method}: ${others.text}`);
    assert.deepEqual(others.message.error, none.message.error, "told from a task that nobody made by nothing");
  }
  await until(async () => (await send("alice", "tasks/get", { taskId })).message.result?.status === "completed", "the task of its maker");
});

test("another's request state is refused, and so is one for other arguments", async () => {
  const name = "test_input_required_result_request_state";
  const asked = await send("alice", "tools/call", { name, arguments: {} });
  assert.ok(asked.message.result?.requestState, asked.text);
  const { requestState, inputRequests } = asked.message.result;
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, { action: "accept", content: { name: "Alice", confirm: true, ok: true } }]));
  const answer = (who, more = {}) => send(who, "tools/call", { name, arguments: {}, requestState, inputResponses, ...more });
  assert.ok((await answer("mallory")).message.error, "of another principal");
  assert.ok((await answer("alice", { arguments: { other: 1 } })).message.error, "for other arguments");
  assert.ok((await answer("alice", { name: "test_input_required_result_multi_round" })).message.error, "for another tool");
  const done = await answer("alice");
  assert.equal(done.message.result?.resultType ?? "complete", "complete", done.text);
});

test("another's session is no session: no call in it, no stream of it, no end of it", async () => {
  const headers = (who, more) => ({ authorization: `Bearer ${token(who)}`, "content-type": "application/json", accept: "application/json, text/event-stream", ...more });
  const opened = await fetch(url, { method: "POST", headers: headers("alice"), body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } } }) });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id"), "mcp-protocol-version": "2025-11-25" };
  await opened.text();
  const list = { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }) };
  for (const [options, more] of [[list, {}], [{ method: "GET" }, { "last-event-id": "1" }], [{ method: "GET" }, {}], [{ method: "DELETE" }, {}]]) {
    const answer = await fetch(url, { ...options, headers: headers("mallory", { ...session, ...more }) });
    await answer.body?.cancel();
    assert.equal(answer.status, 404, `${options.method} ${JSON.stringify(more)}`);
  }
  const own = await fetch(url, { ...list, headers: headers("alice", session) });
  assert.equal(own.status, 200, await own.text());
});
