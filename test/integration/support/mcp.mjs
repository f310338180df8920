// MCP requests by hand, for every protocol version: what the SDKs would not let us get wrong.
import http from "node:http";

export const legacyVersions = ["2025-03-26", "2025-06-18", "2025-11-25"];
export const modernVersion = "2026-07-28";
const nameOf = (params = {}) => params.name ?? params.uri ?? params.taskId;

export function modernMessage(id, method, params = {}) {
  return {
    jsonrpc: "2.0", id, method,
    params: { ...params, _meta: { "io.modelcontextprotocol/protocolVersion": modernVersion, "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" }, ...params._meta } },
  };
}

// One POST. body: an object, or text as it is. Answers { status, headers, challenge, message, text }.
export async function post(url, body, headers = {}) {
  const answer = await fetch(url, {
    method: "POST", body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    signal: AbortSignal.timeout(30_000),
  });
  return read(answer, body.id);
}

export async function read(answer, id) {
  const text = await answer.text();
  const messages = /^text\/event-stream/.test(answer.headers.get("content-type") ?? "")
    ? text.split(/\n\n/).map((event) => event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("")).filter(Boolean).map((data) => JSON.parse(data))
    : text && /json/.test(answer.headers.get("content-type") ?? "") ? [JSON.parse(text)] : [];
  return {
    status: answer.status, headers: answer.headers, text, messages, challenge: challengeOf(answer.headers.get("www-authenticate")),
    message: messages.find((message) => message.id === id && ("result" in message || "error" in message)) ?? messages.at(-1),
  };
}

// WWW-Authenticate: Bearer a="b", c="d" as an object; undefined when there is none.
export function challengeOf(value) {
  if (!value) return undefined;
  const found = { scheme: value.split(" ")[0] };
  for (const [, name, quoted] of value.matchAll(/([\w_]+)="((?:[^"\\]|\\.)*)"/g)) found[name] = quoted.replace(/\\(.)/g, "$1");
  return found;
}

// A peer of one protocol version with a token: opens what the version needs, then sends.
export class Peer {
  #id = 0;
  constructor(url, version, token, headers = {}) { Object.assign(this, { url, version, token, extra: headers }); }
  get isModern() { return this.version === modernVersion; }

  headers(method, params) {
    return {
      ...(this.token && { authorization: `Bearer ${this.token}` }),
      ...(this.isModern || this.session !== undefined || this.isOpen ? { "mcp-protocol-version": this.version } : {}),
      ...(this.isModern && { "mcp-method": method, ...(nameOf(params) && { "mcp-name": nameOf(params) }) }),
      ...(this.session && { "mcp-session-id": this.session }),
      ...this.extra,
    };
  }

  // initialize and its notification; nothing for modern peers. Gives the answer to initialize.
  async open() {
    if (this.isModern) return undefined;
    const body = { jsonrpc: "2.0", id: ++this.#id, method: "initialize", params: { protocolVersion: this.version, capabilities: {}, clientInfo: { name: "test", version: "1" } } };
    const answer = await post(this.url, body, this.headers("initialize"));
    this.session = answer.headers.get("mcp-session-id") ?? undefined;
    if (answer.status !== 200) return answer;
    this.isOpen = true;
    const ready = await post(this.url, { jsonrpc: "2.0", method: "notifications/initialized" }, this.headers("notifications/initialized"));
    if (ready.status !== 202) throw new Error(`notifications/initialized: ${ready.status} ${ready.text}`);
    return answer;
  }

  #body(id, method, params) { return this.isModern ? modernMessage(id, method, params) : { jsonrpc: "2.0", id, method, params }; }
  send(method, params = {}, headers = {}) {
    return post(this.url, this.#body(++this.#id, method, params), { ...this.headers(method, params), ...headers });
  }
  // What send would send, for fetch: to read the answer piece by piece.
  request(method, params = {}) {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", ...this.headers(method, params) };
    return { method: "POST", headers, body: JSON.stringify(this.#body(++this.#id, method, params)) };
  }
  call(name, args = {}, headers) { return this.send("tools/call", { name, arguments: args }, headers); }
  close() { return fetch(this.url, { method: "DELETE", headers: this.headers("") }); }
}

export const textOf = (answer) => answer.message?.result?.content?.[0]?.text;

// A request byte by byte, for what fetch does not allow (Host, Origin, duplicates): headers is a flat list of names and values.
export function rawRequest(url, { method = "POST", headers = [], body = "" } = {}) {
  const at = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({ host: at.hostname, port: at.port, path: at.pathname + at.search, method, headers, setHost: false }, (answer) => {
      let text = "";
      answer.on("data", (bytes) => { text += bytes; });
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
